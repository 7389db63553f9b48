/** Diagnostics of a failed task: asked for, decided on, opened. */
import {
  authoriseDiagnostics,
  openDiagnostics,
  refuseDiagnostics,
  requestDiagnostics,
} from "../../sdk/workflows/diagnostics.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import type { Command } from "../command.ts";
import { readSecret, readText, writeTo } from "../files.ts";
import { argOf, textOf } from "../given.ts";
import { recognise } from "../members.ts";
import { trustedEnclaves } from "../profile.ts";
import { text } from "../text.ts";

const request: Command = {
  words: ["tasks", "request-diagnostics"],
  summary: text(
    "Ask every data provider to let you read why a task of yours failed",
    "请全部数据提供方授权您查看任务的失败诊断",
  ),
  args: [{ name: "id" }],
  flags: [
    {
      name: "key",
      type: "text",
      required: true,
      value: "FILE.pem",
      summary: text("the public key that the diagnostics are sealed to", "用于加密失败诊断的公钥"),
    },
  ],
  run: (context, given) =>
    requestDiagnostics(context.client(), argOf(given, "id"), readText(textOf(given, "key") ?? "")),
};

const SIGNING = text(
  "About to agree that diagnostics of {id} leave the enclave: up to 16 KiB that the model chose, past every policy. They may hold rows of yours",
  "即将同意 {id} 的失败诊断离开可信执行环境：由模型选择的至多 16 KiB 内容，不受结果策略约束，其中可能含有您的数据",
);
const READER = text("Read by: {member}, key {key}", "查看方：{member}，公钥 {key}");
const REQUEST = text("Request {request}, failure {code}", "申请 {request}，失败代码 {code}");

const authorise: Command = {
  words: ["tasks", "authorise-diagnostics"],
  summary: text(
    "Agree that the diagnostics of a failed task go to whoever asked for them",
    "同意将任务的失败诊断提供给申请方",
  ),
  args: [{ name: "id" }],
  flags: [],
  run: (context, given) =>
    authoriseDiagnostics(context.client(), argOf(given, "id"), {
      async review(task, asked) {
        context.note(SIGNING, { id: task.id });
        context.note(READER, { member: await recognise(context, asked.by), key: receiverKey(asked.key).thumbprint });
        context.note(REQUEST, { request: asked.request, code: task.failure?.code ?? "-" });
      },
    }),
};

const refuse: Command = {
  words: ["tasks", "refuse-diagnostics"],
  summary: text(
    "Refuse the diagnostics of a failed task, or take your authorisation of them back",
    "拒绝提供任务的失败诊断，或撤回相应授权",
  ),
  args: [{ name: "id" }],
  flags: [],
  run: (context, given) => refuseDiagnostics(context.client(), argOf(given, "id")),
};

const get: Command = {
  words: ["tasks", "diagnostics"],
  summary: text(
    "Fetch the diagnostics that you asked for and open them with your private key",
    "获取您申请的失败诊断并使用私钥解密",
  ),
  args: [{ name: "id" }],
  flags: [
    { name: "key", type: "text", required: true, value: "FILE.pem" },
    {
      name: "key-passphrase-file",
      type: "text",
      value: "FILE",
      summary: text("passphrase of that key", "该私钥的口令文件"),
    },
    { name: "out", type: "text", value: "FILE" },
  ],
  async run(context, given) {
    const secret = textOf(given, "key-passphrase-file");
    const found = await openDiagnostics(context.client(), argOf(given, "id"), readText(textOf(given, "key") ?? ""), {
      passphrase: secret === undefined ? undefined : readSecret(secret),
      enclaves: trustedEnclaves(context.settings()),
    });
    const out = textOf(given, "out");
    if (out !== undefined) {
      writeTo(out, found, { secret: true });
      return { file: out, size: Buffer.byteLength(found) };
    }
    if (context.json) return { text: found };
    context.print(harmless(found));
    return undefined;
  },
};

/** Lines as they are, without what steers a terminal. */
const harmless = (found: string): string => found.replace(/[^\n\t\P{Cc}]|\p{Cf}/gu, "");

export const diagnosticsCommands: readonly Command[] = [request, authorise, refuse, get];
