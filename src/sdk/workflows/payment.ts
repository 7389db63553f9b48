/** An unsigned Ethereum payment. */
import { RLP } from "micro-eth-signer/core/rlp.js";
import { concat, fromHex, toHex } from "../../base/bytes.ts";
import { decodeTransaction, isAddress, keccak } from "../../policy/ethereum.ts";
import { addressOfPoint } from "./child-key.ts";

export { isAddress };

interface Payment {
  readonly chainId: number;
  readonly nonce: bigint;
  /** In lower case, or with its checksum. */
  readonly to: string;
  /** Wei; so are the two fees of a unit of gas. */
  readonly value: bigint;
  readonly gas: bigint;
  readonly maxFee: bigint;
  readonly tip: bigint;
  /** Hex; none for a payment to somebody who is no contract. */
  readonly data?: string | undefined;
}

const number = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  return value === 0n ? new Uint8Array() : fromHex(hex.length % 2 ? `0${hex}` : hex);
};

/** EIP-1559, hex. */
export const unsignedPayment = ({ chainId, nonce, to, value, gas, maxFee, tip, data = "" }: Payment): string => {
  const head = [BigInt(chainId), nonce, tip, maxFee, gas].map(number);
  const fields = [...head, fromHex(to.slice(2).toLowerCase()), number(value), fromHex(data), []];
  return toHex(concat(Uint8Array.of(2), RLP.encode(fields as Parameters<typeof RLP.encode>[0])));
};

/** By what a chain knows it. */
export interface SentPayment {
  readonly hash: string;
  readonly from: string;
  readonly nonce: number;
  readonly chainId: number;
}

/** @param unsigned what was signed @param raw the same as it is sent; both hex @param publicKey that signed */
export const sentPayment = (unsigned: string, raw: string, publicKey: string): SentPayment => {
  const { nonce, chainId } = decodeTransaction(fromHex(unsigned));
  const hash = `0x${toHex(keccak(fromHex(raw)))}`;
  return { hash, from: addressOfPoint(publicKey), nonce: Number(nonce), chainId };
};
