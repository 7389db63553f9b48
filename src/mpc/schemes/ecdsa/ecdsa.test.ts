import assert from "node:assert/strict";
import { createPublicKey, createVerify, hash } from "node:crypto";
import { test } from "node:test";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { dealKey, pairsOf, partiesOf } from "../../../../test/support/dealt.ts";
import { type Faults, seeded, simulate } from "../../../../test/support/simulate.ts";
import { curveOf, usePortableCurves } from "../../curves/registry.ts";
import { derive } from "../../keys/derive.ts";
import { Abort } from "../../protocol.ts";
import { toInteger } from "../../scalars.ts";
import type { Presignature, Scheme } from "../../scheme.ts";
import { ecdsaK1, ecdsaR1 } from "./index.ts";

const NOBLE = { ECDSA_K1: secp256k1, ECDSA_R1: p256 };
const NAMED = { ECDSA_K1: "secp256k1", ECDSA_R1: "prime256v1" };
type Id = keyof typeof NOBLE;

const digestOf = (text: string) => new Uint8Array(hash("sha256", text, "buffer"));

interface Setting {
  readonly scheme?: Scheme;
  readonly threshold?: number;
  readonly n?: number;
  readonly signers?: readonly number[];
  readonly count?: number;
  readonly path?: readonly number[];
  readonly seed?: string;
  readonly faults?: Faults;
}
const keyOf = (scheme: Scheme, threshold: number, n: number) =>
  dealKey(scheme.id, curveOf(scheme.curve), threshold, partiesOf(n), `${scheme.id} ${threshold} ${n}`);
const presign = ({ scheme = ecdsaK1, threshold = 2, n = 3, count = 1, path = [], seed = "seed", ...rest }: Setting) => {
  const { signers = partiesOf(n).slice(n - threshold), faults } = rest;
  const key = keyOf(scheme, threshold, n);
  const input = (party: number) => ({ share: key.shares.get(party)!, count, path, pairs: pairsOf(party, signers) });
  const simulated = simulate({ protocol: scheme.presign, parties: signers, input, seed, faults });
  return { ...simulated, key, signers, scheme };
};
type Presigned = ReturnType<typeof presign>;
const of = ({ results }: Presigned, party: number, k = 0): Presignature => results.get(party)![k]!;
const partsOf = (presigned: Presigned, digest: Uint8Array, k = 0) =>
  new Map(presigned.signers.map((party) => [party, presigned.scheme.respond(of(presigned, party, k), digest)]));
const signed = (presigned: Presigned, text: string, k = 0): Uint8Array => {
  const digest = digestOf(text);
  return presigned.scheme.combine(of(presigned, presigned.signers[0]!, k), digest, partsOf(presigned, digest, k));
};

/** By OpenSSL, from a PEM of the compressed point. */
const opensslVerifies = (id: Id, publicKey: Uint8Array, text: string, signature: Uint8Array): boolean => {
  const [x, y] = [...Array(2).keys()].map((i) =>
    Buffer.from(
      NOBLE[id].Point.fromBytes(publicKey)
        .toBytes(false)
        .subarray(1 + 32 * i, 33 + 32 * i),
    ).toString("base64url"),
  );
  const key = createPublicKey({
    format: "jwk",
    key: { kty: "EC", crv: NAMED[id] === "secp256k1" ? "secp256k1" : "P-256", x, y },
  });
  return createVerify("sha256").update(text).verify({ key, dsaEncoding: "ieee-p1363" }, signature);
};

for (const scheme of [ecdsaK1, ecdsaR1])
  for (const [threshold, n, signers] of [
    [2, 2, [1, 2]],
    [2, 3, [1, 3]],
    [5, 7, [1, 2, 4, 6, 7]],
    [5, 9, [3, 5, 7, 8, 9]],
  ] as const)
    test(`${scheme.id}, ${threshold} of ${n}: OpenSSL and @noble/curves verify, s is low`, () => {
      const presigned = presign({ scheme, threshold, n, signers });
      const text = `message for ${threshold} of ${n}`;
      const signature = signed(presigned, text);
      const id = scheme.id as Id;
      const { publicKey } = of(presigned, signers[0]);
      assert.deepEqual(publicKey, presigned.key.shares.get(1)!.publicKey);
      assert.ok(opensslVerifies(id, publicKey, text, signature));
      assert.ok(NOBLE[id].verify(signature, digestOf(text), publicKey, { prehash: false, lowS: true }));
      assert.ok(scheme.verify(publicKey, digestOf(text), signature));
      assert.ok(!scheme.verify(publicKey, digestOf("another"), signature));
      assert.ok(!scheme.verify(publicKey, digestOf(text).subarray(1), signature));
    });

test("more than the threshold sign too, and many at once", () => {
  const presigned = presign({ threshold: 2, n: 3, signers: [1, 2, 3], count: 3 });
  const ids = new Set<string>();
  const nonces = new Set<string>();
  for (let k = 0; k < 3; k++) {
    const all = presigned.signers.map((party) => of(presigned, party, k));
    assert.deepEqual(
      all.map(({ id }) => id),
      [all[0]!.id, all[0]!.id, all[0]!.id],
    );
    assert.deepEqual(all[1]!.public, all[0]!.public);
    ids.add(all[0]!.id);
    nonces.add(Buffer.from(signed(presigned, "same message", k).subarray(0, 32)).toString("hex"));
  }
  assert.deepEqual([ids.size, nonces.size], [3, 3]);
});

for (const scheme of [ecdsaK1, ecdsaR1])
  test(`${scheme.id}: a derived key signs, and only under itself`, () => {
    const path = [44, 60, 0, 7];
    const presigned = presign({ scheme, path, signers: [2, 3] });
    const { publicKey } = derive(curveOf(scheme.curve), presigned.key.shares.get(1)!, path);
    const signature = signed(presigned, "from the child");
    assert.deepEqual(of(presigned, 2).publicKey, publicKey);
    assert.ok(opensslVerifies(scheme.id as Id, publicKey, "from the child", signature));
    assert.ok(!scheme.verify(presigned.key.shares.get(1)!.publicKey, digestOf("from the child"), signature));
  });

test("native and portable arithmetic make the same presignatures", () => {
  for (const scheme of [ecdsaK1, ecdsaR1]) {
    const native = of(presign({ scheme }), 2);
    usePortableCurves();
    try {
      assert.deepEqual(of(presign({ scheme }), 2), native);
    } finally {
      usePortableCurves(false);
    }
  }
});

test("digests of another length are not signed", () => {
  const presigned = presign({});
  for (const length of [0, 31, 33, 64])
    assert.throws(() => ecdsaK1.respond(of(presigned, 2), new Uint8Array(length)), TypeError);
  // A digest above the order is reduced, as everywhere.
  const digest = new Uint8Array(32).fill(255);
  const signature = ecdsaK1.combine(of(presigned, 2), digest, partsOf(presigned, digest));
  assert.ok(secp256k1.verify(signature, digest, of(presigned, 2).publicKey, { prehash: false }));
});

test("a wrong part names its signer; parts of others, too few or of another run give no signature", () => {
  const presigned = presign({ threshold: 3, n: 4, signers: [1, 2, 4] });
  const digest = digestOf("x");
  const parts = partsOf(presigned, digest);
  const combine = (changed: ReadonlyMap<number, Uint8Array>) => ecdsaK1.combine(of(presigned, 1), digest, changed);
  const names = (changed: ReadonlyMap<number, Uint8Array>, ...culprits: number[]) =>
    assert.throws(
      () => combine(changed),
      (error) => error instanceof Abort && error.check === "ecdsa.part" && error.culprits.join() === culprits.join(),
    );
  const damaged = (party: number, at = 31) => parts.get(party)!.map((byte, i) => (i === at ? byte ^ 1 : byte));
  names(new Map(parts).set(2, damaged(2)), 2);
  names(new Map(parts).set(2, damaged(2)).set(4, damaged(4, 0)), 2, 4);
  names(new Map(parts).set(4, new Uint8Array(31)), 4);
  names(new Map(parts).set(4, new Uint8Array(32).fill(255)), 4);
  names(new Map(parts).set(4, ecdsaK1.respond(of(presigned, 4), digestOf("y"))), 4);
  const other = presign({ threshold: 3, n: 4, signers: [1, 2, 4], seed: "another run" });
  names(new Map(parts).set(1, ecdsaK1.respond(of(other, 1), digest)), 1);
  const elsewhere = presign({ threshold: 3, n: 4, signers: [2, 3, 4] });
  names(new Map(parts).set(2, ecdsaK1.respond(of(elsewhere, 2), digest)), 2);
  assert.throws(() => combine(new Map([...parts].slice(1))), TypeError);
  assert.throws(() => combine(partsOf(elsewhere, digest)), TypeError);
  assert.ok(combine(parts));
});

test("presigning needs enough parties of the key, this party's own share, and a sane count", () => {
  const context = { session: new Uint8Array(32), self: 1, parties: [1, 2], random: seeded("x") };
  const share = keyOf(ecdsaK1, 2, 3).shares.get(1)!;
  const input = { share, count: 1, path: [], pairs: pairsOf(1, [1, 2]) };
  const begin = (changes: object, parties = context.parties) =>
    ecdsaK1.presign.begin({ ...context, parties }, { ...input, ...changes });
  assert.throws(() => begin({}, [1]), TypeError);
  assert.throws(() => begin({}, [1, 4]), TypeError);
  assert.throws(() => begin({ share: { ...share, threshold: 3 } }), TypeError);
  assert.throws(() => begin({ share: keyOf(ecdsaK1, 2, 3).shares.get(2)! }), TypeError);
  assert.throws(() => begin({ share: keyOf(ecdsaR1, 2, 3).shares.get(1)! }), TypeError);
  assert.throws(
    () => begin({ share: { ...share, scheme: "SCHNORR_BIP340" } }),
    TypeError,
    "another scheme, same curve",
  );
  for (const count of [0, 129, 1.5]) assert.throws(() => begin({ count }), TypeError);
  assert.throws(() => begin({ pairs: new Map() }), TypeError);
  assert.throws(() => begin({ pairs: new Map([[2, pairsOf(1, [1, 3]).get(3)!]]) }), TypeError);
  assert.throws(() => begin({ path: [2 ** 31] }), RangeError);
  assert.ok(begin({}));
});

test("lost, late and repeated messages and restarts at any message change nothing", () => {
  for (let message = 1; message <= 9; message++) {
    const crash = (party: number, received: number) => party === 3 && received === message;
    const presigned = presign({
      signers: [1, 3],
      seed: `restart ${message}`,
      faults: { drop: 0.2, double: 0.2, crash },
    });
    assert.equal(presigned.results.size, 2);
    assert.ok(signed(presigned, "after a restart"));
  }
});

test("nonces, masks and shares are spread over the whole group", () => {
  const { results } = presign({ count: 128, signers: [1, 2] });
  const { order } = curveOf("secp256k1");
  const byHalf = (values: readonly bigint[]) => {
    assert.equal(new Set(values).size, values.length);
    // Each of the top 8 bits is 1 in about half of them: within 6 standard deviations.
    for (let bit = 1n; bit <= 8n; bit++) {
      const ones = values.filter((value) => ((value << bit) / order) & 1n).length;
      assert.ok(Math.abs(ones - values.length / 2) < 3 * Math.sqrt(values.length), `bit ${bit}: ${ones}`);
    }
  };
  const made = results.get(1)!;
  byHalf(made.map((presignature) => toInteger((presignature.public.nonce as Uint8Array).subarray(1))));
  byHalf(made.map((presignature) => presignature.public.u as bigint));
  byHalf(made.map((presignature) => presignature.secret.mask as bigint));
  byHalf(made.map((presignature) => presignature.secret.key as bigint));
});
