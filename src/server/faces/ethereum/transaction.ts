/** Transactions as JSON-RPC has them (execution-apis, GenericTransaction), completed and written as bytes to sign. */
import { RLP } from "micro-eth-signer/core/rlp.js";
import { z } from "zod";
import { concat, fromHex } from "../../../base/bytes.ts";
import { decodeTransaction, isAddress } from "../../../policy/ethereum.ts";
import { CODES, RpcError } from "./errors.ts";
import type { Upstream } from "./upstream.ts";

const Quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text));
const quantity = Quantity.nullish().transform((value) => value ?? undefined);
const hexOf = (length?: number) =>
  z
    .string()
    .regex(length === undefined ? /^0x([0-9a-fA-F]{2})*$/ : new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`))
    .transform((text) => fromHex(text.slice(2).toLowerCase()));
export const Address = z.string().refine(isAddress, { message: "not an address, or its checksum (EIP-55) is wrong" });
const address = Address.transform((text) => fromHex(text.slice(2).toLowerCase()));
const data = hexOf().nullish();

const AccessList = z.array(z.strictObject({ address, storageKeys: z.array(hexOf(32)) }));
const Authorization = z.object({
  ...{ chainId: Quantity, address, nonce: Quantity, r: Quantity, s: Quantity },
  yParity: Quantity,
});

export const TransactionInput = z.strictObject({
  from: Address,
  to: address.nullish(),
  ...{ gas: quantity, gasPrice: quantity, maxFeePerGas: quantity, maxPriorityFeePerGas: quantity, value: quantity },
  ...{ nonce: quantity, chainId: quantity, type: quantity, maxFeePerBlobGas: quantity },
  ...{ data, input: data },
  accessList: AccessList.nullish(),
  blobVersionedHashes: z.array(hexOf(32)).nullish(),
  authorizationList: z.array(Authorization).nullish(),
});
export type TransactionInput = z.output<typeof TransactionInput>;

const no = (reason: string) => new RpcError(CODES.params, `The transaction cannot be signed: ${reason}.`);

type Type = 0 | 1 | 2 | 3 | 4;

/** What is said, or follows from the fields that there are; undefined where any would do. */
const typeOf = (tx: TransactionInput): Type | undefined => {
  if (tx.type !== undefined) {
    if (tx.type > 4n) throw no(`its type is ${tx.type}; known are 0 to 4`);
    return Number(tx.type) as Type;
  }
  if (tx.authorizationList) return 4;
  if (tx.blobVersionedHashes) return 3;
  if (tx.maxFeePerGas !== undefined || tx.maxPriorityFeePerGas !== undefined) return 2;
  if (tx.gasPrice !== undefined) return tx.accessList ? 1 : 0;
};

/** A field that the type has no place for would be left out without a word. */
const requireFitting = (tx: TransactionInput, type: Type): void => {
  const market = tx.maxFeePerGas !== undefined || tx.maxPriorityFeePerGas !== undefined;
  if (type < 2 ? market : tx.gasPrice !== undefined) throw no(`fees of another type than ${type}`);
  if (type === 0 && tx.accessList?.length) throw no("type 0 has no accessList");
  if (type !== 3 && (tx.blobVersionedHashes?.length || tx.maxFeePerBlobGas !== undefined))
    throw no(`type ${type} has no blobs`);
  if (type !== 4 && tx.authorizationList?.length) throw no(`type ${type} has no authorizationList`);
};

const dataOf = ({ data, input }: TransactionInput): Uint8Array => {
  if (data && input && Buffer.compare(data, input) !== 0) throw no("data and input differ");
  return data ?? input ?? new Uint8Array();
};

const asBigInt = (value: unknown): bigint => Quantity.parse(value);

/**
 * Asks the node for what is left out: nonce, chain, gas and fees.
 * @param given as it came, for the estimate of gas @returns the bytes to sign (EIP-2718) and what they say
 * @throws RpcError, Refusal policy.transaction
 */
export const unsignedOf = async (tx: TransactionInput, given: object, upstream: Upstream) => {
  const ask = async (method: string, ...params: unknown[]) => asBigInt(await upstream(method, params));
  const data = dataOf(tx);
  const wanted = typeOf(tx);
  if (wanted !== undefined) requireFitting(tx, wanted);
  const needsFee = tx.gasPrice === undefined && tx.maxFeePerGas === undefined;
  const [nonce, chainId, gas, base] = await Promise.all([
    tx.nonce ?? ask("eth_getTransactionCount", tx.from, "pending"),
    tx.chainId ?? ask("eth_chainId"),
    tx.gas ?? ask("eth_estimateGas", given),
    needsFee ? baseFee(upstream) : undefined,
  ]);
  const type = wanted ?? (base === undefined ? 0 : 2);
  const fees = type < 2 ? { price: tx.gasPrice ?? (await ask("eth_gasPrice")), tip: 0n } : await market(tx, base, ask);
  const blobFee = type === 3 ? (tx.maxFeePerBlobGas ?? 2n * (await ask("eth_blobBaseFee"))) : 0n;
  const bytes = write({ ...tx, type, nonce, chainId, gas, ...fees, blobFee, data });
  return { bytes, decoded: decodeTransaction(bytes) };
};

/** Of the latest block; undefined on a chain without (EIP-1559). */
const baseFee = async (upstream: Upstream): Promise<bigint | undefined> => {
  const block = (await upstream("eth_getBlockByNumber", ["latest", false])) as { baseFeePerGas?: string } | null;
  return block?.baseFeePerGas === undefined ? undefined : asBigInt(block.baseFeePerGas);
};

/** Twice the base fee: enough for six full blocks. */
const market = async (tx: TransactionInput, base: bigint | undefined, ask: (method: string) => Promise<bigint>) => {
  const { maxFeePerGas: price } = tx;
  const tip = tx.maxPriorityFeePerGas ?? (await ask("eth_maxPriorityFeePerGas"));
  if (price !== undefined) return { price, tip: tx.maxPriorityFeePerGas ?? (tip < price ? tip : price) };
  return { price: 2n * (base ?? (await ask("eth_gasPrice"))) + tip, tip };
};

type Whole = Omit<TransactionInput, "type" | "data"> & {
  readonly type: Type;
  readonly data: Uint8Array;
  readonly nonce: bigint;
  readonly chainId: bigint;
  readonly gas: bigint;
  readonly price: bigint;
  readonly tip: bigint;
  readonly blobFee: bigint;
};

const write = (tx: Whole): Uint8Array => {
  const { type, nonce, chainId, gas, price, tip, data, value = 0n } = tx;
  const to = tx.to ?? new Uint8Array();
  const access = (tx.accessList ?? []).map(({ address, storageKeys }) => [address, storageKeys]);
  const call = [gas, to, value, data];
  switch (type) {
    case 0:
      return encode([nonce, price, ...call, chainId, 0n, 0n]);
    case 1:
      return typed(1, [chainId, nonce, price, ...call, access]);
    case 2:
      return typed(2, [chainId, nonce, tip, price, ...call, access]);
    case 3:
      return typed(3, [chainId, nonce, tip, price, ...call, access, tx.blobFee, tx.blobVersionedHashes ?? []]);
    case 4:
      return typed(4, [chainId, nonce, tip, price, ...call, access, authorizations(tx)]);
  }
};

const authorizations = ({ authorizationList }: Whole) =>
  (authorizationList ?? []).map(({ chainId, address, nonce, yParity, r, s }) => [
    ...[chainId, address, nonce, yParity, r, s],
  ]);

const encode = (items: unknown[]): Uint8Array => RLP.encode(items as Parameters<typeof RLP.encode>[0]);
const typed = (type: number, items: unknown[]): Uint8Array => concat(Uint8Array.of(type), encode(items));
