/** The groups over @noble/curves: they run everywhere. */

import { type CurvePoint, type CurvePointCons, mulAddUnsafe } from "@noble/curves/abstract/curve.js";
import { weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { equal } from "../../base/bytes.ts";
import type { Curve, CurveId } from "../curve.ts";

/** GB/T 32918.5-2017, section 2. */
const SM2 = weierstrass({
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
});

// biome-ignore lint/suspicious/noExplicitAny: noble's points name themselves in their own type
type Point = CurvePoint<any, any>;

const curve = (id: CurveId, points: unknown, pointLength: number): Curve<Point> => {
  const Points = points as CurvePointCons<Point>;
  const { BASE, ZERO } = Points;
  return {
    id,
    order: Points.Fn.ORDER,
    pointLength,
    base: BASE,
    zero: ZERO,
    add: (a, b) => a.add(b),
    negate: (a) => a.negate(),
    equal: (a, b) => a.equals(b),
    isZero: (a) => a.is0(),
    multiplyBase: (k) => (k === 0n ? ZERO : BASE.multiply(k)),
    multiply: (a, k) => (k === 0n || a.is0() ? ZERO : a.multiply(k)),
    multiplyPublic: (a, k) => (k === 0n || a.is0() ? ZERO : a.multiplyUnsafe(k)),
    sumPublic(a, k) {
      const used = a
        .map((point, i) => ({ point, scalar: k[i] as bigint }))
        .filter(({ point, scalar }) => scalar && !point.is0());
      return mulAddUnsafe(
        Points,
        used.map(({ point }) => point),
        used.map(({ scalar }) => scalar),
      );
    },
    encode: (a) => a.toBytes(),
    decode(bytes) {
      const point = bytes.length === pointLength ? decoded(Points, bytes) : undefined;
      // Of cofactor 8 (Ed25519) a point may have a part of small order.
      if (!point || point.is0() || !point.isTorsionFree() || !equal(point.toBytes(), bytes))
        throw new RangeError(`not a point of ${id}`);
      return point;
    },
    x(a) {
      if (a.is0()) throw new RangeError("the neutral element has no coordinates");
      return a.toAffine().x;
    },
    hasEvenY: (a) => a.toAffine().y % 2n === 0n,
  };
};

const decoded = (Points: CurvePointCons<Point>, bytes: Uint8Array): Point | undefined => {
  try {
    return Points.fromBytes(bytes);
  } catch {
    return undefined;
  }
};

export const nobleCurves: Readonly<Record<CurveId, Curve<Point>>> = {
  secp256k1: curve("secp256k1", secp256k1.Point, 33),
  "P-256": curve("P-256", p256.Point, 33),
  Ed25519: curve("Ed25519", ed25519.Point, 32),
  SM2: curve("SM2", SM2, 33),
};
