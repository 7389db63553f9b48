/** The life of a key of every scheme: made, used, refreshed, moved, a share lost and given back, derived, exported, imported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pairsOf, partiesOf } from "../../../test/support/dealt.ts";
import { type Faults, seeded, simulate } from "../../../test/support/simulate.ts";
import { generated, privateKeyOf, secretsOf } from "../../../test/support/threshold-keys.ts";
import { fromHex, toHex } from "../../base/bytes.ts";
import { curveOf, usePortableCurves } from "../curves/registry.ts";
import type { KeyShare } from "../key-share.ts";
import { acceptDealt, dealKey } from "../keys/dealer.ts";
import { derive } from "../keys/derive.ts";
import { combineShares } from "../keys/export.ts";
import { refresh } from "../keys/refresh.ts";
import { reshare } from "../keys/reshare.ts";
import { publicOf } from "../keys/sharing.ts";
import { Abort } from "../protocol.ts";
import { inverse, toBytes32 } from "../scalars.ts";
import type { Presignature, Scheme } from "../scheme.ts";
import { schemes } from "./registry.ts";
import { convert } from "./sm2/convert.ts";

type Shares = ReadonlyMap<number, KeyShare>;

/** What the protocols of a key's life are run over: every state of every party and every message passes by here. */
let watch: Faults = {};

const madeBy = (scheme: Scheme, threshold: number, parties: readonly number[]): Shares => {
  const shares = generated(scheme.id, threshold, parties, "key", watch);
  if (scheme.id !== "SM2") return shares;
  const { results } = simulate({
    protocol: convert,
    parties,
    input: (party) => ({ share: shares.get(party) as KeyShare, pairs: pairsOf(party, parties) }),
    faults: watch,
  });
  assert.equal(results.size, parties.length);
  return results;
};

const presignedBy = (scheme: Scheme, shares: Shares, signers: readonly number[], path: readonly number[]) =>
  simulate({
    protocol: scheme.presign,
    parties: signers,
    input: (party) => ({
      share: shares.get(party) as KeyShare,
      count: 1,
      path,
      pairs: scheme.pairwise ? pairsOf(party, signers) : new Map(),
    }),
    faults: watch,
  });

/** Signs and has it verified by what knows nothing of shares. */
const signs = (scheme: Scheme, shares: Shares, signers: readonly number[], path: readonly number[] = []): void => {
  const digest = seeded(`${signers}`)(32);
  const { results } = presignedBy(scheme, shares, signers, path);
  assert.equal(results.size, signers.length);
  const own = new Map([...results].map(([party, made]) => [party, made[0] as Presignature]));
  const parts = new Map([...own].map(([party, presignature]) => [party, scheme.respond(presignature, digest)]));
  const key = shares.get(signers[0] as number) as KeyShare;
  const { publicKey } = derive(curveOf(scheme.curve), key, path);
  for (const presignature of own.values())
    assert.ok(scheme.verify(publicKey, digest, scheme.combine(presignature, digest, parts)));
};

/** All that is kept or said in `live`. */
const watched = (live: () => void): Buffer[] => {
  const seen: Buffer[] = [];
  watch = {
    saved: (_, state) => seen.push(Buffer.from(state)),
    wire: (bytes) => {
      seen.push(Buffer.from(bytes));
      return undefined;
    },
  };
  try {
    live();
  } finally {
    watch = {};
  }
  return seen;
};

for (const scheme of schemes.values()) {
  const curve = curveOf(scheme.curve);

  test(`${scheme.id}: made, used, refreshed, moved, lost and recovered, exported, imported`, () => {
    const first = madeBy(scheme, 2, [1, 2, 3]);
    const secret = privateKeyOf([...first.values()]);
    signs(scheme, first, [1, 3]);
    if (scheme.derives) signs(scheme, first, [2, 3], [44, 60, 7]);

    const input = (party: number) => ({ share: first.get(party) as KeyShare });
    const second = simulate({ protocol: refresh, parties: [1, 2, 3], input }).results;
    assert.equal(privateKeyOf([...second.values()]), secret);
    signs(scheme, second, [1, 2]);

    const key = publicOf(second.get(1) as KeyShare);
    const { results } = simulate({
      protocol: reshare,
      parties: [1, 2, 21, 22],
      input: (party) => ({
        key,
        share: second.get(party),
        threshold: 3,
        dealers: [1, 2].map((index) => ({ party: index, index })),
        receivers: [1, 2, 21, 22].map((party, i) => ({ party, index: i + 1 })),
      }),
    });
    const third = new Map([...results.values()].map((share) => [(share as KeyShare).self, share as KeyShare]));
    assert.equal(privateKeyOf([...third.values()]), secret);
    signs(scheme, third, [2, 3, 4]);

    const recovered = simulate({
      protocol: reshare,
      parties: [1, 2, 3, 4],
      input: (party) => ({
        key: publicOf(third.get(1) as KeyShare),
        share: party === 4 ? undefined : third.get(party),
        threshold: 3,
        dealers: [1, 2, 3].map((index) => ({ party: index, index })),
        receivers: [1, 2, 3, 4].map((index) => ({ party: index, index })),
      }),
    }).results;
    const fourth = new Map([...recovered].map(([party, share]) => [party, share as KeyShare]));
    assert.equal(fourth.get(4)?.epoch, first.get(1)!.epoch + 3);
    signs(scheme, fourth, [1, 3, 4]);

    const exported = combineShares(curve, fourth.get(1) as KeyShare, secretsOf([...fourth.values()].slice(1)));
    assert.equal(toHex(exported), secret);
    // Of Ed25519 the scalar comes out, and a seed goes in.
    if (scheme.id === "EDDSA_ED25519") return;
    const { dealt, shares } = dealKey(
      curve,
      { scheme: scheme.id, threshold: 2, parties: [1, 2] },
      fromHex(secret),
      seeded("again"),
    );
    assert.deepEqual(dealt.publicKey, key.publicKey);
    signs(scheme, new Map([1, 2].map((p) => [p, acceptDealt(curve, dealt, p, shares.get(p) as Uint8Array)])), [1, 2]);
  });

  for (const [t, n] of [
    [2, 2],
    [5, 7],
    [5, 9],
  ] as const)
    test(`${scheme.id}: ${t} of ${n}`, () => {
      const shares = madeBy(scheme, t, partiesOf(n));
      signs(scheme, shares, partiesOf(n).slice(-t));
    });

  test(`${scheme.id}: a share of an epoch that has passed is found out`, () => {
    const first = madeBy(scheme, 2, [1, 2, 3]);
    const input = (party: number) => ({ share: first.get(party) as KeyShare });
    const second = simulate({ protocol: refresh, parties: [1, 2, 3], input }).results;
    const stale = new Map(
      [...second].map(([party, share]) => [party, party === 2 ? (first.get(2) as KeyShare) : share]),
    );
    const { outcomes } = presignedBy(scheme, stale, [1, 2], []);
    const outcome = outcomes.get(1);
    assert.ok(outcome?.kind === "aborted");
    // One that says the epoch is the present one is found out too, at the latest when its part is there.
    const lying = new Map(stale).set(2, { ...(second.get(2) as KeyShare), secret: (first.get(2) as KeyShare).secret });
    const { outcomes: ends, results } = presignedBy(scheme, lying, [1, 2], []);
    const end = ends.get(1);
    if (end?.kind === "aborted") {
      assert.deepEqual(end.abort.culprits, [2]);
      return;
    }
    const digest = new Uint8Array(32).fill(1);
    const own = new Map([...results].map(([party, made]) => [party, made[0] as Presignature]));
    const parts = new Map([...own].map(([party, presignature]) => [party, scheme.respond(presignature, digest)]));
    assert.throws(
      () => scheme.combine(own.get(1) as Presignature, digest, parts),
      (error) => error instanceof Abort && error.culprits.join() === "2",
    );
  });

  test(`${scheme.id}: the private key is in no state of any party and in no message`, () => {
    let parties: readonly KeyShare[] = [];
    const seen = watched(() => {
      const made = madeBy(scheme, 2, [1, 2, 3]);
      parties = [...made.values()];
      signs(scheme, made, [1, 2]);
      const input = (party: number) => ({ share: made.get(party) as KeyShare });
      const { results } = simulate({ protocol: refresh, parties: [1, 2, 3], input, faults: watch });
      assert.equal(results.size, 3);
    });
    const secret = privateKeyOf(parties);
    // The net has no hole: shares are in states.
    const holds = (bytes: Uint8Array) => seen.some((buffer) => buffer.includes(Buffer.from(bytes)));
    assert.ok(parties.every(({ secret }) => holds(secret)));
    const shared = scheme.id === "SM2" ? inverse(BigInt(`0x${secret}`) + 1n, curve) : BigInt(`0x${secret}`);
    for (const value of [BigInt(`0x${secret}`), shared, curve.order - shared]) {
      // Without the first byte, which a plain integer lacks where it is 0.
      const bytes = toBytes32(value).slice(1);
      assert.ok(!holds(bytes));
      assert.ok(!holds(bytes.reverse()));
    }
  });

  test(`${scheme.id}: parties may compute with other implementations, and change them between two messages`, () => {
    let count = 0;
    watch = {
      wire: () => {
        usePortableCurves(++count % 2 === 0);
        return undefined;
      },
    };
    try {
      signs(scheme, madeBy(scheme, 2, [1, 2, 3]), [2, 3]);
    } finally {
      usePortableCurves(false);
      watch = {};
    }
  });
}
