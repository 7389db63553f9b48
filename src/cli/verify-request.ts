/** The report on a bundle of a request for the use of a key. */
import type { Language } from "../base/refusal.ts";
import type { RequestExplanation } from "../evidence/explain-request.ts";
import { actsTable, leftOut, listOf, partiesTable, sectionOf, utc } from "./report.ts";
import { pairs, shownCode, table } from "./table.ts";
import { say, text } from "./text.ts";

const TITLES = {
  request: text("Request", "签名请求"),
  key: text("Key", "密钥"),
  signed: text("What was signed", "签名内容"),
  agreed: text("Who said what, and when", "谁在何时作出了什么声明"),
  parties: text("Who they are (SHA-256 of their CA's certificate)", "各方身份（CA 证书的 SHA-256）"),
  nodes: text("Which key nodes took part", "参与的密钥节点"),
  policies: text("By which policies", "依据的策略"),
  checked: text("Checked", "已检查"),
  unproven: text("NOT proven", "未能证明"),
};

const NAMES = {
  id: text("id", "编号"),
  action: text("action", "操作"),
  requester: text("asked for by", "请求方"),
  approvals: text("approvals that counted", "有效审批"),
  note: text("note", "备注"),
  completed: text("completed (UTC)", "完成时间（UTC）"),
  ledger: text("ledger", "账本"),
  alias: text("alias", "别名"),
  scheme: text("scheme", "算法"),
  publicKey: text("public key", "公钥"),
  threshold: text("signs with", "门限"),
  epoch: text("epoch of the shares", "分片轮次"),
  group: text("group", "群组"),
  version: text("version of the group", "群组版本"),
  number: text("no.", "序号"),
  kind: text("kind", "类型"),
  bytes: text("signed bytes", "所签字节"),
  signature: text("signature", "签名"),
  tag: text("tag", "节点标签"),
  measurement: text("program (SHA-384)", "程序（SHA-384）"),
  attestation: text("attestation", "证明方式"),
} as const;

const ACTIONS = { sign: text("sign", "签名"), export: text("export", "导出密钥") } as const;
const OF = text("{threshold} of {shares} shares", "{shares} 个分片中的 {threshold} 个");
const NOBODY = text("nobody", "无");
const NONE = text("nothing", "无");

/** A stranger's text, as it was written. */
const policyText = ({ id, text }: RequestExplanation["group"]["policies"][number]): string =>
  [`• ${id}`, ...shownCode(text).split("\n")].join("\n    ");

/** The report for people. */
export const requestReportOf = (found: RequestExplanation, language: Language): string => {
  const name = (key: keyof typeof NAMES) => say(NAMES[key], language);
  const section = (key: keyof typeof TITLES, body: string) => sectionOf(say(TITLES[key], language), body);
  const shown = (value: string | null) => value ?? say(leftOut, language);
  const { request, key, group, messages } = found;
  return [
    section(
      "request",
      pairs([
        [name("id"), request.id],
        [name("action"), say(ACTIONS[request.action], language)],
        [name("requester"), request.requester],
        [name("approvals"), request.approvals.join(", ") || say(NOBODY, language)],
        [name("note"), shown(request.note)],
        [name("completed"), utc(request.completed)],
        [name("ledger"), found.ledger.key],
      ]),
    ),
    section(
      "key",
      pairs([
        [name("id"), key.id],
        [name("alias"), shown(key.alias)],
        [name("scheme"), key.scheme],
        [name("publicKey"), key.publicKey],
        [name("threshold"), say(OF, language, { threshold: key.threshold, shares: key.shares })],
        [name("epoch"), String(key.epoch)],
        [name("group"), [shown(group.name), group.id].join("  ")],
        [name("version"), group.version],
      ]),
    ),
    section(
      "signed",
      messages === null
        ? say(leftOut, language)
        : table(
            [name("number"), name("kind"), name("bytes"), name("signature")],
            messages.map(({ kind, signed, signature }, i) => [String(i + 1), kind, signed, signature]),
          ),
    ),
    section("agreed", actsTable(found.acts, language)),
    section("parties", partiesTable(found.parties, language)),
    section(
      "nodes",
      table(
        [name("tag"), name("attestation"), name("measurement")],
        found.nodes.map(({ tag, providerLabel, provider, measurement }) => [
          tag,
          providerLabel || provider,
          measurement,
        ]),
      ),
    ),
    section("policies", group.policies.map(policyText).join("\n") || say(NONE, language)),
    section("checked", listOf("✔", found.checks)),
    section("unproven", listOf("•", found.notProven)),
  ].join("\n\n");
};
