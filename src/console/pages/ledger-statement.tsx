/** One statement: where it is, who signed what, and the proof of it checked on the spot. */
import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton, Tag } from "antd";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { Fact } from "../parts/fact.tsx";
import { save } from "../parts/files.ts";
import { harmless } from "../parts/harmless.ts";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import type { Entry, Inclusion, Opened } from "./ledger-proof.ts";
import { books, kindText, placeOfBook } from "./ledger-words.ts";
import "./trust.css";

export const Page = () => {
  const t = useWords();
  const { index = "" } = useParams();
  const position = /^\d{1,15}$/.test(index) ? Number(index) : undefined;
  const read = useView(
    "ledger",
    "statements",
    { before: (position ?? 0) + 1, limit: 1 },
    { enabled: position !== undefined },
  );
  const entry = read.data?.items.find((item) => item.index === position);
  const title = t("Entry {n}", "条目 {n}", { n: index });
  const last = (read.data?.size ?? 1) - 1;
  return (
    <Frame
      title={title}
      within={[[t("Ledger", "区块链"), "/ledger"]]}
      actions={
        position !== undefined && entry ? (
          <>
            <Step to={position - 1} on={position > 0} name={t("Previous", "上一条")} />
            <Step to={position + 1} on={position < last} name={t("Next", "下一条")} />
          </>
        ) : null
      }
    >
      {read.error && !read.data && <Failure error={read.error} retry={() => void read.refetch()} />}
      {position !== undefined && !read.data && !read.error && <Skeleton active paragraph={{ rows: 8 }} />}
      {(position === undefined || (read.data && !read.isPlaceholderData && !entry)) && (
        <div className="card stack">
          <p>{t("The ledger has no such entry.", "账本中没有该条目。")}</p>
          <Link to="/ledger">{t("Back to the ledger", "返回账本")}</Link>
        </div>
      )}
      {entry && <Statement key={entry.index} entry={entry} />}
    </Frame>
  );
};

const Step = ({ to, on, name }: { to: number; on: boolean; name: string }) =>
  on ? (
    <Link to={`/ledger/${to}`}>
      <Button tabIndex={-1}>{name}</Button>
    </Link>
  ) : (
    <Button disabled>{name}</Button>
  );

const Statement = ({ entry }: { entry: Entry }) => {
  const t = useWords();
  const { client } = useSession();
  const proof = useQuery({
    queryKey: ["ledger-proof", entry.index],
    queryFn: async () => (await import("./ledger-proof.ts")).checkInclusion(client, entry),
    retry: false,
  });
  const opened = useQuery({
    queryKey: ["ledger-statement", entry.index],
    queryFn: async () => (await import("./ledger-proof.ts")).openStatement(client, entry),
    enabled: entry.kind !== null,
    retry: false,
  });
  const place = entry.book && placeOfBook(entry.book, entry.stream);
  return (
    <>
      <section className="card">
        <h2 className="sentence">
          {entry.kind === null ? t("A statement you cannot read", "无权查看内容的声明") : t(kindText(entry.kind))}
        </h2>
        <dl className="facts">
          <Fact name={t("Kind", "类型")}>{entry.kind === null ? "—" : <span className="mono">{entry.kind}</span>}</Fact>
          <Fact name={t("Signed by", "签名方")}>
            {entry.by ? <Member of={entry.by} /> : entry.signer ? t(books[entry.signer] ?? NONE) : "—"}
          </Fact>
          <Fact name={t("Time", "时间")}>
            <Time at={entry.time} />
          </Fact>
          <Fact name={t("Stream", "流")}>
            <span className="row">
              {entry.book && t(books[entry.book] ?? { en: entry.book, "zh-CN": entry.book })}
              <Id>{entry.stream}</Id>
              {t("position {n}", "第 {n} 条", { n: entry.seq + 1 })}
              <Link to={`/ledger?search=${entry.stream}`}>{t("View whole stream", "查看整个流")}</Link>
              {place && <Link to={place}>{t("Open it", "打开")}</Link>}
            </span>
          </Fact>
          <Fact name={t("Statement (SHA-256)", "声明（SHA-256）")}>
            <Id>{entry.statement}</Id>
          </Fact>
        </dl>
      </section>
      <Checks proof={proof} opened={opened} readable={entry.kind !== null} />
      {opened.data && <Content opened={opened.data} />}
      {proof.data && <Path proof={proof.data} index={entry.index} />}
    </>
  );
};

interface Asked<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

const Checks = ({ proof, opened, readable }: { proof: Asked<Inclusion>; opened: Asked<Opened>; readable: boolean }) => {
  const t = useWords();
  const { data: found } = proof;
  const { data: read } = opened;
  const rewritten = found?.witnessed.state === "rewritten";
  return (
    <section className="card" aria-live="polite">
      <div className="row" style={{ marginBottom: 12 }}>
        <h2 style={{ margin: 0 }}>{t("Checked in this browser", "已在本浏览器中检查")}</h2>
        {rewritten && <Tag color="error">{t("REWRITTEN", "已被改写")}</Tag>}
      </div>
      {proof.error && <Failure error={proof.error} retry={() => void proof.refetch()} />}
      {opened.error && <Failure error={opened.error} retry={() => void opened.refetch()} />}
      {!found && !proof.error && <Skeleton active title={false} paragraph={{ rows: 4 }} />}
      <ul className="steps">
        {found && (
          <>
            <Mark good>
              {t(
                "{n} {n|hash leads|hashes lead} from it to the root of {size} {size|entry|entries}",
                "{n} 个哈希从该条目通向 {size} 个条目的根",
                {
                  n: found.hashes.length,
                  size: found.size,
                },
              )}
            </Mark>
            <Mark good>
              {t("The checkpoint of that root is signed by the ledger's key", "该根的检查点由账本密钥签署")}
            </Mark>
            <Mark good={!rewritten}>
              {rewritten
                ? t(
                    "That checkpoint contradicts what this browser saw before: the ledger was rewritten. Open the ledger page.",
                    "该检查点与本浏览器此前所见相矛盾：账本已被改写。请打开账本页面查看。",
                  )
                : t("The checkpoint fits those that this browser has kept", "该检查点与本浏览器保存的检查点一致")}
            </Mark>
          </>
        )}
        {read && (
          <>
            <Mark good={read.isSame}>
              {t("The statement's bytes have the digest that stands in the log", "声明内容的摘要与日志一致")}
            </Mark>
            <Mark good={read.signature.holds}>
              {read.signature.by === "certificate"
                ? t("Signed under the certificate {who}", "由证书 {who} 签名", { who: read.signature.subject })
                : t("Signed by the machine's key that its founding names", "由其登记时所声明的设备密钥签名")}
            </Mark>
            {read.textFits !== null && (
              <Mark good={read.textFits}>
                {t("The text beside it is the one that was signed for", "所附文本即签名时承诺的文本")}
              </Mark>
            )}
          </>
        )}
        {!readable && (
          <li className="mark open">
            {t("Its content is shown only to the parties involved", "其内容仅向参与方显示")}
          </li>
        )}
      </ul>
    </section>
  );
};

const Mark = ({ good, children }: { good: boolean; children: ReactNode }) => (
  <li className={`mark ${good ? "good" : "bad"}`}>{children}</li>
);

const Content = ({ opened: { signed, detail } }: { opened: Opened }) => {
  const t = useWords();
  const { x5c: _, ...header } = signed.jws.header;
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("What was signed", "签名内容")}</h2>
        <Button onClick={() => save(`${signed.digest.slice(0, 16)}.jws`, signed.jws.text, "application/jose")}>
          {t("Download the signed statement", "下载签名声明")}
        </Button>
      </div>
      <Json name={t("Header", "头部")} value={header} />
      <Json name={t("Statement", "声明")} value={signed.statement} />
      {detail && <Json name={t("Text that it commits to", "所承诺的文本")} value={detail} />}
    </section>
  );
};

const Json = ({ name, value }: { name: string; value: unknown }) => (
  <div>
    <div className="muted">{name}</div>
    <pre className="mono wrapped">{harmless(JSON.stringify(value, shortened, 2))}</pre>
  </div>
);

/** Certificates and evidence fill pages: their beginning is enough, the file has the rest. */
const shortened = (_: string, value: unknown): unknown =>
  typeof value === "string" && value.length > 400 ? `${value.slice(0, 120)}… (${value.length})` : value;

const Path = ({ proof: { hashes, leaf, root, size, checkpoint }, index }: { proof: Inclusion; index: number }) => {
  const t = useWords();
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Inclusion proof", "包含性证明")}</h2>
      <p className="muted">
        {t("Entry {n}, from the bottom of the tree to its root", "条目 {n}，自叶至根", { n: index })}
      </p>
      <dl className="facts">
        <Fact name={t("Leaf", "叶")}>
          <Id>{leaf}</Id>
        </Fact>
        {hashes.map((hash, i) => (
          <Fact key={hash} name={t("Hash {n}", "哈希 {n}", { n: i + 1 })}>
            <Id>{hash}</Id>
          </Fact>
        ))}
        <Fact name={t("Root of {n} {n|entry|entries}", "{n} 个条目的根", { n: size })}>
          <Id>{root}</Id>
        </Fact>
      </dl>
      <details>
        <summary className="muted">{t("The signed checkpoint", "签名检查点")}</summary>
        <pre className="mono wrapped">{checkpoint}</pre>
      </details>
    </section>
  );
};
const NONE = { en: "—", "zh-CN": "—" };
