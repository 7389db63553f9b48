/** The newest checkpoint, held to the ones that this browser kept; loud where the log was rewritten. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Popconfirm, Skeleton, Tag } from "antd";
import { save } from "../parts/files.ts";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { forgetLedger, type KeptLedger, type Witnessed, witness } from "./ledger-kept.ts";

export const useWitness = () => {
  const { client } = useSession();
  return useQuery<Witnessed, Error>({
    queryKey: ["ledger", "witness"],
    queryFn: () => witness(client),
    refetchInterval: ({ state }) => (state.error ? false : 10_000),
    retry: false,
  });
};
type Witness = ReturnType<typeof useWitness>;

export const Seal = ({ of: { data, error } }: { of: Witness }) => {
  const t = useWords();
  if (error && !data) return <Tag color="warning">{t("Not checked", "未能检查")}</Tag>;
  if (!data) return <Tag>{t("Not checked yet", "尚未检查")}</Tag>;
  if (data.state === "another") return <Tag color="error">{t("Another ledger", "并非同一账本")}</Tag>;
  if (data.state === "rewritten") return <Tag color="error">{t("REWRITTEN", "已被改写")}</Tag>;
  return <Tag color="success">{t("Verified in this browser", "已在本浏览器验证")}</Tag>;
};

export const Checkpoints = ({ of: { data, error, refetch } }: { of: Witness }) => {
  const t = useWords();
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  if (data.state === "another") return <Another kept={data.kept} again={() => void refetch()} />;
  const { now, kept } = data;
  const said = {
    first: t(
      "This browser sees this ledger for the first time and will check it against this checkpoint from now on.",
      "本浏览器首次见到该账本，今后将以此检查点核对。",
    ),
    continued: t(
      "It continues every checkpoint that this browser has seen: nothing was changed or dropped.",
      "与本浏览器所见的全部检查点一致：没有条目被更改或删除。",
    ),
    rewritten: t("It contradicts what this browser saw before.", "与本浏览器此前所见相矛盾。"),
  }[data.state];
  return (
    <>
      {data.state === "rewritten" && <Rewritten {...data} again={() => void refetch()} />}
      <section className="card stack">
        <dl className="facts">
          <dt>{t("Entries", "条目数")}</dt>
          <dd className="figure">{now.size.toLocaleString()}</dd>
          <dt>{t("Checkpoint", "检查点")}</dt>
          <dd>
            <Id>{now.root}</Id>
          </dd>
          <dt>{t("Ledger's key", "账本公钥")}</dt>
          <dd>
            <Id>{kept.key}</Id>
          </dd>
          <dt>{t("Seen by this browser", "本浏览器核对")}</dt>
          <dd>{said}</dd>
        </dl>
        <History kept={kept} />
      </section>
    </>
  );
};

const History = ({ kept: { checkpoints } }: { kept: KeptLedger }) => {
  const t = useWords();
  if (checkpoints.length < 2) return null;
  return (
    <details>
      <summary className="muted">
        {t("{n} {n|checkpoint|checkpoints} kept in this browser", "本浏览器保存了 {n} 个检查点", {
          n: checkpoints.length,
        })}
      </summary>
      <PlainTable
        rows={checkpoints}
        keyOf={({ size }) => size}
        columns={[
          { title: t("Entries", "条目数"), kind: "number", cell: ({ size }) => size.toLocaleString() },
          {
            title: t("New entries", "新增"),
            kind: "number",
            cell: ({ size }, i) => (checkpoints[i + 1] ? `+${size - (checkpoints[i + 1]?.size ?? 0)}` : "—"),
          },
          { title: t("Root", "根"), cell: ({ root }) => <Id>{root}</Id> },
          { title: t("Checked", "核对时间"), kind: "whole", cell: ({ at }) => <Time at={at} /> },
        ]}
      />
    </details>
  );
};

const Rewritten = ({ now, kept, again }: Extract<Witnessed, { state: "rewritten" }> & { again: () => void }) => {
  const t = useWords();
  const [last] = kept.checkpoints;
  const proof = () => save("rewritten-ledger.txt", [kept.key, last?.note ?? "", now.note].join("\n\n"), "text/plain");
  return (
    <Alert
      type="error"
      role="alert"
      showIcon
      title={t("The ledger was rewritten", "账本已被改写")}
      description={
        <div className="stack">
          <span>
            {t(
              "This browser kept a signed checkpoint of {before} entries. The one shown now, of {now} entries, is signed by the same key and does not continue it: something was changed or dropped. Sign nothing, save both checkpoints, and ask the operator and the other members.",
              "本浏览器保存了 {before} 个条目的签名检查点，而当前出示的 {now} 个条目的检查点由同一密钥签署，却并非其延续：有条目被更改或删除。请勿签名，保存两个检查点，并向平台运营方和其他成员核实。",
              { before: last?.size ?? 0, now: now.size },
            )}
          </span>
          <div className="row">
            <Button type="primary" danger onClick={proof}>
              {t("Save both checkpoints", "保存两个检查点")}
            </Button>
            <TrustAnew
              question={t(
                "Forget what this browser knew? The contradiction can't be shown afterwards.",
                "忘记本浏览器所知的账本？此后将无法再证明该矛盾。",
              )}
              again={again}
            />
          </div>
        </div>
      }
    />
  );
};

const Another = ({ kept, again }: { kept: KeptLedger; again: () => void }) => {
  const t = useWords();
  return (
    <Alert
      type="error"
      role="alert"
      showIcon
      title={t("This is not the ledger that this browser knows", "这不是本浏览器所知的账本")}
      description={
        <div className="stack">
          <span>
            {t(
              "The checkpoint that the server shows is not signed by that ledger's key. If the platform was set up anew, its operator can tell you so; otherwise sign nothing.",
              "服务器出示的检查点并非由该账本的密钥签署。如平台已重新部署，可向平台运营方核实；否则请勿签名。",
            )}
          </span>
          <Id>{kept.key}</Id>
          <div className="row">
            <TrustAnew
              question={t("Forget the ledger that this browser knows?", "忘记本浏览器所知的账本？")}
              again={again}
            />
          </div>
        </div>
      }
    />
  );
};

const TrustAnew = ({ question, again }: { question: string; again: () => void }) => {
  const t = useWords();
  return (
    <Popconfirm
      title={question}
      okText={t("Forget", "忘记")}
      onConfirm={() => {
        forgetLedger();
        again();
      }}
    >
      <Button>{t("Trust the new one instead", "改为信任新账本")}</Button>
    </Popconfirm>
  );
};
