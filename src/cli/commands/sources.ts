/** Data sources: sealed on this machine, then registered with their columns described. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { Readable } from "node:stream";
import { sha256Hex } from "#crypto";
import { concat } from "../../base/bytes.ts";
import { DAY, iso } from "../../base/clock.ts";
import { csvHeader } from "../../sdk/workflows/csv-header.ts";
import { describeSource } from "../../sdk/workflows/describe-source.ts";
import { connectionBytes } from "../../sdk/workflows/destination.ts";
import { governSource, grantSource } from "../../sdk/workflows/grant-source.ts";
import { type PreparedSource, prepareSource, registerSource, sealSource } from "../../sdk/workflows/register-source.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import type { Command, Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { readColumns } from "../csv.ts";
import { readJson, readPieces, readText, sizeOf } from "../files.ts";
import { argOf, type Given, requiredText, textOf, textsOf } from "../given.ts";
import { recognise } from "../members.ts";
import { counting } from "../progress.ts";
import { text } from "../text.ts";
import { ENCLAVE_FLAG, PERMISSION_FLAGS, permissionOf } from "./common.ts";
import { connectionFlags, connectionOf } from "./connection.ts";

const TYPE: Flag = {
  name: "type",
  type: "text",
  choices: ["csv", "parquet"],
  summary: text("by the file's name, unless given", "默认按文件名判断"),
};
const DESCRIBE: Flag = {
  name: "describe",
  type: "pair",
  many: true,
  value: "COLUMN=TEXT",
  summary: text("what a column is", "字段说明"),
};
const POLICY: Flag = {
  name: "policy",
  type: "text",
  value: "FILE.json",
  summary: text("what you ask of every result (docs: gate)", "结果策略"),
};
const policyFlag = (given: Given) => {
  const path = textOf(given, "policy");
  return { ...(path !== undefined && { policy: readJson(path) }) };
};
const METADATA: Flag = {
  name: "metadata",
  type: "text",
  value: "FILE.csv",
  summary: text("descriptions from a table of two columns: name, description", "从两列（字段名、说明）的元数据表读取"),
};

export const LOCATION: Flag = {
  name: "location",
  type: "text",
  value: "FILE.json",
  summary: text("of an object (s3): endpoint, bucket, key, credentials", "对象（s3）的位置与凭据"),
};
export const METADATA_TABLE: Flag = {
  name: "metadata-table",
  type: "text",
  summary: text("table of the database that describes the columns", "元数据表名"),
};

const typeOf = (given: Given): string =>
  textOf(given, "type") ?? (extname(argOf(given, "file")) === ".parquet" ? "parquet" : "csv");

const SEALING = text("Sealing", "加密中");
const UPLOADING = text("Uploading", "上传中");

/** Seals to a temporary file first, since an upload names its digest before it begins; then has the structure read. */
const sealAndStore = async (context: Context, given: Given): Promise<PreparedSource> => {
  const path = argOf(given, "file");
  const type = typeOf(given);
  const total = sizeOf(path);
  const [enclave, owner] = await Promise.all([context.enclave(textOf(given, "enclave")), context.member()]);
  const directory = await mkdtemp(join(tmpdir(), "entente-seal-"));
  try {
    const sealed = join(directory, "envelope");
    const content = counting(readPieces(path), context.progress(SEALING, total));
    const { digest, size } = await writeHashed(sealed, sealSource(content, { owner, enclave, type }));
    const pieces = counting(createReadStream(sealed), context.progress(UPLOADING, size));
    const stream = Readable.toWeb(Readable.from(pieces)) as ReadableStream<Uint8Array>;
    const header = type === "csv" ? await csvHeader(readPieces(path)) : undefined;
    const envelope = { stream, digest, size };
    return await prepareSource(context.client(), context.identity(), envelope, { enclave, type, header });
  } finally {
    await rm(directory, { recursive: true });
  }
};

/** Seals what the enclave reads the table through; the table itself stays where it is. */
const connect = async (context: Context, given: Given, type: string, plain: Uint8Array): Promise<PreparedSource> => {
  const [enclave, owner] = await Promise.all([context.enclave(textOf(given, "enclave")), context.member()]);
  const envelope = concat(...(await Array.fromAsync(sealSource([plain], { owner, enclave, type }))));
  return prepareSource(context.client(), context.identity(), envelope, { enclave, type });
};

const writeHashed = async (path: string, pieces: AsyncIterable<Uint8Array>) => {
  const hash = createHash("sha256");
  const file = await open(path, "wx", 0o600);
  let size = 0;
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      size += piece.length;
      await file.write(piece);
    }
  } finally {
    await file.close();
  }
  return { digest: hash.digest("hex"), size };
};

/** What `--metadata` and `--describe` say, the latter over the former. */
const descriptionsOf = (given: Given): Record<string, string> => {
  const path = textOf(given, "metadata");
  const described = Object.entries((given.flags.describe as object | undefined) ?? {});
  return {
    ...(path !== undefined && readColumns(path)),
    ...Object.fromEntries(described.map(([column, words]) => [column, String(words)])),
  };
};

/** Descriptions of columns that the table does not have are left out of a metadata table, which may tell of many. */
const fitting = (descriptions: Record<string, string>, columns: readonly { name: string }[], given: Given) => {
  const asked = new Set(Object.keys((given.flags.describe as object | undefined) ?? {}));
  const there = new Set(columns.map(({ name }) => name));
  return Object.fromEntries(Object.entries(descriptions).filter(([name]) => asked.has(name) || there.has(name)));
};

const metadataName = (given: Given): string => {
  const path = textOf(given, "metadata");
  return path === undefined ? "" : (path.split(/[\\/]/).at(-1) ?? "");
};

const grant: Command["run"] = async (context, given) => {
  const names = textsOf(given, "column");
  const others = textsOf(given, "with");
  const key = textOf(given, "key");
  const workers = await Promise.all(textsOf(given, "worker").map((id) => context.enclave(id)));
  const member = textOf(given, "member") ?? "";
  const parameters = given.flags.parameter as Record<string, string | number | boolean> | undefined;
  const terms = {
    member,
    receiver: textOf(given, "receiver") ?? member,
    ...(key !== undefined && { key: sha256Hex(receiverKey(readText(key)).publicKey.spki) }),
    model: textOf(given, "model") ?? "",
    table: textOf(given, "table") ?? "",
    ...(others.length > 0 && { with: [...others] }),
    ...(workers.length > 0 && { workers: workers.map(({ id }) => id).sort() }),
    ...(names.length > 0 && { columns: names }),
    ...(parameters && { parameters }),
    rows: given.flags.rows as number,
    runs: given.flags.runs as number,
    expires: iso(Date.now() + (given.flags.days as number) * DAY),
  };
  return grantSource(context.client(), argOf(given, "id"), terms, async (signed, { model, author, columns }) => {
    const { archive, main, table, receiver, key: only, with: others, columns: _, ...rest } = signed;
    context.note(SIGNING_GRANT, { model, archive, main, author: await recognise(context, author) });
    context.note(GRANTED_COLUMNS, { table, columns: columns.join(", "), others: others?.join(", ") ?? "-" });
    context.note(GRANTED_TERMS, { receiver, key: only ?? "-", terms: JSON.stringify(rest) });
  });
};

const SIGNING_GRANT = text(
  "About to agree in advance to {main} of model {model} (archive {archive}): {author}",
  "即将预先授权计算模型 {model} 的 {main}（文件 {archive}）：{author}",
);
const GRANTED_COLUMNS = text(
  "It may read, as {table}: {columns}. Beside other sources: {others}",
  "允许其以 {table} 读取：{columns}。可同时使用的其他数据源：{others}",
);
const GRANTED_TERMS = text("Results to {receiver}, key {key}; {terms}", "结果使用方 {receiver}，公钥 {key}；{terms}");
const SIGNING_POLICY = text("About to ask of every result: {policy}", "即将对所有结果要求：{policy}");

export const sourceCommands: readonly Command[] = [
  {
    words: ["sources", "structure"],
    summary: text("Seal a table and have the enclave read its structure", "加密数据并获取表结构"),
    args: [{ name: "file" }],
    flags: [TYPE, ENCLAVE_FLAG],
    async run(context, given) {
      const { columns, rows, envelope } = await sealAndStore(context, given);
      return { rows, envelope: envelope.digest, columns };
    },
  },
  {
    words: ["sources", "register"],
    summary: text("Seal a table to the enclave and register it", "将数据加密给可信执行环境并登记为数据源"),
    args: [{ name: "file" }],
    flags: [
      { name: "name", type: "text", required: true, limits: "1..50" },
      { name: "description", type: "text", limits: "0..100" },
      TYPE,
      DESCRIBE,
      METADATA,
      POLICY,
      ...PERMISSION_FLAGS,
      ENCLAVE_FLAG,
    ],
    async run(context, given) {
      const permission = permissionOf(given, "entente sources register");
      const described = descriptionsOf(given);
      const prepared = await sealAndStore(context, given);
      return registerSource(context.client(), prepared, {
        name: textOf(given, "name") ?? "",
        description: textOf(given, "description"),
        permission,
        ...policyFlag(given),
        descriptions: fitting(described, prepared.columns, given),
        metadata: metadataName(given),
      });
    },
  },
  {
    words: ["sources", "connect"],
    summary: text(
      "Seal how a database is reached to the enclave, and register its table",
      "将数据库连接信息加密给可信执行环境，并登记其中的表",
    ),
    args: [],
    flags: [
      { name: "name", type: "text", required: true, limits: "1..50" },
      { name: "description", type: "text", limits: "0..100" },
      { name: "type", type: "text", choices: ["mysql", "postgresql", "s3"], default: "mysql" },
      LOCATION,
      ...connectionFlags(),
      METADATA_TABLE,
      DESCRIBE,
      POLICY,
      ...PERMISSION_FLAGS,
      ENCLAVE_FLAG,
    ],
    async run(context, given) {
      const command = "entente sources connect";
      const permission = permissionOf(given, command);
      const type = textOf(given, "type") ?? "mysql";
      const metadata = textOf(given, "metadata-table") ?? "";
      const connection =
        type === "s3"
          ? readJson(requiredText(given, "location", command))
          : { ...connectionOf(given, type, command), metadata };
      const prepared = await connect(context, given, type, connectionBytes(type, connection));
      return registerSource(context.client(), prepared, {
        name: textOf(given, "name") ?? "",
        description: textOf(given, "description"),
        permission,
        ...policyFlag(given),
        descriptions: fitting(descriptionsOf(given), prepared.columns, given),
        metadata,
      });
    },
  },
  {
    words: ["sources", "govern"],
    summary: text("Change what you ask of results; nothing, without a file", "修改结果策略，不给出文件则取消"),
    args: [{ name: "id" }],
    flags: [POLICY],
    run: (context, given) =>
      governSource(context.client(), argOf(given, "id"), policyFlag(given).policy, (policy) =>
        context.note(SIGNING_POLICY, { policy: JSON.stringify(policy ?? {}) }),
      ),
  },
  {
    words: ["sources", "grant"],
    summary: text(
      "Agree in advance to tasks of one shape: this model, these columns, so many rows and runs, until then",
      "预先授权特定形式的任务：指定模型、字段、行数、次数与截止时间",
    ),
    args: [{ name: "id" }],
    flags: [
      {
        name: "member",
        type: "text",
        required: true,
        value: "ID",
        summary: text("who may create the tasks", "可发起任务的成员"),
      },
      {
        name: "receiver",
        type: "text",
        value: "ID",
        summary: text("who receives the results; the same", "结果使用方，默认同上"),
      },
      {
        name: "model",
        type: "text",
        required: true,
        value: "ID",
        summary: text("in the version of now", "计算模型（当前版本）"),
      },
      { name: "table", type: "text", required: true, summary: text("the model's table that it fills", "对应的模型表") },
      {
        name: "with",
        type: "text",
        many: true,
        value: "STREAM",
        summary: text("other sources that the task may have; none", "允许同时使用的其他数据源，默认无"),
      },
      {
        name: "worker",
        type: "text",
        many: true,
        value: "ENCLAVE",
        summary: text(
          "enclaves that it may run in beside the one that the source is sealed to; none",
          "除数据源所加密的环境外可执行任务的可信执行环境，默认无",
        ),
      },
      {
        name: "column",
        type: "text",
        many: true,
        summary: text("columns that it may read; all", "允许读取的字段，默认全部"),
      },
      {
        name: "parameter",
        type: "pair",
        many: true,
        summary: text("exactly these; any", "任务参数须与此完全一致，默认不限"),
      },
      { name: "rows", type: "integer", default: 10_000, summary: text("rows of a result at most", "结果行数上限") },
      { name: "runs", type: "integer", required: true, summary: text("how many tasks", "可执行次数") },
      { name: "days", type: "integer", default: 30, summary: text("how long it is good", "有效天数") },
      {
        name: "key",
        type: "text",
        value: "FILE.pem",
        summary: text("the only key that results are sealed to", "结果只能加密给该公钥"),
      },
    ],
    run: grant,
  },
  {
    words: ["sources", "describe"],
    summary: text("Change the name or the descriptions of a data source", "修改数据源名称与字段说明"),
    args: [{ name: "id" }],
    flags: [
      { name: "name", type: "text", limits: "1..50" },
      { name: "description", type: "text", limits: "0..100" },
      DESCRIBE,
      METADATA,
    ],
    async run(context, given) {
      const described = descriptionsOf(given);
      return describeSource(context.client(), argOf(given, "id"), {
        name: textOf(given, "name"),
        description: textOf(given, "description"),
        metadata: metadataName(given) || undefined,
        descriptions: (columns) => fitting(described, columns, given),
      });
    },
  },
];
