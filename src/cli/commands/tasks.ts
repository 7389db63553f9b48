/** Tasks, from asking to the opened result. */
import { type AboutToSign, authoriseTask, type Destination } from "../../sdk/workflows/authorise.ts";
import { createTask, type TaskParts } from "../../sdk/workflows/create-task.ts";
import { prepareDestination } from "../../sdk/workflows/destination.ts";
import { dryRunTask } from "../../sdk/workflows/dry-run.ts";
import { openResult } from "../../sdk/workflows/open-result.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { readBytes, readSecret, readText, writeTo } from "../files.ts";
import { save } from "../generated.ts";
import { argOf, type Given, textOf, textsOf } from "../given.ts";
import { recognise, requireNoOther } from "../members.ts";
import { trustedEnclaves } from "../profile.ts";
import { text } from "../text.ts";
import { connectionFlags, connectionOf } from "./connection.ts";
import { code, reviewCode } from "./task-code.ts";
import { SCHEDULE_FLAGS, scheduleLine, scheduleOf } from "./task-schedule.ts";

/**
 * A member of the alliance by stream id, APPID or nickname, as its own statement has it; the caller itself where
 * nobody is named.
 */
const receiverOf = async (context: Context, alliance: string, name: string | undefined): Promise<string> => {
  if (name === undefined) return context.member();
  const { members } = await context.client().alliances.get({ id: alliance });
  const found = members.filter(({ id, appId, nickname }) => [id, appId, nickname].includes(name));
  const [only, ...more] = found;
  if (only && more.length === 0) {
    if (name !== only.id) requireNoOther(context, name, only);
    context.note(RECEIVER, { member: await recognise(context, only) });
    return only.id;
  }
  const known = members.map(({ nickname, appId }) => `${nickname} (${appId})`).join(", ");
  throw refuse("member.in-alliance", { name, members: known });
};

const RECEIVER = text("Result receiver: {member}", "结果使用方：{member}");
const MODEL = text("Model {id} (archive {digest}): {member}", "计算模型 {id}（文件 {digest}）：{member}");
const SOURCE = text("Data source {id} (envelope {digest}): {member}", "数据源 {id}（信封 {digest}）：{member}");
const WORKER = text("  or, of the same kind: {id}", "  或同类的可信执行环境：{id}");
const ENCLAVE = text("Enclave {id}: {provider}, {measurement}", "可信执行环境 {id}：{provider}，{measurement}");

/** Shows what the creator is about to sign, everybody in it recognised. */
const reviewParts = async (context: Context, { model, sources, enclave, workers = [] }: TaskParts): Promise<void> => {
  const { id, archive, creator } = model;
  context.note(MODEL, { id, digest: archive.digest, member: await recognise(context, creator) });
  for (const { id, envelope, creator } of sources)
    context.note(SOURCE, { id, digest: envelope.digest, member: await recognise(context, creator) });
  context.note(ENCLAVE, { ...enclave });
  for (const id of workers) context.note(WORKER, { id });
};

/** `D2026…=measurements`, with the columns that the model may read: `D2026…=measurements:a,b` */
const sourceOf = (given: string, grants: Readonly<Record<string, string>>) => {
  const [, id, table, columns] = /^([^=]+)=(\w+)(?::(.+))?$/s.exec(given) ?? [];
  if (id === undefined || table === undefined)
    throw refuse("usage.value", {
      flag: "--source",
      value: given,
      expected: "ID=TABLE[:COLUMN,…]",
      command: "entente tasks create",
    });
  return { id, table, columns: columns?.split(","), grant: grants[id] };
};

const workersOf = (named: readonly string[]): "all" | string[] | undefined => {
  if (named.length === 0) return undefined;
  return named.includes("all") ? "all" : named.filter((one) => one !== "none");
};

const limitsOf = ({ flags }: Given) => ({
  ...(flags.rows !== undefined && { rows: flags.rows as number }),
  ...(flags.seconds !== undefined && { seconds: flags.seconds as number }),
  ...(flags.memory !== undefined && { memory: flags.memory as number }),
});

const create: Command = {
  words: ["tasks", "create"],
  summary: text("Create a task from a model and up to five data sources", "新建计算任务（一个模型、至多五个数据源）"),
  args: [],
  flags: [
    { name: "name", type: "text", required: true, limits: "1..50" },
    { name: "description", type: "text", limits: "0..100" },
    { name: "alliance", type: "text", required: true, value: "ID" },
    {
      name: "receiver",
      type: "text",
      value: "MEMBER",
      summary: text("id, APPID or nickname of a member; yourself", "结果使用方的编号、APPID 或昵称，默认为自己"),
    },
    { name: "model", type: "text", required: true, value: "ID" },
    {
      name: "source",
      type: "text",
      many: true,
      required: true,
      value: "ID=TABLE[:COLUMN,…]",
      summary: text(
        "a data source, the model's table that it fills, and the columns that the model may read: all, unless named",
        "数据源、其对应的模型表，以及允许模型读取的字段（默认全部）",
      ),
    },
    {
      name: "grant",
      type: "pair",
      many: true,
      value: "ID=GRANT",
      summary: text(
        "a grant that stands for the authorisation of that source's owner",
        "代替该数据源所有者授权的授权凭证",
      ),
    },
    { name: "parameter", type: "pair", many: true, summary: text("parameter of the model", "模型参数") },
    {
      name: "worker",
      type: "text",
      many: true,
      summary: text(
        "an enclave that may run it beside the alliance's: an id, none, or all of its kind (without grants, unless named)",
        "除联盟的环境外可执行该任务的可信执行环境：编号、none 或 all（未使用授权凭证时默认为同类的全部）",
      ),
    },
    { name: "rows", type: "integer", default: 10_000, summary: text("rows of the result at most", "结果行数上限") },
    { name: "seconds", type: "integer", default: 600, summary: text("how long it may run", "最长运行秒数") },
    { name: "memory", type: "integer", default: 1_024, summary: text("memory in MiB", "内存（MiB）") },
    ...SCHEDULE_FLAGS,
    {
      name: "start",
      type: "text",
      choices: ["automatic", "manual"],
      default: "automatic",
      summary: text("run when the last has authorised, or when you say", "授权完成后自动执行，或手动执行"),
    },
  ],
  async run(context, given) {
    const alliance = textOf(given, "alliance") ?? "";
    const grants = (given.flags.grant as Record<string, string> | undefined) ?? {};
    const task = {
      name: textOf(given, "name") ?? "",
      description: textOf(given, "description"),
      alliance,
      receiver: await receiverOf(context, alliance, textOf(given, "receiver")),
      model: textOf(given, "model") ?? "",
      sources: textsOf(given, "source").map((one) => sourceOf(one, grants)),
      parameters: given.flags.parameter as Record<string, string | number | boolean> | undefined,
      limits: limitsOf(given),
      workers: workersOf(textsOf(given, "worker")),
      start: textOf(given, "start") as "automatic" | "manual" | undefined,
      schedule: scheduleOf(given),
    };
    return createTask(context.client(), task, {
      enclaves: trustedEnclaves(context.settings()),
      review: (parts) => reviewParts(context, parts),
    });
  },
};

const SIGNING = {
  receiver: text("About to sign {id} as the result receiver: {digest}", "即将作为结果使用方签署 {id}：{digest}"),
  source: text("About to sign {id} as a data provider: {digest}", "即将作为数据源提供方签署 {id}：{digest}"),
  model: text("About to sign {id} as the model provider: {digest}", "即将作为模型提供方签署 {id}：{digest}"),
} as const;

const COLUMNS = text(
  "  as {table}, columns that the model may read: {columns}",
  "  对应 {table}，允许模型读取的字段：{columns}",
);
const GRANTED = text("  under the grant {grant}", "  依据授权凭证 {grant}");
const LIMITS = text(
  "At most {rows} rows of a result, {seconds} s, {memory} MiB",
  "结果至多 {rows} 行，运行至多 {seconds} 秒，内存至多 {memory} MiB",
);
const PARAMETERS = text("{main}({parameters})", "{main}（{parameters}）");

/** Shows what an authorisation is about to sign, everybody in it recognised: the receiver above all. */
export const reviewTask = async (context: Context, { part, task, digest, provider }: AboutToSign): Promise<void> => {
  const { definition, receiver, model, sources } = task;
  if (receiver.id !== definition.receiver)
    throw refuse("member.other", { name: receiver.nickname, found: receiver.id, member: definition.receiver });
  const lines: Parameters<Context["note"]>[] = [
    [SIGNING[part], { id: task.id, digest }],
    [RECEIVER, { member: await recognise(context, receiver) }],
    [MODEL, { id: model.id, digest: definition.model.archive, member: await recognise(context, model.owner) }],
  ];
  for (const [i, { envelope, table, columns, grant }] of definition.sources.entries()) {
    const shown = sources[i];
    const member = shown ? await recognise(context, shown.owner) : "?";
    lines.push([SOURCE, { id: shown?.id ?? "?", digest: envelope, member }]);
    const names = shown?.columns.filter((_, at) => columns?.includes(at) ?? true).map(({ name }) => name) ?? [];
    lines.push([COLUMNS, { table, columns: names.join(", ") }]);
    if (grant !== undefined) lines.push([GRANTED, { grant }]);
  }
  const { rows, seconds, memory } = definition.limits;
  lines.push(
    [LIMITS, { rows, seconds, memory }],
    [PARAMETERS, { main: definition.model.main, parameters: JSON.stringify(definition.parameters) }],
  );
  if (definition.schedule) lines.push(scheduleLine(definition.schedule));
  const { enclave: id, measurement } = definition;
  lines.push([ENCLAVE, { id, provider, measurement }]);
  for (const id of definition.workers ?? []) lines.push([WORKER, { id }]);
  for (const line of lines) context.note(...line);
};

/** Seals the receiver's database to the task's enclave and has it tested from there. */
const destinationOf = async (context: Context, given: Given, id: string): Promise<Destination | undefined> => {
  const type = textOf(given, "sink") ?? "sealed-file";
  if (type === "sealed-file") return undefined;
  const connection = connectionOf(given, type, "entente tasks authorise", "sink-");
  const { definition } = await context.client().tasks.get({ id });
  const [owner, enclave] = await Promise.all([context.member(), context.enclave(definition.enclave)]);
  context.note(TESTING, { host: String(connection.host) });
  return prepareDestination(context.client(), context.identity(), connection, { owner, enclave, type });
};

const TESTING = text("Testing {host} from the enclave", "正在从可信执行环境测试连接 {host}");

const authorise: Command = {
  words: ["tasks", "authorise"],
  summary: text("Authorise a task in whichever part is your turn", "按当前步骤对计算任务授权"),
  args: [{ name: "id" }],
  flags: [
    {
      name: "key",
      type: "text",
      value: "FILE.pem",
      summary: text("as the receiver: the public key that the result is sealed to", "结果使用方：用于加密结果的公钥"),
    },
    {
      name: "sink",
      type: "text",
      choices: ["sealed-file", "mysql", "postgresql"],
      default: "sealed-file",
      summary: text("as the receiver: where the sealed result goes", "结果使用方：加密结果的接收方式"),
    },
    ...connectionFlags("sink-"),
  ],
  async run(context, given) {
    const path = textOf(given, "key");
    const id = argOf(given, "id");
    const { part, ...answer } = await authoriseTask(context.client(), id, {
      me: await context.member(),
      ...(path !== undefined && { key: readText(path) }),
      destination: await destinationOf(context, given, id),
      enclaves: trustedEnclaves(context.settings()),
      async review(about) {
        await reviewTask(context, about);
        await reviewCode(context, given, about);
      },
    });
    context.note(AUTHORISED[part], { digest: answer.resource.digest });
    return answer;
  },
};

const AUTHORISED = {
  receiver: text("Authorised as the result receiver: {digest}", "已作为结果使用方授权：{digest}"),
  source: text("Authorised as a data provider: {digest}", "已作为数据源提供方授权：{digest}"),
  model: text("Authorised as the model provider: {digest}", "已作为模型提供方授权：{digest}"),
} as const;

const result: Command = {
  words: ["tasks", "result"],
  summary: text("Download the result and open it with your private key", "下载结果并使用私钥解密"),
  args: [{ name: "id" }],
  flags: [
    { name: "key", type: "text", required: true, value: "FILE.pem" },
    {
      name: "key-passphrase-file",
      type: "text",
      value: "FILE",
      summary: text("passphrase of that key", "该私钥的口令文件"),
    },
    {
      name: "envelope",
      type: "text",
      value: "FILE",
      summary: text("the sealed result, if it went into your database", "加密结果文件（结果写入自有数据库时）"),
    },
    { name: "out", type: "text", value: "FILE" },
  ],
  async run(context, given) {
    const secret = textOf(given, "key-passphrase-file");
    const pem = readText(textOf(given, "key") ?? "");
    const passphrase = secret === undefined ? undefined : readSecret(secret);
    const { enclaves } = context.settings();
    const envelope = textOf(given, "envelope");
    const csv = await openResult(context.client(), argOf(given, "id"), pem, {
      passphrase,
      me: await context.member(),
      ...(envelope !== undefined && { sealed: readBytes(envelope) }),
      trust: enclaves.length > 0 ? { enclaves } : {},
    });
    const out = textOf(given, "out");
    if (out !== undefined) {
      writeTo(out, csv, { secret: true });
      return { file: out, size: Buffer.byteLength(csv) };
    }
    if (context.json) return { csv };
    context.print(csv.trimEnd());
    return undefined;
  },
};

const dryRun: Command = {
  words: ["tasks", "dry-run"],
  summary: text(
    "See what the model gives for made-up rows, before you agree; the enclave signs it",
    "授权之前查看模型对合成数据的结果，由可信执行环境签名",
  ),
  args: [{ name: "id" }],
  flags: [],
  run: (context, given) =>
    dryRunTask(context.client(), argOf(given, "id"), { enclaves: trustedEnclaves(context.settings()) }),
};

const bundle: Command = {
  words: ["tasks", "bundle"],
  summary: text(
    "Download the evidence bundle; check it with `entente verify`",
    "下载证据包，可用 `entente verify` 验证",
  ),
  args: [{ name: "id" }],
  flags: [{ name: "out", type: "text", value: "FILE" }],
  run: async (context, given) =>
    save(await context.client().tasks.bundle({ id: argOf(given, "id") }), textOf(given, "out")),
};

const POLL = 200;
const ENDED = ["succeeded", "failed", "authorisation-failed"];

const wait: Command = {
  words: ["tasks", "wait"],
  summary: text("Wait until a task has ended", "等待计算任务结束"),
  args: [{ name: "id" }],
  flags: [{ name: "timeout", type: "number", default: 600, summary: text("seconds", "秒") }],
  async run(context, given) {
    const id = argOf(given, "id");
    const seconds = (given.flags.timeout as number | undefined) ?? 600;
    const until = Date.now() + seconds * 1_000;
    const client = context.client();
    for (let shown = ""; ; ) {
      const task = await client.tasks.get({ id });
      if (task.state !== shown) context.note(task.stateLabel);
      shown = task.state;
      if (task.state === "succeeded") return task;
      if (ENDED.includes(task.state)) {
        const reason = task.failure ? `${task.failure.code}: ${task.failure.text[context.language]}` : "";
        throw refuse("wait.failed", { id, state: task.state, reason, what: "tasks" });
      }
      if (Date.now() >= until) throw refuse("wait.timeout", { id, state: task.state, seconds });
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  },
};

export const taskCommands: readonly Command[] = [create, code, authorise, dryRun, result, bundle, wait];
