/**
 * Ed25519 by libsodium (package `sodium-native`, optional): 10 to 20 times as fast as @noble/curves. Points are their
 * encodings (RFC 8032).
 */
import { createRequire } from "node:module";
import { equal } from "../../base/bytes.ts";
import type { Curve } from "../curve.ts";
import { toBytes32 } from "../scalars.ts";
import { nobleCurves } from "./noble.ts";

interface Library {
  crypto_scalarmult_ed25519_base_noclamp(out: Uint8Array, scalar: Uint8Array): void;
  crypto_scalarmult_ed25519_noclamp(out: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
  crypto_core_ed25519_add(out: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  crypto_core_ed25519_sub(out: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  crypto_core_ed25519_is_valid_point(point: Uint8Array): boolean;
}

const ZERO = Uint8Array.of(1, ...new Uint8Array(31));

/** Undefined where the package is not installed. */
export const nativeEd25519 = (): Curve<Uint8Array> | undefined => {
  let library: Library;
  try {
    library = createRequire(import.meta.url)("sodium-native") as Library;
  } catch {
    return undefined;
  }
  return curve(library);
};

const littleEndian = (k: bigint): Buffer => Buffer.from(toBytes32(k).reverse());

const curve = (library: Library): Curve<Uint8Array> => {
  const into = (work: (out: Uint8Array) => void): Uint8Array => {
    const out = Buffer.alloc(32);
    work(out);
    return out;
  };
  const isZero = (a: Uint8Array) => equal(a, ZERO);
  const multiplyBase = (k: bigint) =>
    k === 0n ? ZERO : into((out) => library.crypto_scalarmult_ed25519_base_noclamp(out, littleEndian(k)));
  const multiply = (a: Uint8Array, k: bigint) =>
    k === 0n || isZero(a)
      ? ZERO
      : into((out) => library.crypto_scalarmult_ed25519_noclamp(out, littleEndian(k), buffer(a)));
  const base = multiplyBase(1n);
  const add = (a: Uint8Array, b: Uint8Array) =>
    into((out) => library.crypto_core_ed25519_add(out, buffer(a), buffer(b)));
  return {
    id: "Ed25519",
    order: nobleCurves.Ed25519.order,
    pointLength: 32,
    base,
    zero: ZERO,
    add,
    negate: (a) => into((out) => library.crypto_core_ed25519_sub(out, buffer(ZERO), buffer(a))),
    equal,
    isZero,
    multiplyBase,
    multiply,
    multiplyPublic: (a, k) => (equal(a, base) ? multiplyBase(k) : multiply(a, k)),
    sumPublic: (a, k) => a.reduce((sum, point, i) => add(sum, multiply(point, k[i] as bigint)), ZERO),
    encode: (a) => Uint8Array.from(a),
    decode(bytes) {
      // On the curve, canonical, of prime order: not of small order, no part of small order.
      if (bytes.length !== 32 || !library.crypto_core_ed25519_is_valid_point(buffer(bytes)))
        throw new RangeError("not a point of Ed25519");
      return Uint8Array.from(bytes);
    },
    x: (a) => nobleCurves.Ed25519.x(nobleCurves.Ed25519.decode(a)),
    // The encoding is of y; the curve's own convention calls the sign of x by it.
    hasEvenY: (a) => ((a[0] as number) & 1) === 0,
  };
};

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
