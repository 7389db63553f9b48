/** Integers modulo a curve's order, and sharings of one by a polynomial (Shamir). */
import { invert, mod } from "@noble/curves/abstract/modular.js";
import type { Curve } from "./curve.ts";

export { mod };

/** Inverse modulo the order. @throws Error for 0 */
export const inverse = (value: bigint, { order }: Pick<Curve, "order">): bigint => invert(value, order);

/** Big-endian. */
export const toInteger = (bytes: Uint8Array): bigint => {
  let value = 0n;
  for (let at = 0; at < bytes.length; at += 8)
    value = (value << BigInt(8 * Math.min(8, bytes.length - at))) | word(bytes, at);
  return value;
};
const word = (bytes: Uint8Array, at: number): bigint => {
  let value = 0n;
  for (const byte of bytes.subarray(at, at + 8)) value = (value << 8n) | BigInt(byte);
  return value;
};

/** 32 bytes, big-endian. @throws RangeError for what does not fit */
export const toBytes32 = (value: bigint): Uint8Array => {
  if (value < 0n || value >> 256n) throw new RangeError("not 32 bytes");
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let at = 24, rest = value; at >= 0; at -= 8, rest >>= 64n) view.setBigUint64(at, rest & 0xffff_ffff_ffff_ffffn);
  return bytes;
};

/** Uniform in [0, order): 48 bytes, so that the remainder's bias is below 2^-128 (FIPS 186-5 A.2.1). */
export const randomScalar = (random: (length: number) => Uint8Array, { order }: Pick<Curve, "order">): bigint =>
  mod(toInteger(random(48)), order);

/** f(at), by Horner's rule; the coefficients from the constant one up. */
export const evaluate = (coefficients: readonly bigint[], at: number, { order }: Pick<Curve, "order">): bigint =>
  coefficients.reduceRight((value, coefficient) => mod(value * BigInt(at) + coefficient, order), 0n);

/** The weight of `party`'s value in f(`at`), where f is given at `parties`. */
export const lagrange = (
  parties: readonly number[],
  party: number,
  { order }: Pick<Curve, "order">,
  at = 0,
): bigint => {
  let over = 1n;
  let under = 1n;
  for (const other of parties) {
    if (other === party) continue;
    over = mod(over * BigInt(at - other), order);
    under = mod(under * BigInt(party - other), order);
  }
  return mod(over * invert(under, order), order);
};
