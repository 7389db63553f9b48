import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded, simulate } from "../../../test/support/simulate.ts";
import { generated, partiesUpTo, privateKeyOf, secretsOf } from "../../../test/support/threshold-keys.ts";
import { toHex } from "../../base/bytes.ts";
import { curveOf } from "../curves/registry.ts";
import type { KeyShare, SchemeId } from "../key-share.ts";
import { Abort } from "../protocol.ts";
import { toBytes32, toInteger } from "../scalars.ts";
import { acceptDealt, dealKey, scalarOf } from "./dealer.ts";
import { dkg } from "./dkg.ts";
import { combineShares } from "./export.ts";
import { refresh } from "./refresh.ts";
import { reshare } from "./reshare.ts";
import { CURVE_OF, publicOf, requirePublic } from "./sharing.ts";

const SCHEMES: readonly SchemeId[] = ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SCHNORR_BIP340"];

/** A key whose shares are those of an import: also for SM2, where generation alone is not all. */
const imported = (scheme: SchemeId, threshold: number, parties: readonly number[]): KeyShare[] => {
  const curve = curveOf(CURVE_OF[scheme]);
  const random = seeded(`import ${scheme}`);
  const { dealt, shares } = dealKey(curve, { scheme, threshold, parties }, random(32), random);
  return parties.map((party) => acceptDealt(curve, dealt, party, shares.get(party) as Uint8Array));
};
const byIndex = (shares: readonly KeyShare[]) => new Map(shares.map((share) => [share.self, share]));

for (const scheme of SCHEMES)
  for (const [t, n] of [
    [2, 2],
    [2, 3],
    [5, 7],
  ] as const)
    test(`${scheme} ${t} of ${n}: any t shares of a generated key combine, fewer do not`, () => {
      const shares = [...generated(scheme, t, partiesUpTo(n)).values()];
      privateKeyOf(shares);
      const [first] = shares as [KeyShare];
      const curve = curveOf(first.curve);
      requirePublic(curve, first);
      assert.throws(() => combineShares(curve, first, secretsOf(shares.slice(0, t - 1))), RangeError);
      // What t - 1 shares interpolate to is another key.
      const fewer = { ...first, threshold: t - 1 };
      if (t > 2) assert.throws(() => combineShares(curve, fewer, secretsOf(shares)), RangeError);
    });

test("an imported key of which a party would have nothing is refused", () => {
  const curve = curveOf("secp256k1");
  const key = 2n;
  // 2 − x.
  const dealt = {
    ...({ scheme: "ECDSA_K1", threshold: 2, parties: [1, 2, 3] } as const),
    publicKey: curve.encode(curve.multiplyBase(key)),
    commitments: [key, curve.order - 1n].map((coefficient) => curve.encode(curve.multiplyBase(coefficient))),
  } as const;
  for (const [party, share] of [
    [1, 1n],
    [2, 0n],
    [3, curve.order - 1n],
  ] as const)
    assert.throws(() => acceptDealt(curve, dealt, party, toBytes32(share)), RangeError);
});

test("parties may have any indices of 1 to 255", () => {
  privateKeyOf([...generated("ECDSA_K1", 2, [3, 77, 255]).values()]);
});

test("two keys have nothing in common, not their chain codes either", () => {
  const [a, b] = ["a", "b"].map((seed) => generated("ECDSA_K1", 2, [1, 2], seed).get(1) as KeyShare);
  assert.notDeepEqual(a?.publicKey, b?.publicKey);
  assert.notDeepEqual(a?.chainCode, b?.chainCode);
});

test("a key has 2 to 16 parties, and a threshold of 2 up to all of them", () => {
  const begin = (parties: readonly number[], threshold: number) =>
    dkg.begin(
      { session: new Uint8Array(32), self: 1, parties, random: seeded("x") },
      { scheme: "ECDSA_K1", threshold },
    );
  for (const [parties, t] of [
    [[1, 2], 1],
    [[1, 2], 3],
    [[1, 1], 2],
    [[0, 1], 2],
    [[2, 1], 2],
    [[1, 256], 2],
    [[1, 2], 1.5],
    [partiesUpTo(17), 2],
  ] as const)
    assert.throws(() => begin(parties, t), RangeError, `${parties} ${t}`);
});

for (const scheme of [...SCHEMES, "SM2"] as const) {
  const shares = imported(scheme, 2, [1, 2, 3]);
  const secret = privateKeyOf(shares);

  test(`${scheme}: a refresh keeps the key, and shares of two epochs go with one another no more`, () => {
    const { results } = simulate({
      protocol: refresh,
      parties: [1, 2, 3],
      input: (party) => ({ share: byIndex(shares).get(party) as KeyShare }),
    });
    const fresh = [...results.values()];
    assert.equal(fresh.length, 3);
    assert.equal(privateKeyOf(fresh), secret);
    assert.ok(
      fresh.every(
        ({ epoch, chainCode }) => epoch === 1 && toHex(chainCode) === toHex(shares[0]?.chainCode as Uint8Array),
      ),
    );
    const [one, two] = fresh as [KeyShare, KeyShare];
    assert.notDeepEqual(one.secret, shares[0]?.secret);
    assert.throws(
      () =>
        combineShares(curveOf(one.curve), one, secretsOf([one, { ...two, secret: shares[1]?.secret as Uint8Array }])),
      (error) => error instanceof Abort && error.culprits.join() === "2",
    );
  });

  test(`${scheme}: resharing changes nodes and threshold and keeps the key`, () => {
    const key = publicOf(shares[0] as KeyShare);
    // Node 1 keeps its place, 3 becomes 4, 2 is not there; 11 and 12 are new.
    const dealers = [
      { party: 1, index: 1 },
      { party: 3, index: 3 },
    ];
    const receivers = [
      { party: 1, index: 1 },
      { party: 11, index: 2 },
      { party: 12, index: 3 },
      { party: 3, index: 4 },
    ];
    const { results } = simulate({
      protocol: reshare,
      parties: [1, 3, 11, 12],
      input: (party) => ({ key, share: byIndex(shares).get(party), threshold: 3, dealers, receivers }),
    });
    const fresh = [...results.values()] as KeyShare[];
    assert.equal(privateKeyOf(fresh.sort((a, b) => a.self - b.self)), secret);
    assert.ok(
      fresh.every(({ threshold, epoch, parties }) => threshold === 3 && epoch === 1 && parties.join() === "1,2,3,4"),
    );
  });
}

test("a node that leaves deals and gets nothing", () => {
  const shares = imported("ECDSA_R1", 2, [1, 2, 3]);
  const key = publicOf(shares[0] as KeyShare);
  const { outcomes, results } = simulate({
    protocol: reshare,
    parties: [1, 2, 3, 4],
    input: (party) => ({
      key,
      share: byIndex(shares).get(party),
      threshold: 2,
      dealers: [1, 2, 3].map((i) => ({ party: i, index: i })),
      receivers: [1, 4].map((i) => ({ party: i, index: i })),
    }),
  });
  assert.ok([...outcomes.values()].every((outcome) => outcome?.kind === "result"));
  assert.equal(results.get(2), undefined);
  privateKeyOf([results.get(1), results.get(4)] as KeyShare[]);
});

test("an imported Ed25519 key keeps its public key (RFC 8032 section 7.1, test 1)", () => {
  const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
  const { dealt, shares } = dealKey(
    curveOf("Ed25519"),
    { scheme: "EDDSA_ED25519", threshold: 2, parties: [1, 2] },
    seed,
    seeded("d"),
  );
  assert.equal(toHex(dealt.publicKey), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  assert.equal(shares.size, 2);
});

test("a party takes no dealt share that does not fit", () => {
  const curve = curveOf("secp256k1");
  const random = seeded("bad deal");
  const { dealt, shares } = dealKey(
    curve,
    { scheme: "ECDSA_K1", threshold: 2, parties: [1, 2, 3] },
    random(32),
    random,
  );
  const share = shares.get(1) as Uint8Array;
  const refused = (bad: Partial<typeof dealt>, self = 1, bytes = share) =>
    assert.throws(() => acceptDealt(curve, { ...dealt, ...bad }, self, bytes), RangeError);
  refused({}, 2);
  refused({}, 4);
  refused({}, 1, share.slice(1));
  refused({}, 1, new Uint8Array(32).fill(255));
  refused({ commitments: dealt.commitments.slice(0, 1) });
  refused({ commitments: [...dealt.commitments, dealt.commitments[0] as Uint8Array] });
  refused({ commitments: [dealt.commitments[1] as Uint8Array, dealt.commitments[0] as Uint8Array] });
  refused({ publicKey: dealt.commitments[1] });
  refused({ parties: [0, 1, 2] });
  refused({ parties: [1, 1, 2] });
  refused({ threshold: 3 });
  refused({ scheme: "ECDSA_R1" });
});

test("what is no private key is not split", () => {
  const curve = curveOf("SM2");
  const order = Buffer.from(curve.order.toString(16), "hex");
  for (const bad of [
    new Uint8Array(31),
    new Uint8Array(32),
    order,
    Buffer.from((curve.order - 1n).toString(16), "hex"),
  ])
    assert.throws(() => scalarOf("SM2", bad, curve), RangeError);
  assert.equal(
    scalarOf("ECDSA_K1", Buffer.from((curveOf("secp256k1").order - 1n).toString(16), "hex"), curveOf("secp256k1")),
    curveOf("secp256k1").order - 1n,
  );
});

test("no message of a key generation holds a share or a dealt value", () => {
  const { sent, results } = simulate({
    protocol: dkg,
    parties: [1, 2, 3],
    input: () => ({ scheme: "ECDSA_K1", threshold: 2 }) as const,
  });
  const said = sent.map(({ bytes }) => toHex(bytes)).join(" ");
  for (const { secret } of results.values()) {
    assert.ok(toInteger(secret) > 0n);
    assert.ok(!said.includes(toHex(secret)));
  }
});
