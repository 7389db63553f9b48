/** One request: what is signed, read here; who agreed; what can be done now; the signatures, verified here. */
import { Alert, Button, Skeleton, Tag } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import { explain } from "../../base/refusal.ts";
import { harmless } from "../parts/harmless.ts";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { GroupLink, KeyLink, NodeTag, NotYet, StateTag, WatchRequest } from "../parts/keys.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time, useAgo } from "../parts/values.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { OpenExport } from "./key-export.tsx";
import { Decide } from "./key-request-decide.tsx";
import { Message } from "./key-request-message.tsx";
import { useRead } from "./key-request-read.ts";
import { Signatures } from "./key-request-signatures.tsx";
import { Why } from "./key-request-why.tsx";

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const read = useView("keyRequests", "get", { id });
  const request = read.data;
  return (
    <Frame
      title={request ? harmless(request.note) || t("Request without a note", "无备注的请求") : untitled(read, t)}
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
            {one.state === "completed" && one.action === "export" && <OpenExport of={one} />}
            {one.state === "completed" && one.action === "sign" && <Signatures of={one} />}
          </>
        )}
      </Loaded>
    </Frame>
  );
};

/** Why it ended without a signature; which nodes take no part. */
export const Outcome = ({ of: request }: { of: Request }) => {
  const { state, ended, failures, reason } = request;
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
                ? t("The request ended before anything was signed.", "请求已终止，没有产生签名。")
                : explain(ended.code, {}, language)
          }
          description={
            <>
              {ended.code === "keynode.policy" && request.action === "sign" && <Why of={request} />}
              <span className="muted">
                <Time at={ended.at} />
                {ended.code !== "" && (
                  <>
                    {" "}
                    · <code>{ended.code}</code>
                  </>
                )}
              </span>
            </>
          }
        />
      )}
      {state === "pending" && reason && <NotYet of={reason} />}
      {state === "pending" && failures.length > 0 && (
        <Alert
          type="warning"
          title={t("Some nodes are not taking part", "部分节点未参与")}
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

/** Every message; of many the first ones, until all are asked for. */
export const What = ({ of: request }: { of: Request }) => {
  const t = useWords();
  const { data, error, refetch } = useRead(request);
  const [all, setAll] = useState(false);
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("What is signed", "签名内容")}</h2>
        {data && (
          <Tag color="success">{t("Read in this browser from the signed request", "由本浏览器从已签名请求中解读")}</Tag>
        )}
      </div>
      {request.action === "export" && (
        <Alert
          type="error"
          title={t("The key itself is exported", "导出密钥本身")}
          description={t(
            "Whoever holds it can sign without approval from then on.",
            "此后持有者无需任何审批即可签名。",
          )}
        />
      )}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 4 }} title={false} />}
      {data?.slice(0, all ? data.length : SHOWN).map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have a place and no other name
        <div key={i} className="stack" style={{ gap: 8 }}>
          {data.length > 1 && (
            <span className="muted">{t("{i} of {n}", "第 {i} 条，共 {n} 条", { i: i + 1, n: data.length })}</span>
          )}
          {one.read ? <Message read={one.read} /> : <Failure error={one.unreadable} />}
        </div>
      ))}
      {data && data.length > SHOWN && !all && (
        <div className="row">
          <strong>{t("and {n} more, signed as well", "另有 {n} 条，同样将被签名", { n: data.length - SHOWN })}</strong>
          <Button size="small" onClick={() => setAll(true)}>
            {t("Show all of them", "显示全部")}
          </Button>
        </div>
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
      <h2 style={{ margin: 0 }}>{t("Who approved", "审批情况")}</h2>
      <ul style={{ listStyle: "none", margin: 0, padding: 0 }} className="stack">
        <Line who={<Member of={requester} />} said={t("requested", "发起请求")} at={createdAt} />
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
            <Line key={member.id} who={<Member of={member} />} said={t("not decided yet", "待审批")} />
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
        <dt>{t("Request ID", "请求编号")}</dt>
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
        <dt>{t("Expires", "过期时间")}</dt>
        <dd>
          <Time at={expiresAt} /> {state === "pending" && <span className="muted">{ago(expiresAt)}</span>}
        </dd>
      </dl>
    </section>
  );
};

const Line = (props: { who: React.ReactNode; said: string; at?: string; good?: boolean }) => (
  <li style={{ display: "flex", alignItems: "baseline", gap: 12 }}>
    <span aria-hidden style={{ color: props.good ? "var(--good)" : "var(--muted)" }}>
      {props.good ? "●" : "○"}
    </span>
    <span className="row" style={{ gap: "0 12px" }}>
      {props.who}
      <span>{props.said}</span>
      {props.at !== undefined && (
        <span className="muted">
          <Time at={props.at} />
        </span>
      )}
    </span>
  </li>
);
