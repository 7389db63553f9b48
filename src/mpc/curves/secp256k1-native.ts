/**
 * secp256k1 by libsecp256k1 (package `secp256k1`, optional): 20 to 50 times as fast as @noble/curves. Points are 65
 * bytes, uncompressed; the neutral element is the empty array.
 */
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { equal } from "../../base/bytes.ts";
import type { Curve } from "../curve.ts";
import { toBytes32, toInteger } from "../scalars.ts";

interface Library {
  /** Blinds multiplications of the base with secret scalars. */
  contextRandomize(seed: Uint8Array): void;
  publicKeyCreate(scalar: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyConvert(point: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyNegate(point: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyCombine(points: readonly Uint8Array[], compressed: boolean): Uint8Array;
  publicKeyTweakMul(point: Uint8Array, scalar: Uint8Array, compressed: boolean): Uint8Array;
  ecdh(
    point: Uint8Array,
    scalar: Uint8Array,
    options: { hashfn(x: Uint8Array, y: Uint8Array): Uint8Array; xbuf: Uint8Array; ybuf: Uint8Array },
    output: Uint8Array,
  ): Uint8Array;
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
}

const ZERO = new Uint8Array(0);

/** Undefined where the package is not installed. Its own fallback (elliptic) is slower and less careful than noble. */
export const nativeSecp256k1 = (): Curve<Uint8Array> | undefined => {
  let library: Library;
  try {
    library = createRequire(import.meta.url)("secp256k1/bindings.js") as Library;
    library.contextRandomize(randomBytes(32));
  } catch {
    return undefined;
  }
  return curve(library);
};

const curve = (library: Library): Curve<Uint8Array> => {
  const base = library.publicKeyCreate(toBytes32(1n), false);
  const isZero = (a: Uint8Array) => a.length === 0;
  const same = (a: Uint8Array, b: Uint8Array) => equal(a, b);
  const multiplyBase = (k: bigint) => (k === 0n ? ZERO : library.publicKeyCreate(toBytes32(k), false));
  const add = (a: Uint8Array, b: Uint8Array): Uint8Array => {
    if (isZero(a)) return b;
    if (isZero(b)) return a;
    const opposite = equal(a.subarray(0, 33), b.subarray(0, 33)) && !same(a, b);
    return opposite ? ZERO : library.publicKeyCombine([a, b], false);
  };
  const multiplyPublic = (a: Uint8Array, k: bigint): Uint8Array => {
    if (k === 0n || isZero(a)) return ZERO;
    return same(a, base) ? multiplyBase(k) : library.publicKeyTweakMul(a, toBytes32(k), false);
  };
  return {
    id: "secp256k1",
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    pointLength: 33,
    base,
    zero: ZERO,
    add,
    negate: (a) => (isZero(a) ? a : library.publicKeyNegate(a, false)),
    equal: same,
    isZero,
    multiplyBase,
    // Of the library's two multiplications only that of ECDH takes the same time for every scalar.
    multiply(a, k) {
      if (k === 0n || isZero(a)) return ZERO;
      const hashfn = (x: Uint8Array, y: Uint8Array) => {
        const point = new Uint8Array(65);
        point[0] = 4;
        point.set(x, 1);
        point.set(y, 33);
        return point;
      };
      const buffers = { xbuf: new Uint8Array(32), ybuf: new Uint8Array(32) };
      return library.ecdh(a, toBytes32(k), { hashfn, ...buffers }, new Uint8Array(65));
    },
    multiplyPublic,
    sumPublic: (a, k) => a.reduce((sum, point, i) => add(sum, multiplyPublic(point, k[i] as bigint)), ZERO),
    encode: (a) => library.publicKeyConvert(a, true),
    decode(bytes) {
      try {
        if (bytes.length === 33) return library.publicKeyConvert(Uint8Array.from(bytes), false);
      } catch {
        // not a point
      }
      throw new RangeError("not a point of secp256k1");
    },
    x(a) {
      if (isZero(a)) throw new RangeError("the neutral element has no coordinates");
      return toInteger(a.subarray(1, 33));
    },
    hasEvenY: (a) => ((a[64] as number) & 1) === 0,
    verifiesEcdsa(publicKey, digest, signature) {
      try {
        // It takes other encodings of a key too.
        return publicKey.length === 33 && library.ecdsaVerify(signature, digest, publicKey);
      } catch {
        return false;
      }
    },
  };
};
