/** One request: what is signed, read here; who agreed; what can be done now; the signatures, verified here. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Skeleton, Tag } from "antd";
import { useParams } from "react-router";
import { explain } from "../../base/refusal.ts";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { GroupLink, KeyLink, NodeTag, StateTag, WatchRequest } from "../parts/keys.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame, Loaded } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time, useAgo } from "../parts/values.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Decide } from "./key-request-decide.tsx";
import { Message } from "./key-request-message.tsx";
import { Signatures } from "./key-request-signatures.tsx";

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const read = useView("keyRequests", "get", { id });
  const request = read.data;
  return (
    <Frame
      title={request ? request.note || t("Request without a note", "无备注的请求") : "…"}
      within={[[t("Signing requests", "签名请求"), "/key-requests"]]}
      beside={request && <StateTag state={request.state} label={request.stateLabel} />}
    >
      <Loaded of={read}>
        {(one) => (
          <>
            {one.state === "pending" && <WatchRequest id={id} />}
            <Outcome of={one} />
            <What of={one} />
            <Who of={one} />
            {one.state === "pending" && <Decide of={one} />}
            {one.state === "completed" && one.action === "sign" && <Signatures of={one} />}
          </>
        )}
      </Loaded>
    </Frame>
  );
};

/** Why it ended without a signature; which nodes take no part. */
export const Outcome = ({ of: { state, ended, failures } }: { of: Request }) => {
  const t = useWords();
  const { language } = usePreferences();
  const failure = failures.find(({ code }) => code === ended?.code);
  return (
    <>
      {ended && state !== "completed" && (
        <Alert
          type={state === "failed" ? "error" : "info"}
          title={
            failure
              ? t(failure.text)
              : ended.code === ""
                ? t("It was ended before anything was signed.", "请求已终止，没有产生签名。")
                : explain(ended.code, {}, language)
          }
          description={
            <span className="muted">
              <Time at={ended.at} /> · <code>{ended.code}</code>
            </span>
          }
        />
      )}
      {state === "pending" && failures.length > 0 && (
        <Alert
          type="warning"
          title={t("Some nodes take no part", "部分节点未参与")}
          description={failures.map(({ node, text, at }) => (
            <div key={node.stream} className="row">
              <NodeTag of={node} /> {t(text)} <Time at={at} />
            </div>
          ))}
        />
      )}
    </>
  );
};

/** The messages that the founding statement commits to, not those that the server shows beside. */
export const What = ({ of: request }: { of: Request }) => {
  const t = useWords();
  const { client } = useSession();
  const { data, error, refetch } = useQuery({
    queryKey: ["keyRequests", "read", request.id],
    queryFn: async () => {
      const [{ readRequest }, { readMessage }] = await Promise.all([
        import("../../sdk/workflows/key-requests.ts"),
        import("../../sdk/workflows/read-message.ts"),
      ]);
      const [{ signed }, key] = await Promise.all([
        readRequest(client, request.id),
        client.keys.get({ id: request.key.stream }),
      ]);
      const path = signed.path ?? [];
      const publicKey = path.length > 0 ? request.publicKey : key.publicKey;
      return signed.messages.map((message, i) => {
        try {
          return { read: readMessage({ scheme: key.scheme, publicKey }, message, i + 1) };
        } catch (unreadable) {
          return { unreadable };
        }
      });
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("What is signed", "签名内容")}</h2>
        {data && (
          <Tag color="success">{t("read in this browser from the signed request", "由本浏览器从已签名请求中解读")}</Tag>
        )}
      </div>
      {request.action === "export" && (
        <Alert
          type="error"
          title={t("The key itself is handed out", "导出密钥本身")}
          description={t(
            "Whoever has it signs from then on without anybody's approval.",
            "此后持有者无需任何审批即可签名。",
          )}
        />
      )}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 4 }} title={false} />}
      {data?.slice(0, SHOWN).map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have a place and no other name
        <div key={i} className="stack" style={{ gap: 8 }}>
          {data.length > 1 && (
            <span className="muted">{t("{i} of {n}", "第 {i} 条，共 {n} 条", { i: i + 1, n: data.length })}</span>
          )}
          {one.read ? <Message read={one.read} /> : <Failure error={one.unreadable} />}
        </div>
      ))}
      {data && data.length > SHOWN && (
        <span className="muted">{t("and {n} more", "另有 {n} 条", { n: data.length - SHOWN })}</span>
      )}
    </section>
  );
};
const SHOWN = 20;

export const Who = ({ of: request }: { of: Request }) => {
  const t = useWords();
  const ago = useAgo();
  const { requester, approvedBy, awaited, completed, key, group, id, path, createdAt, expiresAt, state } = request;
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Who agreed", "审批情况")}</h2>
      <ul style={{ listStyle: "none", margin: 0, padding: 0 }} className="stack">
        <Line who={<Member of={requester} />} said={t("asked for it", "发起请求")} at={createdAt} />
        {approvedBy.map(({ member, at, counts }) => (
          <Line
            key={member.id}
            who={<Member of={member} />}
            said={counts ? t("approved", "已批准") : t("approved, no longer counted", "已批准，不再计入")}
            at={at}
            good={counts}
          />
        ))}
        {state === "pending" &&
          awaited.map((member) => (
            <Line key={member.id} who={<Member of={member} />} said={t("has said nothing yet", "待审批")} />
          ))}
        {completed && (
          <Line
            who={<NodeTag of={completed.by} />}
            said={t("signed with shares {signers}, epoch {epoch}", "以分片 {signers} 完成签名，轮次 {epoch}", {
              signers: completed.signers.join(", "),
              epoch: completed.epoch,
            })}
            at={completed.at}
            good
          />
        )}
      </ul>
      <dl className="facts">
        <dt>{t("Request id", "请求编号")}</dt>
        <dd>
          <Id>{id}</Id>
        </dd>
        <dt>{t("Key", "密钥")}</dt>
        <dd>
          <KeyLink of={key} /> <span className="muted">{key.scheme}</span>
          {path.length > 0 && <span className="mono"> m/{path.join("/")}</span>}
        </dd>
        <dt>{t("Group", "群组")}</dt>
        <dd>
          <GroupLink of={group} />
        </dd>
        <dt>{t("Ends", "过期时间")}</dt>
        <dd>
          <Time at={expiresAt} /> {state === "pending" && <span className="muted">{ago(expiresAt)}</span>}
        </dd>
      </dl>
    </section>
  );
};

const Line = (props: { who: React.ReactNode; said: string; at?: string; good?: boolean }) => (
  <li className="row" style={{ gap: 12 }}>
    <span aria-hidden style={{ color: props.good ? "var(--good)" : "var(--muted)" }}>
      {props.good ? "●" : "○"}
    </span>
    {props.who}
    <span>{props.said}</span>
    {props.at !== undefined && (
      <span className="muted">
        <Time at={props.at} />
      </span>
    )}
  </li>
);
