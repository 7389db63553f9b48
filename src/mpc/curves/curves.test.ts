import assert from "node:assert/strict";
import { test } from "node:test";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { seeded } from "../../../test/support/simulate.ts";
import { concat, fromHex, toHex } from "../../base/bytes.ts";
import type { Curve, CurveId } from "../curve.ts";
import { randomScalar, toBytes32, toInteger } from "../scalars.ts";
import { nobleCurves } from "./noble.ts";
import { curveOf, nativeCurves, usePortableCurves } from "./registry.ts";

const verifiesEcdsa = nativeCurves.secp256k1?.verifiesEcdsa;
const uncompressed: Partial<Record<CurveId, (point: Uint8Array) => Uint8Array>> = {
  secp256k1: (point) => secp256k1.Point.fromBytes(point).toBytes(false),
  "P-256": (point) => p256.Point.fromBytes(point).toBytes(false),
};

/** A point as SEC 1 also has it: whole, and hybrid; an x that is not below p, and one that is none of the curve. */
const otherForms = (good: Uint8Array, whole: (point: Uint8Array) => Uint8Array): Uint8Array[] => {
  const form = whole(good);
  const hybrid = [6, 7].map((prefix) => Uint8Array.of(prefix, ...form.slice(1)));
  const xs = ["00".repeat(32), `${"ff".repeat(31)}fe`, "ff".repeat(32)];
  // p + 1 of either curve, where 1 is an x of secp256k1; p itself, where 0 is one of P-256.
  xs.push(
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30",
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
  );
  return [form, ...hybrid, ...xs.flatMap((x) => [2, 3].map((prefix) => Uint8Array.of(prefix, ...fromHex(x))))];
};

for (const [id, native] of Object.entries(nativeCurves) as [CurveId, Curve | undefined][]) {
  if (!native) continue;
  const portable = nobleCurves[id] as Curve;

  test(`${id}: both implementations compute the same`, () => {
    const random = seeded(id);
    const { order } = portable;
    const scalars = [0n, 1n, 2n, 3n, order - 1n, order - 2n, order >> 1n, (order >> 1n) + 1n, 1n << 40n];
    scalars.push((1n << 128n) - 1n, 1n << 128n, 1n << 240n, order - (1n << 128n));
    for (let i = 0; i < 12; i++) scalars.push(randomScalar(random, portable));
    const k = randomScalar(random, portable);
    const results = [native, portable].map((curve) => {
      const shown = (point: unknown) => (curve.isZero(point) ? "zero" : toHex(curve.encode(point)));
      const p = curve.multiplyBase(k);
      const out: string[] = [shown(curve.base), String(curve.order), String(curve.pointLength)];
      assert.throws(() => curve.x(curve.zero), RangeError);
      const { zero, base } = curve;
      const nothing = [
        curve.negate(zero),
        curve.add(zero, zero),
        curve.multiply(zero, k),
        curve.multiplyPublic(zero, k),
      ];
      assert.ok(nothing.every((point) => curve.isZero(point) && curve.equal(point, zero) && !curve.equal(point, base)));
      assert.ok(!curve.equal(curve.negate(base), base) && curve.equal(curve.negate(curve.negate(base)), base));
      for (const s of scalars) {
        const sB = curve.multiplyBase(s);
        const sP = curve.multiply(p, s);
        const points = [sB, sP, curve.multiplyPublic(p, s), curve.multiplyPublic(curve.base, s), curve.negate(sP)];
        points.push(curve.add(sB, sP), curve.add(sB, curve.negate(sB)), curve.add(sP, sP), curve.add(curve.zero, sP));
        points.push(curve.sumPublic([p, curve.base, sP, curve.zero], [s, k, 5n, 3n]), curve.sumPublic([], []));
        points.push(curve.sumPublic([p, sB], [0n, s]), curve.sumPublic([p, curve.negate(p)], [s, s]));
        out.push(...points.map(shown), String(curve.equal(points[1], points[2])), String(curve.isZero(sB)));
        if (!curve.isZero(sP)) out.push(String(curve.x(sP)), String(curve.hasEvenY(sP)));
        if (!curve.isZero(sP)) out.push(shown(curve.decode(curve.encode(sP))));
      }
      return out;
    });
    assert.deepEqual(results[0], results[1]);
  });

  test(`${id}: both refuse the same encodings`, () => {
    const random = seeded(`bad ${id}`);
    const good = portable.encode(portable.multiplyBase(randomScalar(random, portable)));
    const tries: Uint8Array[] = [
      new Uint8Array(0),
      good.slice(1),
      Uint8Array.of(...good, 0),
      new Uint8Array(good.length),
      Uint8Array.of(1, ...new Uint8Array(good.length - 1)),
      new Uint8Array(good.length).fill(255),
      Uint8Array.of(4, ...good.slice(1)),
      Uint8Array.of(0),
      ...[0, 1, 5, 6, 7].map((prefix) => Uint8Array.of(prefix, ...good.slice(1))),
    ];
    if (uncompressed[id]) tries.push(...otherForms(good, uncompressed[id]));
    for (let i = 0; i < 60; i++) {
      const bent = Uint8Array.from(good);
      bent[i % bent.length] = (bent[i % bent.length] as number) ^ (1 << (i % 8));
      tries.push(bent);
    }
    // Small order, mixed order, and y = p + 1: not canonical.
    if (id === "Ed25519")
      tries.push(
        ...[
          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "a9c39c1e1c0ac0e1fd1f7fb18d8b5a7dd1e6a3e7a2c6ee6c3ee2c2d0a6b5d3aa",
        ].map(fromHex),
      );
    for (const bytes of tries) {
      const answers: string[] = [native, portable].map((curve): string => {
        try {
          return toHex(curve.encode(curve.decode(bytes)));
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
          return "refused";
        }
      });
      assert.equal(answers[0], answers[1], toHex(bytes));
    }
  });
}

test("ECDSA over secp256k1: both say the same of low s, whatever is signed", { skip: !verifiesEcdsa }, () => {
  const random = seeded("digests");
  const { order } = nobleCurves.secp256k1;
  const digests = [0n, 1n, order - 1n, order, order + 1n, (1n << 256n) - 1n].map(toBytes32);
  for (const digest of [...digests, random(32), random(32)])
    for (const secret of [1n, 2n, order - 1n, randomScalar(random, { order })].map(toBytes32)) {
      const key = secp256k1.getPublicKey(secret);
      const signature = secp256k1.sign(digest, secret, { prehash: false });
      for (const said of [digest, ...digests])
        assert.equal(
          verifiesEcdsa?.(key, said, signature),
          secp256k1.verify(signature, said, key, { prehash: false, lowS: true }),
        );
      assert.ok(verifiesEcdsa?.(key, digest, signature));
    }
});

test("a program may do without native code", () => {
  usePortableCurves();
  assert.equal(curveOf("P-256"), nobleCurves["P-256"]);
  usePortableCurves(false);
  assert.equal(curveOf("P-256"), nativeCurves["P-256"]);
  assert.equal(curveOf("SM2"), nobleCurves.SM2);
});

test("secp256k1: the native package vouches for no signature that @noble/curves does not", {
  skip: !verifiesEcdsa,
}, () => {
  const random = seeded("ecdsa");
  const { order } = nobleCurves.secp256k1;
  const secret = toBytes32(randomScalar(random, { order }));
  const key = secp256k1.getPublicKey(secret);
  const digest = random(32);
  const signature = secp256k1.sign(digest, secret, { prehash: false });
  const holds = (...of: [Uint8Array, Uint8Array, Uint8Array]) => verifiesEcdsa?.(...of);
  assert.equal(holds(key, digest, signature), true);
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  const none = new Uint8Array(32);
  const bent = (bytes: Uint8Array, at: number) => Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
  for (const wrong of [
    concat(r, toBytes32(order - toInteger(s))),
    ...[concat(none, s), concat(r, none), concat(toBytes32(order), s), concat(r, toBytes32(order)), none, r.slice(1)],
    ...Array.from({ length: 64 }, (_, at) => bent(signature, at)),
    concat(signature, none),
  ])
    assert.equal(holds(key, digest, wrong), false, toHex(wrong));
  for (let at = 0; at < 32; at++) assert.equal(holds(key, bent(digest, at), signature), false);
  for (let at = 0; at < 33; at++) assert.equal(holds(bent(key, at), digest, signature), false);
  assert.equal(holds(key, digest.slice(1), signature), false);
  const whole = secp256k1.getPublicKey(secret, false);
  assert.equal(holds(whole, digest, signature), false);
  assert.equal(holds(Uint8Array.of(6 + ((whole[64] as number) & 1), ...whole.slice(1)), digest, signature), false);
});
