/** 以太坊: what a payment by a key needs of the platform's Ethereum node, and nothing more. */
import { z } from "zod";
import { command, view } from "./endpoint.ts";
import { Label, label, Nothing, Time } from "./shapes.ts";

/** Of a block or a transaction: 0x and 64 digits. */
const Hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const Address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
/** In decimal. */
const Wei = z.string().regex(/^\d{1,78}$/);
/** Bytes of a call that are estimated: longer ones need their gas said by hand. */
const DATA_MAX = 4_096;
/** Of a signed transaction, as the public network takes it. */
const RAW_MAX = 131_072;

export const transactionStateLabels = {
  unknown: label("Not known to the chain", "链上尚无此交易"),
  pending: label("Waits for a block", "等待出块"),
  succeeded: label("Succeeded", "已成功"),
  failed: label("Failed on the chain", "执行失败"),
  replaced: label("Another took its number", "已被同序号交易取代"),
} as const;

export const EthereumTransaction = z
  .object({
    hash: Hash,
    /** `replaced` is told only where `from` and `nonce` are given. */
    state: z.enum(["unknown", "pending", "succeeded", "failed", "replaced"]),
    stateLabel: Label,
    block: z.int().nullable(),
    /** Time of that block. */
    at: Time.nullable(),
    /** Blocks from that one to the newest, both counted; 0 before. */
    confirmations: z.int(),
    gasUsed: Wei.nullable(),
    /** Wei that it cost. */
    fee: Wei.nullable(),
  })
  .meta({ id: "EthereumTransaction" });

const path = "/v1/ethereum";
const node = ["ethereum.no-node", "ethereum.unreachable", "ethereum.nonsense", "ethereum.rejected"];
const EXAMPLE = `0x${"5a".repeat(20)}`;

export const ethereum = {
  show: view({
    path,
    permission: "key.read",
    input: Nothing,
    output: z.object({ chainId: z.int(), block: z.int() }),
    summary: { en: "Show which chain the platform's Ethereum node is on", "zh-CN": "查看平台以太坊节点所在的链" },
    errors: node,
  }),
  prepare: view({
    path: `${path}/preparation`,
    permission: "key.read",
    input: z.object({
      from: Address,
      to: Address.optional(),
      value: Wei.default("0"),
      /** Hex without 0x. */
      data: z
        .string()
        .regex(/^([0-9a-f]{2})*$/)
        .max(2 * DATA_MAX)
        .default(""),
    }),
    output: z.object({
      chainId: z.int(),
      /** Transactions that the address has sent, those that wait for a block included. */
      nonce: z.int(),
      balance: Wei,
      /** Of a unit of gas: enough for six full blocks, and for their makers. */
      maxFee: Wei,
      tip: Wei,
      /** Null where nothing is to be estimated, or `problem` says why it is not. */
      gas: z.int().nullable(),
      /** What the node says against it: no text of this platform. */
      problem: z.string().max(300).nullable(),
    }),
    summary: { en: "Suggest number, fees and gas of a transaction", "zh-CN": "为交易建议序号、手续费与 Gas" },
    errors: [...node, "ethereum.address"],
    example: { from: EXAMPLE, to: EXAMPLE, value: "750000000000000000" },
  }),
  send: command({
    path: `${path}/transactions`,
    method: "POST",
    permission: "key.request",
    input: z.strictObject({
      /** A signed transaction of that chain, hex without 0x. */
      raw: z
        .string()
        .regex(/^([0-9a-f]{2})+$/)
        .max(2 * RAW_MAX),
    }),
    output: z.object({ hash: Hash }),
    summary: { en: "Send a signed transaction to the chain", "zh-CN": "将已签名的交易发送上链" },
    errors: [...node, "ethereum.unsigned", "ethereum.other-chain"],
    example: { raw: "02f8" },
  }),
  transaction: view({
    path: `${path}/transactions/:hash`,
    permission: "key.read",
    input: z.object({
      hash: Hash,
      /** Of its sender. */
      from: Address.optional(),
      nonce: z.coerce.number<number>().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    }),
    output: EthereumTransaction,
    summary: { en: "Show what became of a transaction", "zh-CN": "查看交易结果" },
    errors: node,
  }),
};
