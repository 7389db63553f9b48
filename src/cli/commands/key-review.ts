/** What a request asks to be signed, decoded on this machine from what its requester signed: shown before anything is said. */
import { fromHex, fromUtf8, toHex } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { checksummed, decodeTransaction } from "../../policy/ethereum.ts";
import { decodeTypedData } from "../../policy/typed-data.ts";
import { type What, whatIs } from "../../policy/what.ts";
import type { KeyMessage } from "../../rules/key-messages.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import type { ReadRequest } from "../../sdk/workflows/key-requests.ts";
import type { Context } from "../context.ts";
import { recognise } from "../members.ts";
import { type Text, text } from "../text.ts";

type Line = readonly [Text, Record<string, unknown>];

const REQUEST = text("{id}: asked for by {member}, until {expires}", "{id}：请求方 {member}，截止 {expires}");
const KEY = text("Key {id} {alias}, {scheme}", "密钥 {id} {alias}，{scheme}");
const PATH = text("  child key m/{path}", "  子密钥 m/{path}");
const NOTE = text("  in the requester's words: {note}", "  请求方备注：{note}");
const EXPORT = text(
  "  TO HAND OUT THE KEY ITSELF: whoever has it signs without anybody's approval",
  "  导出密钥本身：持有者无需任何审批即可签名",
);
const KINDS = {
  digest: text(
    "{place}. A DIGEST: nobody can tell what it stands for: {hex}",
    "{place}. 摘要，无法得知其所代表的内容：{hex}",
  ),
  message: text("{place}. a message of {size} bytes: {content}", "{place}. 消息，{size} 字节：{content}"),
  transaction: text(
    "{place}. a transaction ({type}) on chain {chainId}, number {nonce}",
    "{place}. 交易（{type}），链 {chainId}，序号 {nonce}",
  ),
  "typed-data": text("{place}. typed data {primaryType}", "{place}. 结构化数据 {primaryType}"),
  statement: text("{place}. a statement {kind} in the name of {by}", "{place}. 以 {by} 名义作出的声明 {kind}"),
  certificate: text(
    "{place}. a certificate of this key for {name}, for {days} days",
    "{place}. 该密钥的证书，主体 {name}，有效期 {days} 天",
  ),
} as const;
const STREAM = text("     stream {stream}, payload {payload}", "     流 {stream}，内容摘要 {payload}");
const TO = text("     to {to}", "     接收地址 {to}");
const CREATES = text("     IT CREATES A CONTRACT", "     该交易将创建合约");
const VALUE = text("     value {ether} ether ({wei} wei)", "     金额 {ether} 以太（{wei} wei）");
const FEE = text("     fees: at most {ether} ether", "     手续费上限 {ether} 以太");
const DATA = text("     data, {size} bytes: {hex}", "     数据 {size} 字节：{hex}");
const TOKEN = text(
  "     token {contract}: {method} of {exact} units to {recipient}",
  "     代币 {contract}：{method}，数量 {exact}（最小单位），对方 {recipient}",
);
const DELEGATES = text("     HANDS THE ACCOUNT OVER to {to}", "     将账户委托给 {to}");
const DOMAIN = text("     domain {json}", "     域 {json}");
const BODY = text("     message {json}", "     内容 {json}");
const SIGNS = text("     signed is {hex}", "     所签字节 {hex}");
const UNREADABLE = text(
  "     cannot be read, and no node will sign it: {reason}",
  "     无法解读，节点不会签名：{reason}",
);

const WEI = 10n ** 18n;
/** Exactly, without trailing zeros. */
const etherOf = (wei: bigint): string =>
  `${wei / WEI}.${String(wei % WEI).padStart(18, "0")}`.replace(/\.?0+$/, "") || "0";

const ofTransaction = (hex: string): Line[] => {
  const { to, value, fee, data, delegates } = decodeTransaction(fromHex(hex));
  return [
    to === undefined ? [CREATES, {}] : [TO, { to: checksummed(to) }],
    [VALUE, { ether: etherOf(value), wei: value }],
    [FEE, { ether: etherOf(fee) }],
    ...(data.length > 0 ? [[DATA, { size: data.length, hex: toHex(data) }] as const] : []),
    ...delegates.map((one) => [DELEGATES, { to: checksummed(one) }] as const),
  ];
};

/** All of it: whatever the types don't name was refused. */
const ofTypedData = (json: string): Line[] => {
  const { domain, message } = JSON.parse(json) as { domain: unknown; message: unknown };
  return [
    [DOMAIN, { json: JSON.stringify(domain) }],
    [BODY, { json: JSON.stringify(message) }],
  ];
};

const headOf = (message: KeyMessage, place: number, facts: What["facts"]): Line => {
  switch (message.kind) {
    case "digest":
      return [KINDS.digest, { place, hex: message.hex }];
    case "message":
      return [KINDS.message, { place, size: message.hex.length / 2, content: textOf(message.hex) }];
    case "transaction": {
      const { type, chainId, nonce } = decodeTransaction(fromHex(message.hex));
      return [KINDS.transaction, { place, type, chainId, nonce }];
    }
    case "typed-data":
      return [KINDS["typed-data"], { place, primaryType: decodeTypedData(message.json).primaryType }];
    case "statement":
    case "certificate":
      return [KINDS[message.kind], { place, ...(facts[message.kind] as object) }];
  }
};

const textOf = (hex: string): string => {
  try {
    return JSON.stringify(fromUtf8(fromHex(hex)));
  } catch {
    return hex;
  }
};

/** @param publicKey of the key that signs, as it is shown; undefined before it was made */
export const linesOf = (
  key: { scheme: KeyScheme; publicKey: string | null },
  message: KeyMessage,
  place: number,
): Line[] => {
  try {
    const { sign, facts } = whatIs({ scheme: key.scheme, publicKey: fromHex(key.publicKey ?? "") }, message, place);
    const token = facts.token as Record<string, unknown> | undefined;
    return [
      headOf(message, place, facts),
      ...(message.kind === "statement" ? [[STREAM, facts.statement as Record<string, unknown>] as const] : []),
      ...(message.kind === "transaction" ? ofTransaction(message.hex) : []),
      ...(message.kind === "typed-data" ? ofTypedData(message.json) : []),
      ...(token ? [[TOKEN, token] as const] : []),
      ...(message.kind === "transaction" || message.kind === "typed-data"
        ? [[SIGNS, { hex: toHex(sign) }] as const]
        : []),
    ];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [
      [text("{place}. {kind}", "{place}. {kind}"), { place, kind: message.kind }],
      [UNREADABLE, { reason: error.message }],
    ];
  }
};

/** Shows who asks for what, as it was signed. */
export const reviewRequest = async (context: Context, { request, signed }: ReadRequest): Promise<void> => {
  const { id, requester, expiresAt, key, action } = request;
  context.note(REQUEST, { id, member: await recognise(context, requester), expires: expiresAt });
  context.note(KEY, { id: key.id, alias: key.alias ?? "", scheme: key.scheme });
  if (signed.path && signed.path.length > 0) context.note(PATH, { path: signed.path.join("/") });
  if (signed.note !== "") context.note(NOTE, { note: signed.note });
  if (action === "export") context.note(EXPORT);
  const { publicKey } = await context.client().keys.get({ id: key.stream });
  for (const [i, message] of signed.messages.entries())
    for (const [line, details] of linesOf({ scheme: key.scheme, publicKey }, message, i + 1))
      context.note(line, details);
};
