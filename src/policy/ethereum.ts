/**
 * Unsigned Ethereum transactions, read strictly: bytes that have one meaning and one encoding, or a refusal. The digest
 * to sign is Keccak-256 of the very bytes that were read (EIP-2718, EIP-155), so what was judged is what is signed.
 */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { type Bytes, concat, fromHex, toHex, utf8 } from "../base/bytes.ts";
import { refuse } from "./errors.ts";

export type TransactionType = "legacy" | "eip2930" | "eip1559" | "eip4844" | "eip7702";

export interface Transaction {
  readonly type: TransactionType;
  /** At least 1; a legacy transaction without it (before EIP-155) is refused: it could be replayed on any chain. */
  readonly chainId: number;
  readonly nonce: bigint;
  /** Lower case with 0x; absent for one that creates a contract. */
  readonly to?: string;
  /** Wei. */
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gas: bigint;
  /** Wei that a unit of gas costs at most. */
  readonly gasPrice: bigint;
  /** Wei that all fees come to at most, blobs included. */
  readonly fee: bigint;
  /** Of EIP-4844. */
  readonly blobs: number;
  /** Contracts that accounts hand themselves over to (EIP-7702), lower case. */
  readonly delegates: readonly string[];
  /** What is signed, 32 bytes. */
  readonly digest: Bytes;
}

type Item = Uint8Array | readonly Item[];

/** What the public network takes at most. */
const MAX_BYTES = 131_072;
const GAS_PER_BLOB = 131_072n;
const TYPES: Readonly<Record<number, TransactionType>> = { 1: "eip2930", 2: "eip1559", 3: "eip4844", 4: "eip7702" };
/** Fields without signature; legacy with the three of EIP-155. */
const FIELDS: Readonly<Record<TransactionType, number>> = {
  legacy: 9,
  eip2930: 8,
  eip1559: 9,
  eip4844: 11,
  eip7702: 10,
};

const no = (reason: string) => refuse("policy.transaction", { reason });

/** Keccak-256 (not SHA3-256). */
export const keccak = (bytes: Uint8Array): Bytes => keccak_256(bytes) as Bytes;

/** EIP-191, version 0x45: what personal_sign and eth_sign sign. */
export const personalDigest = (message: Uint8Array): Bytes =>
  keccak(concat(utf8(`\x19Ethereum Signed Message:\n${message.length}`), message));

/** @throws Refusal policy.transaction */
export const decodeTransaction = (bytes: Uint8Array): Transaction => {
  const { type, fields } = fieldsOf(bytes);
  const digest = keccak(bytes);
  if (type === "legacy") {
    const [nonce, price, gas, to, value, data, chain, r, s] = fields;
    if (integer(r, "r", 0) !== 0n || integer(s, "s", 0) !== 0n) throw no("it is signed already");
    return transaction({ type, chain, nonce, price, gas, to, value, data, digest });
  }
  if (type === "eip2930") {
    const [chain, nonce, price, gas, to, value, data, access] = fields;
    return transaction({ type, chain, nonce, price, gas, to, value, data, access, digest });
  }
  const [chain, nonce, tip, price, gas, to, value, data, access, more, hashes] = fields;
  const base = { type, chain, nonce, tip, price, gas, to, value, data, access, digest };
  if (type === "eip4844") return transaction({ ...base, blobPrice: more, hashes });
  return transaction(type === "eip7702" ? { ...base, authorizations: more } : base);
};

/**
 * The transaction as it is sent, with its signature.
 * @param signature r || s, 64 bytes @param parity of R's y, 0 or 1 @throws Refusal policy.transaction
 */
export const withSignature = (unsigned: Uint8Array, signature: Uint8Array, parity: 0 | 1): Bytes => {
  const { type, fields } = fieldsOf(unsigned);
  const numbers = [signature.subarray(0, 32), signature.subarray(32, 64)].map((part) => BigInt(`0x${toHex(part)}`));
  const encoded = (items: readonly unknown[]) => RLP.encode(items as Parameters<typeof RLP.encode>[0]) as Bytes;
  if (type !== "legacy") return concat(unsigned.subarray(0, 1), encoded([...fields, BigInt(parity), ...numbers]));
  const { chainId } = decodeTransaction(unsigned);
  return encoded([...fields.slice(0, 6), BigInt(chainId) * 2n + 35n + BigInt(parity), ...numbers]);
};

/** Type and top-level items, as many as an unsigned one of that type has. */
const fieldsOf = (bytes: Uint8Array): { type: TransactionType; fields: readonly Item[] } => {
  if (bytes.length > MAX_BYTES) throw no(`it is longer than ${MAX_BYTES} bytes`);
  const [first = 0] = bytes;
  const type = first >= 0xc0 ? "legacy" : TYPES[first];
  if (type === undefined) throw no(`its first byte is 0x${first.toString(16).padStart(2, "0")}`);
  const fields = rlp(type === "legacy" ? bytes : bytes.subarray(1));
  if (!isList(fields)) throw no("it is not a list");
  if (type === "legacy" && fields.length === 6) throw no("it names no chain and could be replayed on any (EIP-155)");
  if (type !== "legacy" && fields.length === FIELDS[type] + 3) throw no("it is signed already");
  if (fields.length !== FIELDS[type]) throw no(`it has ${fields.length} fields where ${type} has ${FIELDS[type]}`);
  return { type, fields };
};

/** One item and nothing after it, in canonical form. */
const rlp = (bytes: Uint8Array): Item => {
  try {
    return RLP.decode(bytes) as Item;
  } catch (error) {
    throw no((error as Error).message);
  }
};

interface Fields {
  type: TransactionType;
  digest: Bytes;
  chain: Item | undefined;
  nonce: Item | undefined;
  tip?: Item | undefined;
  price: Item | undefined;
  gas: Item | undefined;
  to: Item | undefined;
  value: Item | undefined;
  data: Item | undefined;
  access?: Item | undefined;
  blobPrice?: Item | undefined;
  hashes?: Item | undefined;
  authorizations?: Item | undefined;
}

const transaction = (fields: Fields): Transaction => {
  const { type, digest, hashes, blobPrice, authorizations } = fields;
  const chain = integer(fields.chain, "chainId", 32);
  if (chain === 0n || chain > BigInt(Number.MAX_SAFE_INTEGER)) throw no("chainId is not between 1 and 2^53 - 1");
  const nonce = integer(fields.nonce, "nonce", 8);
  // EIP-2681
  if (nonce === 2n ** 64n - 1n) throw no("nonce is not below 2^64 - 1");
  const gas = integer(fields.gas, "gas", 8);
  const gasPrice = integer(fields.price, "fee per gas", 32);
  if (fields.tip !== undefined && integer(fields.tip, "priority fee", 32) > gasPrice)
    throw no("the priority fee is above the greatest fee (EIP-1559)");
  if (fields.access !== undefined) requireAccessList(fields.access);
  const to = address(fields.to, "to", type === "eip4844" || type === "eip7702" ? undefined : "may be empty");
  const blobs = type === "eip4844" ? blobCount(hashes) : 0;
  const blobFee = type === "eip4844" ? integer(blobPrice, "fee per blob gas", 32) * GAS_PER_BLOB * BigInt(blobs) : 0n;
  return {
    type,
    chainId: Number(chain),
    nonce,
    ...(to === undefined ? {} : { to }),
    value: integer(fields.value, "value", 32),
    data: bytes(fields.data, "data"),
    gas,
    gasPrice,
    fee: gas * gasPrice + blobFee,
    blobs,
    delegates: type === "eip7702" ? delegatesOf(authorizations) : [],
    digest,
  };
};

const isList = (item: Item | undefined): item is readonly Item[] => Array.isArray(item);

const list = (item: Item | undefined, name: string): readonly Item[] => {
  if (!isList(item)) throw no(`${name} is not a list`);
  return item;
};

const bytes = (item: Item | undefined, name: string, length?: number): Uint8Array => {
  if (!(item instanceof Uint8Array)) throw no(`${name} is not a string of bytes`);
  if (length !== undefined && item.length !== length) throw no(`${name} has ${item.length} bytes, not ${length}`);
  return item;
};

/** Big-endian without leading zeros, at most `most` bytes. */
const integer = (item: Item | undefined, name: string, most: number): bigint => {
  const digits = bytes(item, name);
  if (digits[0] === 0) throw no(`${name} has a leading zero`);
  if (digits.length > most) throw no(most === 0 ? "it is signed already" : `${name} has more than ${most} bytes`);
  return digits.length === 0 ? 0n : BigInt(`0x${toHex(digits)}`);
};

const address = (item: Item | undefined, name: string, empty?: "may be empty"): string | undefined => {
  if (empty && item instanceof Uint8Array && item.length === 0) return undefined;
  return `0x${toHex(bytes(item, name, 20))}`;
};

/** EIP-2930: [[address, [storage key…]]…]. */
const requireAccessList = (item: Item): void => {
  for (const entry of list(item, "accessList")) {
    const parts = list(entry, "an entry of accessList");
    if (parts.length !== 2) throw no("an entry of accessList is not a pair");
    address(parts[0], "an address of accessList");
    for (const key of list(parts[1], "keys of accessList")) bytes(key, "a key of accessList", 32);
  }
};

/** EIP-4844: at least one, each of version 1. */
const blobCount = (item: Item | undefined): number => {
  const hashes = list(item, "blobVersionedHashes");
  for (const hash of hashes)
    if (bytes(hash, "a blob's hash", 32)[0] !== 1) throw no("a blob's hash is not of version 1 (EIP-4844)");
  if (hashes.length === 0) throw no("it carries no blob (EIP-4844)");
  return hashes.length;
};

/** EIP-7702: [[chain_id, address, nonce, y_parity, r, s]…], at least one. */
const delegatesOf = (item: Item | undefined): string[] => {
  const authorizations = list(item, "authorizationList");
  if (authorizations.length === 0) throw no("its authorizationList is empty (EIP-7702)");
  return authorizations.map((entry) => {
    const parts = list(entry, "an authorization");
    if (parts.length !== 6) throw no("an authorization has not six parts (EIP-7702)");
    const [chain, delegate, nonce, parity, r, s] = parts;
    integer(chain, "chainId of an authorization", 32);
    integer(nonce, "nonce of an authorization", 8);
    if (integer(parity, "parity of an authorization", 1) > 1n) throw no("parity of an authorization is not 0 or 1");
    integer(r, "r of an authorization", 32);
    integer(s, "s of an authorization", 32);
    return `0x${toHex(bytes(delegate, "address of an authorization", 20))}`;
  });
};

/** EIP-55. @param address 0x and 40 digits in any case */
export const checksummed = (address: string): string => {
  const lower = address.slice(2).toLowerCase();
  const hash = toHex(keccak(utf8(lower)));
  return `0x${[...lower].map((digit, i) => ((hash[i] ?? "0") >= "8" ? digit.toUpperCase() : digit)).join("")}`;
};

/** Lower case. Mixed case has to be the checksum (EIP-55): a mistyped address is refused. */
export const isAddress = (text: string): boolean =>
  /^0x([0-9a-f]{40}|[0-9A-F]{40})$/.test(text) || (/^0x[0-9a-fA-F]{40}$/.test(text) && checksummed(text) === text);

/** "0x" and lower-case digits as bytes. */
export const fromPrefixed = (text: string): Bytes => fromHex(text.slice(2).toLowerCase());
