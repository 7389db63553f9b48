/** Signatures: asked for in one line, approved over what was read here, verified here before they are printed. */
import { sha256Hex } from "#crypto";
import { fromHex, toHex, utf8 } from "../../base/bytes.ts";
import type { KeyMessage } from "../../rules/key-messages.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import { approveRequest, awaitRequest, readRequest, requestSignatures } from "../../sdk/workflows/key-requests.ts";
import { signaturesOf } from "../../sdk/workflows/key-signatures.ts";
import type { Command, Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { readBytes, readText, writeTo } from "../files.ts";
import { save } from "../generated.ts";
import { argOf, type Given, isSet, textOf, textsOf } from "../given.ts";
import { text } from "../text.ts";
import { keyNamed, REQUEST_FLAGS } from "./key-names.ts";
import { linesOf, reviewRequest } from "./key-review.ts";

const SIGN = "entente key-requests sign";
const MINUTE = 60_000;
/** Bytes of a message in a request. */
const MESSAGE_MAX = 65_536;

const hexOf = (flag: string, given: string): string => {
  const hex = given.replace(/^0x/i, "").toLowerCase();
  if (hex === "" || !/^([0-9a-f]{2})+$/.test(hex))
    throw refuse("usage.value", { flag, value: given, expected: "HEX", command: SIGN });
  return hex;
};

/**
 * Every scheme has one way in which others verify files: of ECDSA on secp256k1, where messages are Ethereum's, that is
 * SHA-256; of the others it is what they do with messages.
 */
const ofFile = (scheme: KeyScheme, path: string): KeyMessage => {
  const bytes = readBytes(path);
  if (scheme === "ECDSA_K1") return { kind: "digest", hex: sha256Hex(bytes) };
  if (bytes.length > MESSAGE_MAX)
    throw refuse("usage.value", {
      flag: "--file",
      value: path,
      expected: `<= ${MESSAGE_MAX} B; --digest`,
      command: SIGN,
    });
  return { kind: "message", hex: toHex(bytes) };
};

const messagesOf = (given: Given, scheme: KeyScheme): KeyMessage[] => {
  const digests = textsOf(given, "digest").map((one) => hexOf("--digest", one));
  const wrong = digests.find((hex) => hex.length !== 64);
  if (wrong !== undefined)
    throw refuse("usage.value", { flag: "--digest", value: wrong, expected: "32 bytes, HEX", command: SIGN });
  const messages: KeyMessage[] = [
    ...digests.map((hex) => ({ kind: "digest" as const, hex })),
    ...textsOf(given, "file").map((path) => ofFile(scheme, path)),
    ...textsOf(given, "message").map((one) => ({ kind: "message" as const, hex: toHex(utf8(one)) })),
    ...textsOf(given, "transaction").map((one) => ({
      kind: "transaction" as const,
      hex: hexOf("--transaction", one),
    })),
    ...textsOf(given, "typed-data").map((path) => ({ kind: "typed-data" as const, json: readText(path) })),
  ];
  if (messages.length === 0)
    throw refuse("usage.missing", {
      what: "--digest | --file | --message | --transaction | --typed-data",
      command: SIGN,
    });
  return messages;
};

/** `m/0/5` */
export const pathOf = (given: string | undefined, command = SIGN): number[] | undefined => {
  if (given === undefined) return undefined;
  if (!/^(m\/)?\d{1,10}(\/\d{1,10}){0,7}$/.test(given))
    throw refuse("usage.value", { flag: "--path", value: given, expected: "m/0/5", command });
  return given.replace(/^m\//, "").split("/").map(Number);
};

const WAIT_FLAGS: readonly Flag[] = [
  { name: "timeout", type: "number", default: 600, summary: text("seconds to wait", "等待时限（秒）") },
  {
    name: "out",
    type: "text",
    value: "FILE",
    summary: text(
      "write the signature there as OpenSSL takes it; of a transaction what is sent, in hex",
      "将签名写入文件（OpenSSL 可用的格式）；交易则写入可直接发送的十六进制",
    ),
  },
];

/** @throws Refusal wait.failed, wait.timeout, request.signatures */
const signedOf = async (context: Context, given: Given, id: string) => {
  const client = context.client();
  const seconds = (given.flags.timeout as number | undefined) ?? 600;
  const request = await awaitRequest(client, id, seconds * 1_000);
  const { state, ended, action } = request;
  if (state === "pending") throw refuse("wait.timeout", { id: request.id, state, seconds });
  if (state !== "completed") {
    const failure = request.failures.find(({ code }) => code === ended?.code);
    const reason = failure ? `${failure.code}: ${failure.text[context.language]}` : (ended?.code ?? "");
    throw refuse("request.ended", { id: request.id, state: request.stateLabel[context.language], reason });
  }
  if (action === "export") return request;
  const signatures = await signaturesOf(client, request.stream);
  const out = textOf(given, "out");
  if (out !== undefined) {
    const [first, ...more] = signatures;
    if (!first || more.length > 0)
      throw refuse("usage.value", { flag: "--out", value: out, expected: "1 message", command: SIGN });
    writeTo(out, first.transaction ?? fromHex(first.encoded));
  }
  context.note(VERIFIED, { count: signatures.length, publicKey: request.publicKey });
  if (context.json) return { id: request.id, key: request.key, publicKey: request.publicKey, signatures };
  for (const { transaction, signature } of signatures) context.print(transaction ?? signature);
  return undefined;
};
const VERIFIED = text(
  "{count} verified on this machine under {publicKey}",
  "{count} 个签名已在本机以公钥 {publicKey} 验证",
);

const sign: Command = {
  words: ["key-requests", "sign"],
  summary: text("Ask a key to sign", "请求密钥签名"),
  args: [{ name: "key" }],
  flags: [
    {
      name: "digest",
      type: "text",
      many: true,
      value: "HEX",
      summary: text("32 bytes, signed as they are", "32 字节摘要，直接签名"),
    },
    { name: "file", type: "text", many: true, value: "FILE" },
    { name: "message", type: "text", many: true, value: "TEXT" },
    {
      name: "transaction",
      type: "text",
      many: true,
      value: "HEX",
      summary: text("an unsigned Ethereum transaction", "未签名的以太坊交易"),
    },
    {
      name: "typed-data",
      type: "text",
      many: true,
      value: "FILE",
      summary: text("EIP-712, as JSON", "EIP-712 结构化数据（JSON）"),
    },
    {
      name: "path",
      type: "text",
      value: "m/0/5",
      summary: text("of the child key that signs", "签名所用子密钥的路径"),
    },
    ...REQUEST_FLAGS,
    {
      name: "wait",
      type: "boolean",
      summary: text("until it is signed; prints the signatures", "等待签名完成并输出签名"),
    },
    ...WAIT_FLAGS,
  ],
  async run(context, given) {
    // Who keeps the signatures waits for them.
    const wait = isSet(given, "wait") || textOf(given, "out") !== undefined;
    const path = pathOf(textOf(given, "path"));
    const key = await keyNamed(context, argOf(given, "key"));
    const messages = messagesOf(given, key.scheme);
    for (const [i, message] of messages.entries())
      for (const [line, details] of linesOf(key, message, i + 1)) context.note(line, details);
    const answer = await requestSignatures(context.client(), {
      ...{ key: key.stream, messages, path, note: textOf(given, "note") },
      expiresIn: ((given.flags["expires-in"] as number | undefined) ?? 60) * MINUTE,
    });
    return wait ? signedOf(context, given, answer.resource.id) : answer;
  },
};

const wait: Command = {
  words: ["key-requests", "wait"],
  summary: text("Wait until a request is signed, and print the signatures", "等待签名完成并输出签名"),
  args: [{ name: "id" }],
  flags: WAIT_FLAGS,
  run: (context, given) => signedOf(context, given, argOf(given, "id")),
};

const review: Command = {
  words: ["key-requests", "review"],
  summary: text(
    "Show what a request asks to be signed, decoded here from what its requester signed",
    "查看请求的签名内容：由本机根据请求方所签署的内容解读",
  ),
  args: [{ name: "id" }],
  flags: [],
  async run(context, given) {
    const read = await readRequest(context.client(), argOf(given, "id"));
    if (context.json) return { id: read.request.id, stream: read.request.stream, ...read.signed };
    await reviewRequest(context, read);
    return undefined;
  },
};

const approve: Command = {
  words: ["key-requests", "approve"],
  summary: text("Approve a request, having shown what it asks to be signed", "显示签名内容后批准签名请求"),
  args: [{ name: "id" }],
  flags: [],
  run: (context, given) =>
    approveRequest(context.client(), argOf(given, "id"), { review: (read) => reviewRequest(context, read) }),
};

const bundle: Command = {
  words: ["key-requests", "bundle"],
  summary: text(
    "Download the evidence bundle; check it with `entente verify`",
    "下载证据包，可用 `entente verify` 验证",
  ),
  args: [{ name: "id" }],
  flags: [{ name: "out", type: "text", value: "FILE" }],
  run: async (context, given) =>
    save(await context.client().keyRequests.bundle({ id: argOf(given, "id") }), textOf(given, "out")),
};

export const keyRequestCommands: readonly Command[] = [sign, wait, review, approve, bundle];
