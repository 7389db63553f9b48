/**
 * `entente verify FILE`: checks an evidence bundle offline and says what it proves and what it does not. It loads only
 * the rules and what they stand on, so that it is done in a fraction of a second.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { explain, type Language, Refusal } from "../base/refusal.ts";
import { type Explanation, explainBundle } from "../evidence/explain.ts";
import { explainRequest, type RequestExplanation } from "../evidence/explain-request.ts";
import { parseTrust, requireTrusted } from "../evidence/trust.ts";
import { verifyAny } from "../evidence/verify.ts";
import { actsTable, leftOut, listOf, partiesTable, sectionOf, utc } from "./report.ts";
import { pairs, printable, safeJson, table } from "./table.ts";
import { languageIn, say, text } from "./text.ts";
import { requestReportOf } from "./verify-request.ts";

const HELP = text(
  `Usage: entente verify FILE [--trust FILE] [--json] [--lang en|zh-CN]

Verifies an evidence bundle: offline, without an account, with the rules that ledger and enclave ran.
  --trust FILE  JSON with what you know from elsewhere; anything that differs is refused:
                {"ledger": "name+hash+key", "enclaves": [{"provider": "tdx", "measurement": "hex"}],
                 "members": {"NICKNAME or APPID or id": "SHA-256 of the CA certificate, hex"}}
  --json        one JSON object: {"ok": true, "ms": 12, "task": {…}, …}

Exit status: 0 everything holds, 1 something does not, 2 wrong use.`,
  `用法：entente verify FILE [--trust FILE] [--json] [--lang en|zh-CN]

离线验证证据包：无需账号，使用与账本和可信执行环境相同的规则。
  --trust FILE  JSON，记录您从其他途径得知的信息；任何不一致都会被拒绝：
                {"ledger": "name+hash+key", "enclaves": [{"provider": "tdx", "measurement": "hex"}],
                 "members": {"昵称、APPID 或编号": "CA 证书的 SHA-256（十六进制）"}}
  --json        输出一个 JSON 对象：{"ok": true, "ms": 12, "task": {…}, …}

退出状态：0 全部成立，1 存在不成立的内容，2 用法错误。`,
);

const HOLDS = text("✔ The bundle holds ({ms} ms).", "✔ 证据包成立（{ms} 毫秒）。");
const FAILS = text("✘ The bundle does not hold: {reason}", "✘ 证据包不成立：{reason}");
const UNREADABLE = text("The file {path} cannot be read ({reason}).", "无法读取文件 {path}（{reason}）。");

const TITLES = {
  task: text("Task", "计算任务"),
  agreed: text("Who agreed to what, and when", "谁在何时同意了什么"),
  parties: text("Who they are (SHA-256 of their CA's certificate)", "各方身份（CA 证书的 SHA-256）"),
  ran: text("Which code ran where", "运行了什么代码，在何处运行"),
  data: text("On which data", "使用的数据"),
  result: text("Result", "结果"),
  checked: text("Checked", "已检查"),
  unproven: text("NOT proven", "未能证明"),
};

const NAMES = {
  id: text("id", "编号"),
  name: text("name", "名称"),
  schedule: text("scheduled", "定时任务"),
  digest: text("task digest", "任务摘要"),
  alliance: text("alliance", "计算联盟"),
  creator: text("asked for by", "发起方"),
  receiver: text("result goes to", "结果使用方"),
  model: text("model", "计算模型"),
  archive: text("archive (SHA-256)", "模型文件（SHA-256）"),
  main: text("function", "函数"),
  measurement: text("enclave program (SHA-384)", "可信执行环境程序（SHA-384）"),
  attestation: text("attestation", "证明方式"),
  isolation: text("model kept in by", "模型隔离方式"),
  time: text("from / to", "起止时间"),
  owner: text("owner", "提供方"),
  table: text("table", "表"),
  rows: text("rows", "行数"),
  envelope: text("envelope (SHA-256)", "信封（SHA-256）"),
  result: text("SHA-256 of the sealed file", "加密文件的 SHA-256"),
  ledger: text("ledger", "账本"),
} as const;

/** The report for people. */
export const reportOf = (found: Explanation, language: Language): string => {
  const name = (key: keyof typeof NAMES) => say(NAMES[key], language);
  const title = (key: keyof typeof TITLES) => say(TITLES[key], language);
  const shown = (value: string | null) => value ?? say(leftOut, language);
  const { task, code, result, ledger } = found;
  const section = (key: keyof typeof TITLES, body: string) => sectionOf(title(key), body);
  return [
    section(
      "task",
      pairs([
        [name("name"), shown(task.name)],
        [name("id"), task.id],
        ...(task.schedule ? [[name("schedule"), task.schedule.text] as [string, string]] : []),
        [name("alliance"), shown(task.alliance)],
        [name("creator"), task.creator],
        [name("receiver"), task.receiver],
        [name("digest"), task.digest],
        [name("ledger"), ledger.key],
      ]),
    ),
    section("agreed", actsTable(found.acts, language)),
    section("parties", partiesTable(found.parties, language)),
    section(
      "ran",
      pairs([
        [name("model"), [shown(code.name), code.version, code.id].filter(Boolean).join("  ")],
        [name("archive"), code.archive],
        [name("main"), code.main],
        [name("measurement"), code.measurement],
        [name("attestation"), code.providerLabel || code.provider],
        [name("isolation"), code.isolation],
        [name("time"), `${utc(code.started)} / ${utc(code.finished)}`],
      ]),
    ),
    section(
      "data",
      table(
        [name("table"), name("name"), name("id"), name("owner"), name("rows"), name("envelope")],
        found.data.map(({ table, name, id, owner, rows, envelope }) => [
          table,
          shown(name),
          id,
          owner,
          String(rows),
          envelope,
        ]),
      ),
    ),
    section(
      "result",
      pairs([
        [name("rows"), String(result.rows)],
        [name("result"), result.digest],
      ]),
    ),
    section("checked", listOf("✔", found.checks)),
    section("unproven", listOf("•", found.notProven)),
  ].join("\n\n");
};

interface Output {
  out(line: string): void;
  error(line: string): void;
}

/** @returns the exit status */
export const verifyMain = (words: readonly string[], { out, error }: Output): 0 | 1 | 2 => {
  const language = languageIn(words);
  const parsed = parse(words);
  if (parsed instanceof Error || parsed.values.help || parsed.positionals.length !== 1) {
    if (parsed instanceof Error) error(parsed.message);
    (parsed instanceof Error || !parsed.values.help ? error : out)(say(HELP, language));
    return !(parsed instanceof Error) && parsed.values.help ? 0 : 2;
  }
  const { json = false, trust } = parsed.values;
  const [path = ""] = parsed.positionals;
  const read = readAll([path, ...(trust === undefined ? [] : [trust])]);
  if ("unreadable" in read) {
    error(say(UNREADABLE, language, { path: read.unreadable, reason: read.reason }));
    return 2;
  }
  const [bundle = new Uint8Array(0), pins] = read.files;
  try {
    const { found, ms } = check(bundle, pins, language);
    out(
      json ? safeJson({ ok: true, ms, ...found }) : `${say(HOLDS, language, { ms })}\n\n${reportIn(found, language)}`,
    );
    return 0;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    const { code, details } = refusal;
    const reason = explain(code, details, language);
    if (json) out(safeJson({ ok: false, error: { code, text: reason, details } }));
    else error(`${say(FAILS, language, { reason: printable(reason) })}\n  ${code}`);
    return 1;
  }
};

const reportIn = (found: Explanation | RequestExplanation, language: Language): string =>
  "request" in found ? requestReportOf(found, language) : reportOf(found, language);

const check = (bundle: Uint8Array, pins: Uint8Array | undefined, language: Language) => {
  const began = performance.now();
  const trust = pins ? parseTrust(Buffer.from(pins).toString("utf8")) : {};
  const verified = verifyAny(bundle);
  requireTrusted(verified, trust);
  const found =
    "request" in verified ? explainRequest(verified, language, trust) : explainBundle(verified, language, trust);
  return { found, ms: Math.round(performance.now() - began) };
};

const parse = (words: readonly string[]) => {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        trust: { type: "string" },
        json: { type: "boolean" },
        lang: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    return error as Error;
  }
};

type ReadAll = { files: Uint8Array[] } | { unreadable: string; reason: string };

const readAll = (paths: readonly string[]): ReadAll => {
  const files: Uint8Array[] = [];
  for (const path of paths)
    try {
      files.push(new Uint8Array(readFileSync(path === "-" ? 0 : path)));
    } catch (error) {
      return { unreadable: path, reason: (error as NodeJS.ErrnoException).code ?? String(error) };
    }
  return { files };
};
