/** One printed page: what was proven, by whom it was agreed, and the ledger's signed root as a code to scan. */
import { useQuery } from "@tanstack/react-query";
import { useWords } from "../preferences.tsx";
import { Brand } from "../shell/switches.tsx";
import type { Found, Proven } from "./evidence-worker.ts";

/** More would not fit on the page; the file has them all. */
const ACTS = 14;

const utc = (iso: string): string => `${iso.slice(0, 19).replace("T", " ")} UTC`;

export const Certificate = ({ found, proven }: { found: Found; proven: Proven }) => {
  const t = useWords();
  const isTask = "task" in found;
  const agreed = found.acts.filter(({ kind }) => /^(task|key-request)\./.test(kind));
  const rest = agreed.length - ACTS;
  return (
    <article className="certificate print-only">
      <header>
        <div>
          <Brand />
          <h1>
            {isTask
              ? t("Certificate of a computation", "可信计算证书")
              : t("Certificate of a signature", "密钥使用证书")}
          </h1>
          <p>{isTask ? (found.task.name ?? found.task.id) : (found.key.alias ?? found.key.id)}</p>
        </div>
        <Code text={proven.checkpoint} label={t("The ledger's signed root", "账本签名根")} />
      </header>
      <dl>
        {isTask ? <RunFacts found={found} /> : <RequestFacts found={found} />}
        <dt>{t("Ledger", "账本")}</dt>
        <dd className="mono">{found.ledger.key}</dd>
        <dt>{t("Root of {n} {n|entry|entries} (SHA-256)", "{n} 个条目的根（SHA-256）", { n: found.ledger.size })}</dt>
        <dd className="mono">{proven.root.hex}</dd>
      </dl>
      <h2>{t("Agreed and signed", "授权与签名")}</h2>
      <table>
        <tbody>
          {agreed.slice(0, ACTS).map(({ at, by, text, index }) => (
            <tr key={index}>
              <td>{utc(at)}</td>
              <td>{by}</td>
              <td>{text}</td>
              <td>#{index}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rest > 0 && <p>{t("and {n} more in the file", "另有 {n} 条，见证据包", { n: rest })}</p>}
      <h2>{t("Checked", "已检查")}</h2>
      <ul>
        {found.checks.map((check) => (
          <li key={check}>{check}</li>
        ))}
      </ul>
      <h2>{t("Not proven", "未能证明")}</h2>
      <ul>
        {found.notProven.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <footer>
        {t(
          "Verified in a browser on {day}. This page is not proof: verify the evidence file itself.",
          "于 {day} 在浏览器中验证。本页不构成证明，请验证证据包文件本身。",
          { day: utc(new Date().toISOString()) },
        )}
      </footer>
    </article>
  );
};

const RunFacts = ({ found: { task, code, result } }: { found: Extract<Found, { task: unknown }> }) => {
  const t = useWords();
  return (
    <>
      <dt>{t("Task", "计算任务")}</dt>
      <dd className="mono">{task.id}</dd>
      <dt>{t("Task digest", "任务摘要")}</dt>
      <dd className="mono">{task.digest}</dd>
      <dt>{t("Alliance", "计算联盟")}</dt>
      <dd>{task.alliance ?? "—"}</dd>
      <dt>{t("Receiver", "结果使用方")}</dt>
      <dd>{task.receiver}</dd>
      <dt>{t("Model", "计算模型")}</dt>
      <dd>{[code.name, code.version, code.id].filter(Boolean).join(" · ")}</dd>
      <dt>{t("Enclave", "可信执行环境")}</dt>
      <dd>
        {code.providerLabel} <span className="mono">{code.measurement}</span>
      </dd>
      <dt>{t("Result (SHA-256)", "结果文件（SHA-256）")}</dt>
      <dd className="mono">{result.digest}</dd>
    </>
  );
};

const RequestFacts = ({ found: { request, key, group, nodes } }: { found: Extract<Found, { request: unknown }> }) => {
  const t = useWords();
  return (
    <>
      <dt>{t("Request", "签名请求")}</dt>
      <dd className="mono">{request.id}</dd>
      <dt>{t("Requested by", "请求方")}</dt>
      <dd>{request.requester}</dd>
      <dt>{t("Public key", "公钥")}</dt>
      <dd className="mono">{key.publicKey}</dd>
      <dt>{t("Group", "群组")}</dt>
      <dd>{group.name ?? group.id}</dd>
      <dt>{t("Key nodes", "密钥节点")}</dt>
      <dd>{nodes.map(({ tag, providerLabel }) => `${tag} (${providerLabel})`).join(", ")}</dd>
    </>
  );
};

/** A QR code as one path. */
const Code = ({ text, label }: { text: string; label: string }) => {
  const { data } = useQuery({
    queryKey: ["qr", text],
    queryFn: async () => {
      const { create } = await import("qrcode");
      const { size, data: dark } = create(text, { errorCorrectionLevel: "M" }).modules;
      const path = Array.from(dark, (on, i) => (on ? `M${i % size} ${Math.floor(i / size)}h1v1h-1z` : "")).join("");
      return { size, path };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <figure>
      {data && (
        <svg viewBox={`-4 -4 ${data.size + 8} ${data.size + 8}`} role="img" aria-label={label}>
          <path d={data.path} fill="#000" shapeRendering="crispEdges" />
        </svg>
      )}
      <figcaption>{label}</figcaption>
    </figure>
  );
};
