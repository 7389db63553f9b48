/** The contract's `ethereum`: what members are told of the chain by the platform's node, and what is sent to it. */
import { z } from "zod";
import { fromHex } from "../../../base/bytes.ts";
import { iso, SECOND } from "../../../base/clock.ts";
import { type ethereum as contract, transactionStateLabels } from "../../../contract/ethereum.ts";
import { isAddress } from "../../../policy/ethereum.ts";
import type { Caller, Handlers } from "../../ports.ts";
import { refuse } from "./errors.ts";
import { readSigned } from "./signed.ts";
import { askNode, type NodeAnswer, NotAnAnswer } from "./upstream.ts";

export interface ChainOptions {
  /** URL of a node's JSON-RPC, of the settings; "" where there is none. */
  readonly upstream: string;
  /** @throws Refusal for whoever is no member */
  readonly requireMember: (caller: Caller) => unknown;
}

const BOUNDS = { timeout: 10 * SECOND, most: 1 << 20 };
const Quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text));
/** What is counted: blocks, transactions, gas. */
const Count = Quantity.refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER)).transform(Number);
const Block = z.object({ timestamp: Count, baseFeePerGas: Quantity.nullish() });
const Receipt = z
  .object({
    blockNumber: Count,
    status: z.enum(["0x0", "0x1"]),
    gasUsed: Quantity,
    effectiveGasPrice: Quantity.nullish(),
  })
  .nullable();
const Known = z.object({ hash: z.string() }).nullable();
const GWEI = 10n ** 9n;

/** A node's words, as one line that is no longer than people read. */
const wordsOf = (message: unknown): string =>
  String(message)
    .replace(/[^\P{C}]+/gu, " ")
    .trim()
    .slice(0, 300);

export const createChainApi = ({ upstream, requireMember }: ChainOptions) => {
  const call = async (method: string, params: readonly unknown[]): Promise<NodeAnswer> => {
    if (upstream === "") throw refuse("ethereum.no-node");
    try {
      return await askNode(upstream, method, params, BOUNDS);
    } catch (error) {
      if (error instanceof NotAnAnswer) throw refuse("ethereum.nonsense", { method, reason: error.message });
      throw refuse("ethereum.unreachable");
    }
  };
  /** @throws Refusal ethereum.* */
  const ask = async <S extends z.ZodType>(shape: S, method: string, ...params: unknown[]): Promise<z.output<S>> => {
    const { result, error } = await call(method, params);
    if (error) throw refuse("ethereum.rejected", { reason: wordsOf(error.message) });
    const read = shape.safeParse(result);
    if (!read.success) throw refuse("ethereum.nonsense", { method, reason: "another shape" });
    return read.data;
  };
  const requireAddress = (address: string | undefined): void => {
    if (address !== undefined && !isAddress(address)) throw refuse("ethereum.address", { address });
  };

  /** What a node says against an estimate is about the transaction, and does not fail the rest. */
  const estimate = async (transaction: object): Promise<{ gas: number | null; problem: string | null }> => {
    const { result, error } = await call("eth_estimateGas", [transaction]);
    if (error) return { gas: null, problem: wordsOf(error.message) };
    const gas = Count.safeParse(result);
    if (!gas.success) throw refuse("ethereum.nonsense", { method: "eth_estimateGas", reason: "another shape" });
    return { gas: gas.data, problem: null };
  };

  /** Twice the base fee is enough for six full blocks (EIP-1559). */
  const fees = async () => {
    const [{ baseFeePerGas }, tip] = await Promise.all([
      ask(Block, "eth_getBlockByNumber", "latest", false),
      ask(Quantity, "eth_maxPriorityFeePerGas").catch(() => GWEI),
    ]);
    const base = baseFeePerGas ?? (await ask(Quantity, "eth_gasPrice"));
    return { maxFee: String(2n * base + tip), tip: String(tip) };
  };

  /** Of one that is in no block. */
  const waiting = async (hash: string, from: string | undefined, nonce: number | undefined) => {
    const known = await ask(Known, "eth_getTransactionByHash", hash);
    if (known) return "pending" as const;
    if (from === undefined || nonce === undefined) return "unknown" as const;
    const used = await ask(Count, "eth_getTransactionCount", from, "latest");
    if (used <= nonce) return "unknown" as const;
    // It may have come into a block between the two looks.
    return (await ask(Receipt, "eth_getTransactionReceipt", hash)) ? ("pending" as const) : ("replaced" as const);
  };

  return {
    async show(caller) {
      requireMember(caller);
      const [chainId, block] = await Promise.all([ask(Count, "eth_chainId"), ask(Count, "eth_blockNumber")]);
      return { chainId, block };
    },
    async prepare(caller, { from, to, value, data }) {
      requireMember(caller);
      requireAddress(from);
      requireAddress(to);
      const transaction = {
        from,
        ...(to !== undefined && { to }),
        value: `0x${BigInt(value).toString(16)}`,
        ...(data !== "" && { data: `0x${data}` }),
      };
      const [chainId, nonce, balance, fee, estimated] = await Promise.all([
        ask(Count, "eth_chainId"),
        ask(Count, "eth_getTransactionCount", from, "pending"),
        ask(Quantity, "eth_getBalance", from, "latest"),
        fees(),
        to === undefined && data === "" ? { gas: null, problem: null } : estimate(transaction),
      ]);
      return { chainId, nonce, balance: String(balance), ...fee, ...estimated };
    },
    /** Sent twice, it is the same transaction: a node that has it already has taken it. */
    async send(caller, { raw }) {
      requireMember(caller);
      const { chainId: wanted, hash } = readSigned(fromHex(raw));
      const found = await ask(Count, "eth_chainId");
      if (found !== wanted) throw refuse("ethereum.other-chain", { wanted, found });
      const { error } = await call("eth_sendRawTransaction", [`0x${raw}`]);
      if (error && (await ask(Known, "eth_getTransactionByHash", hash)) === null)
        throw refuse("ethereum.rejected", { reason: wordsOf(error.message) });
      return { hash };
    },
    async transaction(caller, { hash, from, nonce }) {
      requireMember(caller);
      requireAddress(from);
      const receipt = await ask(Receipt, "eth_getTransactionReceipt", hash);
      if (!receipt) {
        const state = await waiting(hash, from, nonce);
        const none = { block: null, at: null, confirmations: 0, gasUsed: null, fee: null };
        return { hash, state, stateLabel: transactionStateLabels[state], ...none };
      }
      const { blockNumber, status, gasUsed, effectiveGasPrice } = receipt;
      const [newest, block] = await Promise.all([
        ask(Count, "eth_blockNumber"),
        ask(Block.nullable(), "eth_getBlockByNumber", `0x${blockNumber.toString(16)}`, false),
      ]);
      const state = status === "0x1" ? "succeeded" : "failed";
      return {
        ...{ hash, state, stateLabel: transactionStateLabels[state], block: blockNumber },
        at: block ? iso(block.timestamp * SECOND) : null,
        confirmations: Math.max(1, newest - blockNumber + 1),
        gasUsed: String(gasUsed),
        fee: effectiveGasPrice == null ? null : String(gasUsed * effectiveGasPrice),
      };
    },
  } satisfies Handlers<{ ethereum: typeof contract }>["ethereum"];
};
