/** Requests to sign: asked for with what is to be signed, and approved after it was shown. */
import { type KeyMessage, KeyMessage as Message } from "../../rules/key-messages.ts";
import { approveRequest, awaitRequest, requestSignatures, verifySignatures } from "../../sdk/workflows/key-requests.ts";
import type { Command } from "../command.ts";
import { refuse } from "../errors.ts";
import { readText } from "../files.ts";
import { argOf, type Given, isSet, textOf, textsOf } from "../given.ts";
import { recognise } from "../members.ts";
import { safeJson } from "../table.ts";
import { text } from "../text.ts";

const SIGN = "entente key-requests sign";

/** Lower-case, without what Ethereum writes before it. */
const hexOf = (value: string): string => value.toLowerCase().replace(/^0x/, "");

/** In the order of kinds; who mixes them gives `--input` to `key-requests create`. @throws Refusal usage.value */
const messagesOf = (given: Given): KeyMessage[] => {
  const checked = (flag: string, value: string, message: unknown): KeyMessage => {
    const parsed = Message.safeParse(message);
    if (parsed.success) return parsed.data;
    throw refuse("usage.value", {
      flag: `--${flag}`,
      value,
      expected: "hex of whole bytes; a digest has 32",
      command: SIGN,
    });
  };
  const each = (flag: string, message: (value: string) => unknown) =>
    textsOf(given, flag).map((value) => checked(flag, value, message(value)));
  const messages = [
    ...each("digest", (value) => ({ kind: "digest", hex: hexOf(value) })),
    ...each("message", (value) => ({ kind: "message", hex: Buffer.from(value).toString("hex") })),
    ...each("transaction", (value) => ({ kind: "transaction", hex: hexOf(value) })),
    ...each("typed-data", (file) => ({ kind: "typed-data", json: readText(file) })),
  ];
  if (messages.length === 0)
    throw refuse("usage.missing", { what: "--digest, --message, --transaction or --typed-data", command: SIGN });
  return messages;
};

const sign: Command = {
  words: ["key-requests", "sign"],
  summary: text("Ask a key to sign, and wait until it has", "请求密钥签名并等待结果"),
  args: [{ name: "key" }],
  flags: [
    {
      name: "digest",
      type: "text",
      many: true,
      value: "HEX",
      summary: text("32 bytes, signed as they are", "32 字节摘要"),
    },
    { name: "message", type: "text", many: true, value: "TEXT" },
    {
      name: "transaction",
      type: "text",
      many: true,
      value: "HEX",
      summary: text("unsigned Ethereum transaction", "未签名的以太坊交易"),
    },
    {
      name: "typed-data",
      type: "text",
      many: true,
      value: "FILE",
      summary: text("EIP-712, as JSON", "EIP-712 结构化数据的 JSON 文件"),
    },
    { name: "note", type: "text", summary: text("what for; approvers read it", "用途说明，供审批方查看") },
    {
      name: "no-wait",
      type: "boolean",
      summary: text("answer once it is asked for", "提交后立即返回"),
    },
  ],
  async run(context, given) {
    const client = context.client();
    const asked = await requestSignatures(client, {
      key: argOf(given, "key"),
      messages: messagesOf(given),
      note: textOf(given, "note"),
    });
    if (isSet(given, "no-wait")) return asked.resource;
    const found = await awaitRequest(client, asked.resource.id);
    if (found.state === "completed") verifySignatures(found);
    return found;
  },
};

const SIGNING = text("About to approve {id}, asked for by {member}: {note}", "即将批准 {id}，请求方 {member}：{note}");
const WITH = text("Key {key} ({scheme})", "密钥 {key}（{scheme}）");
const WHAT = text("{number}. {kind}: {reading}", "{number}. {kind}：{reading}");

const approve: Command = {
  words: ["key-requests", "approve"],
  summary: text("Approve a request over what its requester has signed", "核对请求方签署的内容并批准"),
  args: [{ name: "id" }],
  flags: [],
  run: (context, given) =>
    approveRequest(context.client(), argOf(given, "id"), {
      async review({ id, requester, note, key, messages }) {
        context.note(SIGNING, { id, member: await recognise(context, requester), note });
        context.note(WITH, { key: key.alias ?? key.id, scheme: key.scheme });
        for (const [i, { message, reading }] of messages.entries())
          context.note(WHAT, { number: i + 1, kind: message.kind, reading: safeJson(reading ?? message) });
      },
    }),
};

export const keyRequestCommands: readonly Command[] = [sign, approve];
