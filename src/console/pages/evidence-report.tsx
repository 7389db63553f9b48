/** What a bundle was found to prove: the verdict, the picture, and everything that stands behind it. */
import { Alert } from "antd";
import { Fragment } from "react";
import { Fact } from "../parts/fact.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Id, Time } from "../parts/values.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import type { Words } from "../words.ts";
import { Certificate } from "./evidence-certificate.tsx";
import { type Box, chainOf } from "./evidence-chain.ts";
import { Picture } from "./evidence-picture.tsx";
import { Parties, Pins } from "./evidence-pins.tsx";
import type { Answer, Found, Proven, Said } from "./evidence-worker.ts";
import { keptLedger } from "./ledger-kept.ts";

export const Report = ({ name, answer, again }: { name: string; answer: Answer; again: () => void }) =>
  "failed" in answer ? <Fails name={name} said={answer.failed} /> : <Holds proven={answer.proven} again={again} />;

const Fails = ({ name, said: { code, text } }: { name: string; said: Said }) => {
  const t = useWords();
  return (
    <Alert
      type="error"
      role="alert"
      showIcon
      title={t("{name} failed verification", "{name} 未通过验证", { name })}
      description={
        <>
          <p>{t(text)}</p>
          <span className="mono muted">{code}</span>
        </>
      }
    />
  );
};

const Holds = ({ proven, again }: { proven: Proven; again: () => void }) => {
  const t = useWords();
  const { language } = usePreferences();
  const found = proven.found[language];
  const kept = keptLedger()?.key;
  const known = kept === undefined ? "none" : kept === found.ledger.key ? "same" : "another";
  const chain = chainOf(found, proven, t, known);
  return (
    <>
      <div className="stack no-print">
        <Verdict proven={proven} found={found} />
        <section className="card">
          <h2>{t("Who agreed, what ran, and the result", "授权、执行与结果")}</h2>
          <Picture
            chain={chain}
            name={t("The chain of evidence; the list below says the same", "证据链；下方列表内容相同")}
          />
          <Steps boxes={[...chain.members, ...chain.links]} />
        </section>
        <div className="halves">
          <section className="card" id="checks">
            <h2>{t("Checked", "已检查")}</h2>
            <Marked items={found.checks} verdict="good" />
          </section>
          <section className="card">
            <h2>{t("Not proven", "未能证明")}</h2>
            <Marked items={found.notProven} verdict="open" />
          </section>
        </div>
        <section className="card" id="agreed">
          <h2>{t("Who agreed to what, and when", "谁在何时同意了什么")}</h2>
          <Acts found={found} />
        </section>
        <section className="card" id="ran">
          <h2>{"task" in found ? t("Code and data", "执行的代码与数据") : t("What was signed", "签名内容")}</h2>
          {"task" in found ? <Ran found={found} t={t} /> : <Signed found={found} t={t} />}
        </section>
        <section className="card" id="parties">
          <h2>{t("Who they are", "各方身份")}</h2>
          <Parties parties={found.parties} changed={again} />
        </section>
        <section className="card">
          <h2>{t("What this browser trusts", "本浏览器的信任设置")}</h2>
          <Pins proven={proven} changed={again} />
        </section>
      </div>
      {/* What this browser does not trust it certifies to nobody. */}
      {!proven.differs && <Certificate found={found} proven={proven} />}
    </>
  );
};

const Verdict = ({ proven: { differs, ms }, found }: { proven: Proven; found: Found }) => {
  const t = useWords();
  const about = "task" in found ? (found.task.name ?? found.task.id) : found.request.id;
  if (differs)
    return (
      <Alert
        type="error"
        role="alert"
        showIcon
        title={t(
          "{about} is internally consistent, but does not match what this browser trusts",
          "{about} 自身一致，但与本浏览器的信任设置不符",
          { about },
        )}
        description={t(differs.text)}
      />
    );
  const simulated = "task" in found ? !found.code.hardware : found.nodes.some(({ hardware }) => !hardware);
  return (
    <Alert
      type={simulated ? "warning" : "success"}
      role="status"
      showIcon
      title={t("All checks passed: {about}", "全部检查通过：{about}", { about })}
      description={
        <>
          {t("Verified in this browser in {ms} ms. ", "已在本浏览器中验证，用时 {ms} 毫秒。", { ms: Math.round(ms) })}
          {simulated &&
            t(
              "The attestation is simulated: it proves nothing about the hardware.",
              "远程证明为模拟：不能证明所运行的硬件环境。",
            )}
        </>
      }
    />
  );
};

/** The picture again, to be read and heard. */
const Steps = ({ boxes }: { boxes: readonly Box[] }) => (
  <ol className="steps">
    {boxes.map(({ title, lines, says, verdict, to }) => (
      <li key={`${title} ${to} ${lines.join()}`} className={`mark ${verdict}`}>
        <a href={`#${to}`}>{title}</a>{" "}
        <span className="muted">
          {lines.filter(Boolean).map((line, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have a place and nothing else
            <Fragment key={i}>
              {i > 0 && " · "}
              <span className="piece">{line}</span>
            </Fragment>
          ))}
        </span>{" "}
        — {says}
      </li>
    ))}
  </ol>
);

const Marked = ({ items, verdict }: { items: readonly string[]; verdict: "good" | "open" }) => (
  <ul className="steps">
    {items.map((item) => (
      <li key={item} className={`mark ${verdict}`}>
        {item}
      </li>
    ))}
  </ul>
);

const Acts = ({ found: { acts } }: { found: Found }) => {
  const t = useWords();
  return (
    <PlainTable
      rows={acts}
      keyOf={({ index }) => index}
      columns={[
        { title: t("Time", "时间"), kind: "whole", cell: ({ at }) => <Time at={at} /> },
        { title: t("Who", "操作方"), cell: ({ by }) => by },
        { title: t("What", "内容"), cell: ({ text }) => text },
        { title: t("About", "对象"), cell: ({ about }) => about },
        { title: t("Entry", "条目"), kind: "number", cell: ({ index }) => index },
      ]}
    />
  );
};

const Ran = ({ found: { task, code, data, result }, t }: { found: Extract<Found, { task: unknown }>; t: Words }) => (
  <dl className="facts">
    <Fact name={t("Task", "计算任务")}>
      {task.name ?? "—"} · <Id>{task.id}</Id>
    </Fact>
    {task.schedule && <Fact name={t("Scheduled", "定时任务")}>{task.schedule.text}</Fact>}
    <Fact name={t("Task digest", "任务摘要")}>
      <Id>{task.digest}</Id>
    </Fact>
    <Fact name={t("Model", "计算模型")}>
      {[code.name ?? "—", code.version].filter(Boolean).join(" · ")}
      {code.id && (
        <>
          {" "}
          · <Id>{code.id}</Id>
        </>
      )}
    </Fact>
    <Fact name={t("Archive (SHA-256)", "模型文件（SHA-256）")}>
      <Id>{code.archive}</Id>
    </Fact>
    <Fact name={t("Enclave program (SHA-384)", "可信执行环境程序（SHA-384）")}>
      <Id>{code.measurement}</Id>
    </Fact>
    <Fact name={t("Attestation", "证明方式")}>{code.providerLabel || code.provider}</Fact>
    <Fact name={t("Model isolation", "模型隔离方式")}>{code.isolation}</Fact>
    <Fact name={t("Started", "开始时间")}>
      <Time at={code.started} />
    </Fact>
    <Fact name={t("Finished", "结束时间")}>
      <Time at={code.finished} />
    </Fact>
    {data.map(({ table, name, owner, rows, envelope }) => (
      <Fact key={table} name={t("Table {table}", "数据表 {table}", { table })}>
        {t("{name} of {owner}, {rows} {rows|row|rows}", "{owner} 的 {name}，{rows} 行", {
          name: name ?? "—",
          owner,
          rows,
        })}{" "}
        · <Id>{envelope}</Id>
      </Fact>
    ))}
    <Fact name={t("Result (SHA-256)", "结果文件（SHA-256）")}>
      <Id>{result.digest}</Id> · {t("{n} {n|row|rows}", "{n} 行", { n: result.rows })}
    </Fact>
  </dl>
);

const Signed = ({ found, t }: { found: Extract<Found, { request: unknown }>; t: Words }) => {
  const { request, key, group, nodes, messages } = found;
  return (
    <dl className="facts">
      <Fact name={t("Request", "签名请求")}>
        <Id>{request.id}</Id>
      </Fact>
      <Fact name={t("Requested by", "请求方")}>{request.requester}</Fact>
      <Fact name={t("Approvals that counted", "有效审批")}>{request.approvals.join("、") || "—"}</Fact>
      <Fact name={t("Note", "备注")}>{request.note ?? "—"}</Fact>
      <Fact name={t("Key", "密钥")}>
        {key.alias ?? key.id} · {key.scheme}
      </Fact>
      <Fact name={t("Public key", "公钥")}>
        <Id>{key.publicKey}</Id>
      </Fact>
      <Fact name={t("Group", "群组")}>{group.name ?? group.id}</Fact>
      {nodes.map(({ tag, providerLabel, measurement }) => (
        <Fact key={tag} name={tag}>
          {providerLabel} · <Id>{measurement}</Id>
        </Fact>
      ))}
      {messages?.map(({ kind, signature }, i) => (
        <Fact key={signature} name={t("Message {n}", "消息 {n}", { n: i + 1 })}>
          {kind} · <Id>{signature}</Id>
        </Fact>
      ))}
      {group.policies.map(({ id, text }) => (
        <Fact key={id} name={t("Policy {id}", "策略 {id}", { id })}>
          <pre className="mono wrapped">{text}</pre>
        </Fact>
      ))}
    </dl>
  );
};
