/**
 * P-256 with OpenSSL's multiplications (constant-time, 5 to 40 times as fast), which every Node.js has; the rest is
 * @noble/curves. For a point of its own choice OpenSSL gives x alone.
 */
import { createECDH } from "node:crypto";
import type { CurvePoint } from "@noble/curves/abstract/curve.js";
import { p256 } from "@noble/curves/nist.js";
import { concat } from "../../base/bytes.ts";
import type { Curve } from "../curve.ts";
import { toBytes32, toInteger } from "../scalars.ts";
import { nobleCurves } from "./noble.ts";

// biome-ignore lint/suspicious/noExplicitAny: noble's points name themselves in their own type
type Point = CurvePoint<any, any>;

export const openSslP256 = (): Curve<Point> => {
  const portable = nobleCurves["P-256"] as Curve<Point>;
  const { order, zero } = portable;

  const multiplyBase = (k: bigint): Point => {
    if (k === 0n) return zero;
    const agreement = createECDH("prime256v1");
    agreement.setPrivateKey(toBytes32(k));
    return p256.Point.fromBytes(agreement.getPublicKey());
  };

  const xOf = (a: Uint8Array, k: bigint): Uint8Array => {
    const agreement = createECDH("prime256v1");
    agreement.setPrivateKey(toBytes32(k));
    return agreement.computeSecret(a);
  };

  /** Of the two points with the x of k · a, the one to which adding `a` gives the x of (k + 1) · a. */
  const multiply = (a: Point, k: bigint): Point => {
    if (k === 0n || a.is0()) return zero;
    if (k === 1n) return a;
    if (k === order - 1n) return a.negate();
    const encoded = uncompressed(a);
    const candidate: Point = p256.Point.fromBytes(concat(Uint8Array.of(2), xOf(encoded, k)));
    const next = toInteger(xOf(encoded, k + 1n));
    const sum = candidate.add(a);
    return !sum.is0() && sum.toAffine().x === next ? candidate : candidate.negate();
  };

  const multiplyPublic = (a: Point, k: bigint): Point =>
    a.equals(portable.base) ? multiplyBase(k) : k < SMALL ? portable.multiplyPublic(a, k) : multiply(a, k);

  return {
    ...portable,
    multiplyBase,
    multiply,
    multiplyPublic,
    sumPublic: (a, k) => a.reduce((sum, point, i) => sum.add(multiplyPublic(point, k[i] as bigint)), zero),
  };
};

const uncompressed = (a: Point): Uint8Array => {
  const { x, y } = a.toAffine();
  return concat(Uint8Array.of(4), toBytes32(x), toBytes32(y));
};

/** Below it doubling and adding is as fast. */
const SMALL = 1n << 32n;
