/** What is drawn of a bundle: who signed, which ledger ordered it, what ran where, what came of it. */
import type { Words } from "../words.ts";
import type { Found, Proven } from "./evidence-worker.ts";

export type Verdict = "good" | "warn" | "bad" | "open";
export interface Box {
  readonly title: string;
  readonly lines: readonly string[];
  readonly verdict: Verdict;
  /** What the verdict means, in words. */
  readonly says: string;
  /** Where on the page it is gone into. */
  readonly to: string;
}
export interface Chain {
  readonly members: readonly Box[];
  readonly links: readonly Box[];
}

export const shortHash = (hash: string): string => (hash.length > 16 ? `${hash.slice(0, 8)}…${hash.slice(-6)}` : hash);

const timeOf = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;

const memberBoxes = ({ parties, acts }: Found, t: Words): Box[] =>
  parties.map(({ nickname, appId, pinned }) => {
    const name = nickname ?? appId;
    const own = acts.filter(({ by }) => by === name);
    // What was agreed to says more than what was prepared.
    const agreed = own.filter(({ kind }) => /^(task|key-request)\./.test(kind));
    const shown = (agreed.length > 0 ? agreed : own).slice(-2).map(({ text }) => text);
    return {
      title: name,
      lines: [...shown, t("{n} {n|signature|signatures}", "{n} 个签名", { n: own.length })],
      verdict: "good",
      says: pinned
        ? t("signatures valid; its authority is pinned", "签名有效；其证书颁发机构已固定信任")
        : t("signatures valid; its name was assigned by the platform", "签名有效；名称由平台授予"),
      to: "parties",
    };
  });

/** Of the bundle's ledger: whether this browser knows it, knows another one, or none. */
type KnownLedger = "same" | "another" | "none";

const ledgerBox = ({ ledger }: Found, root: string, t: Words, known: KnownLedger): Box => ({
  title: t("Ledger checkpoint", "账本检查点"),
  lines: [t("{n} {n|entry|entries}", "{n} 个条目", { n: ledger.size }), shortHash(root), timeOf(ledger.last)],
  ...{
    same: {
      verdict: "good" as const,
      says: t("every statement is in this ledger, which this browser knows", "每条声明均在本浏览器所知的账本中"),
    },
    another: {
      verdict: "bad" as const,
      says: t(
        "every statement is in it, but it is not the ledger this browser knows",
        "每条声明均在该账本中，但它不是本浏览器所知的账本",
      ),
    },
    none: {
      verdict: "warn" as const,
      says: t(
        "every statement is in it; this ledger is new to this browser",
        "每条声明均在该账本中；本浏览器此前未见过该账本",
      ),
    },
  }[known],
  to: "checks",
});

const machineSays = (hardware: boolean, t: Words): string =>
  hardware
    ? t("its attestation quote is valid", "其证明报告有效")
    : t("simulated: proves nothing about hardware", "模拟证明：不能证明硬件环境");

const runLinks = (found: Extract<Found, { task: unknown }>, t: Words): Box[] => {
  const { code, result, task, acts } = found;
  const acknowledged = acts.find(({ kind }) => kind === "task.acknowledged");
  return [
    {
      title: t("Enclave", "可信执行环境"),
      lines: [
        code.providerLabel || code.provider,
        shortHash(code.measurement),
        [code.name, code.version].filter(Boolean).join(" "),
      ],
      verdict: code.hardware ? "good" : "warn",
      says: machineSays(code.hardware, t),
      to: "ran",
    },
    {
      title: t("Result", "计算结果"),
      lines: [shortHash(result.digest), t("{n} {n|row|rows}", "{n} 行", { n: result.rows }), timeOf(code.finished)],
      verdict: "good",
      says: t("named in the enclave's signed receipt", "由可信执行环境签署的回执所载"),
      to: "ran",
    },
    {
      title: t("Receiver", "结果使用方"),
      lines: [
        task.receiver,
        acknowledged ? t("receipt confirmed", "已确认收到") : t("receipt not confirmed yet", "尚未确认收到"),
        ...(acknowledged ? [timeOf(acknowledged.at)] : []),
      ],
      verdict: acknowledged ? "good" : "open",
      says: acknowledged
        ? t("signed by the receiver", "由结果使用方签名")
        : t("no signature about this", "暂无相关签名"),
      to: "agreed",
    },
  ];
};

const requestLinks = (found: Extract<Found, { request: unknown }>, t: Words): Box[] => {
  const { nodes, key, request, messages } = found;
  const hardware = nodes.length > 0 && nodes.every((node) => node.hardware);
  return [
    {
      title: t("Key nodes", "密钥节点"),
      lines: [
        nodes.map(({ tag }) => tag).join(", "),
        nodes[0]?.providerLabel ?? "",
        t("{t} of {n} shares", "{n} 个分片中的 {t} 个", { t: key.threshold, n: key.shares }),
      ],
      verdict: hardware ? "good" : "warn",
      says: machineSays(hardware, t),
      to: "ran",
    },
    {
      title: request.action === "sign" ? t("Signatures", "签名") : t("Export", "导出密钥"),
      lines: [
        t("{n} {n|message|messages}", "{n} 条消息", { n: request.count }),
        ...(messages?.[0] ? [shortHash(messages[0].signature)] : []),
        timeOf(request.completed),
      ],
      verdict: messages ? "good" : "open",
      says: messages
        ? t("made by this key over these messages", "由该密钥对所示消息作出")
        : t("left out of the file", "文件中未包含"),
      to: "ran",
    },
  ];
};

export const chainOf = (found: Found, { root }: Proven, t: Words, known: KnownLedger): Chain => ({
  members: memberBoxes(found, t),
  links: [ledgerBox(found, root.hex, t, known), ...("task" in found ? runLinks(found, t) : requestLinks(found, t))],
});
