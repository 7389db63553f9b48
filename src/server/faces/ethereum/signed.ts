/** A signed transaction, read strictly: whose it is, for which chain, and by which hash it is known. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { concat, equal, fromHex, toHex } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { decodeTransaction, keccak, withSignature } from "../../../policy/ethereum.ts";
import { refuse } from "./errors.ts";

export interface SignedTransaction {
  readonly chainId: number;
  /** 0x, lower case. */
  readonly hash: string;
}

const integer = (item: unknown): bigint => {
  if (!(item instanceof Uint8Array) || item.length > 32) throw new RangeError("its signature is no number");
  return item.length === 0 ? 0n : BigInt(`0x${toHex(item)}`);
};
const word = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, "0"));
const bytesOf = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  return value === 0n ? new Uint8Array() : fromHex(hex.length % 2 ? `0${hex}` : hex);
};
const encode = (items: readonly unknown[]): Uint8Array => RLP.encode(items as Parameters<typeof RLP.encode>[0]);

/** The bytes that were signed, r and s, and which of the two points R was. */
const apart = (bytes: Uint8Array) => {
  const legacy = (bytes[0] ?? 0) >= 0xc0;
  const items = RLP.decode(legacy ? bytes : bytes.subarray(1)) as unknown;
  if (!Array.isArray(items) || items.length < 9) throw new RangeError("it has not the fields of one");
  const [v, r, s] = items.slice(-3).map(integer) as [bigint, bigint, bigint];
  const fields = items.slice(0, -3);
  const signature = concat(word(r), word(s));
  if (!legacy) return { unsigned: concat(bytes.subarray(0, 1), encode(fields)), signature, parity: v };
  if (v < 37n) throw new RangeError("it names no chain (EIP-155)");
  const chain = (v - 35n) / 2n;
  return {
    unsigned: encode([...fields, bytesOf(chain), new Uint8Array(), new Uint8Array()]),
    signature,
    parity: (v - 35n) % 2n,
  };
};

/** @param raw as it is sent @throws Refusal ethereum.unsigned */
export const readSigned = (raw: Uint8Array): SignedTransaction => {
  try {
    const { unsigned, signature, parity } = apart(raw);
    if (parity > 1n) throw new RangeError("its parity is not 0 or 1");
    const { chainId, digest } = decodeTransaction(unsigned);
    // Of some key: whoever that is, it signed these bytes.
    secp256k1.recoverPublicKey(concat(Uint8Array.of(Number(parity)), signature), digest, { prehash: false });
    if (!equal(withSignature(unsigned, signature, parity === 0n ? 0 : 1), raw))
      throw new RangeError("it is not written as it should be");
    return { chainId, hash: `0x${toHex(keccak(raw))}` };
  } catch (error) {
    const reason = error instanceof Refusal ? String(error.details.reason) : (error as Error).message;
    throw refuse("ethereum.unsigned", { reason: reason.slice(0, 200) });
  }
};
