/** Cheats that are consistent with themselves: they commit to their lie, prove what they can, and stand by it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lying } from "../../../test/support/cheating.ts";
import { type Simulation, seeded, simulate } from "../../../test/support/simulate.ts";
import { concat, equal, fromHex } from "../../base/bytes.ts";
import { curveOf } from "../curves/registry.ts";
import { hashOf } from "../hash.ts";
import type { KeyShare } from "../key-share.ts";
import type { Context, PlainRecord, Protocol, Turn } from "../protocol.ts";
import { toBytes32 } from "../scalars.ts";
import { acceptDealt, dealKey } from "./dealer.ts";
import { dkg } from "./dkg.ts";
import { refresh } from "./refresh.ts";
import { reshare } from "./reshare.ts";
import { publicOf } from "./sharing.ts";

const scheme = "EDDSA_ED25519";
const curve = curveOf("Ed25519");
const parties = [1, 2, 3];
const CHEAT = 2;

/** Every honest party that found something out names the cheat, for `check`; at least `finders` did. */
const caught = <I, R>(run: Simulation<I, R>, check: string, finders = 2): void => {
  // The cheat keeps quiet, so each of the others has to find out by itself, and hears nothing of the others'.
  const wire = (_: Uint8Array, message: { kind: string }) => (message.kind === "abort" ? [] : undefined);
  const { outcomes } = simulate({ ...run, faults: { wire } });
  let found = 0;
  for (const [party, outcome] of outcomes) {
    if (party === CHEAT || outcome?.kind !== "aborted") continue;
    assert.equal(outcome.abort.check, check);
    assert.deepEqual(outcome.abort.culprits, [CHEAT]);
    found++;
  }
  assert.ok(found >= finders, `${found} found it out`);
};

/** The protocol, but for how the cheat begins. */
const begun = <I, R>(protocol: Protocol<I, R>, bend: (turn: Turn<R>, context: Context) => Turn<R>): Protocol<I, R> => ({
  ...protocol,
  begin: (context, input) => {
    const turn = protocol.begin(context, input);
    return context.self === CHEAT ? bend(turn, context) : turn;
  },
});

interface Dealing extends PlainRecord {
  readonly coefficients: readonly bigint[];
  readonly opening: Uint8Array;
}
/** Deals otherwise: the state is the cheat's own. */
const dealing =
  (bend: (dealt: Dealing) => Partial<Dealing>, again?: (context: Context, opening: Uint8Array) => Uint8Array) =>
  <R>(turn: Turn<R>, context: Context): Turn<R> => {
    if ("result" in turn) return turn;
    const state = turn.state as { dealt: Dealing };
    const dealt = { ...state.dealt, ...bend(state.dealt) } as Dealing;
    const send = again ? { broadcast: again(context, dealt.opening) } : turn.send;
    return { state: { ...state, dealt }, send };
  };

/** mpc section 7.1, of a key generation. */
const committed = ({ session, self }: Context, opening: Uint8Array): Uint8Array =>
  hashOf("dkg commitment", session, hashOf("dkg purpose", scheme, 2, parties), self, opening);
const generation = { parties, input: () => ({ scheme, threshold: 2 }) as const };
const opens = (bend: (opening: Uint8Array) => Uint8Array) =>
  begun(
    dkg,
    dealing(({ opening }) => ({ opening: bend(opening) }), committed),
  );
const at = (opening: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array => {
  const bent = Uint8Array.from(opening);
  bent.set(bytes, offset);
  return bent;
};
/** value, R, s, then the second coefficient's point. */
const [VALUE, SECOND] = [0, 96];
const SMALL_ORDER = fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
const NEUTRAL = Uint8Array.of(1, ...new Uint8Array(31));
const another = curve.encode(curve.multiplyBase(99n));

test("key generation: an opening that is not the one committed to", () => {
  const protocol = begun(
    dkg,
    dealing(({ opening }) => ({ opening: at(opening, SECOND, another) })),
  );
  caught({ ...generation, protocol }, "dkg.commitment");
});

test("key generation: points that are none, neutral, or of small order", () => {
  for (const offset of [VALUE, SECOND])
    for (const bad of [SMALL_ORDER, NEUTRAL, new Uint8Array(32).fill(255)])
      caught({ ...generation, protocol: opens((opening) => at(opening, offset, bad)) }, "dkg.opening");
});

test("key generation: a polynomial of another degree", () => {
  const shorter = (opening: Uint8Array) => concat(opening.slice(0, SECOND), opening.slice(SECOND + 32));
  const longer = (opening: Uint8Array) => concat(opening.slice(0, SECOND), another, opening.slice(SECOND));
  for (const bend of [shorter, longer]) caught({ ...generation, protocol: opens(bend) }, "dkg.opening");
});

test("key generation: a value that the dealer does not know", () => {
  caught({ ...generation, protocol: opens((opening) => at(opening, VALUE, another)) }, "dkg.proof");
});

test("key generation: shares of another polynomial, for all or for one", () => {
  const other = begun(
    dkg,
    dealing(({ coefficients: [value = 0n] }) => ({ coefficients: [value, 5n] })),
  );
  caught({ ...generation, protocol: other }, "dkg.share");
  const toOne = lying(dkg, {
    cheater: CHEAT,
    round: 2,
    tamper: (send) => ({ ...send, direct: new Map(send.direct).set(3, toBytes32(5n)) }),
  });
  caught({ ...generation, protocol: toOne }, "dkg.share", 1);
});

test("key generation: what another party committed to and proved, said again", () => {
  const kept: Uint8Array[] = [];
  const copy = lying(dkg, {
    cheater: CHEAT,
    round: 2,
    tamper: (send, _, __, inbox) => {
      kept.push((inbox as { broadcast(from: number): Uint8Array }).broadcast(1));
      return send;
    },
  });
  simulate({ ...generation, protocol: copy });
  assert.equal(kept[0]?.length, 32);
  // The commitment names its dealer, so the cheat can open a copy of it with nothing.
  const again = {
    ...copy,
    begin: begun(dkg, (turn) => ({ ...turn, send: { broadcast: kept[0] } }) as typeof turn).begin,
  };
  caught({ ...generation, protocol: again }, "dkg.commitment");
});

const key = (() => {
  const random = seeded("cheating");
  const { dealt, shares } = dealKey(curve, { scheme, threshold: 2, parties }, random(32), random);
  return new Map(parties.map((p) => [p, acceptDealt(curve, dealt, p, shares.get(p) as Uint8Array)]));
})();
const shareOf = (party: number) => key.get(party) as KeyShare;

test("refresh: a dealer that would move the key", () => {
  const protocol = begun(
    refresh,
    dealing(({ coefficients: [, slope = 0n] }) => ({ coefficients: [1n, slope] })),
  );
  caught({ protocol, parties, input: (party) => ({ share: shareOf(party) }) }, "refresh.share");
});

test("resharing: a dealer that would deal another value than its part of the key", () => {
  const places = parties.map((party) => ({ party, index: party }));
  const input = (party: number) => ({
    key: publicOf(shareOf(1)),
    share: party === 3 ? undefined : shareOf(party),
    threshold: 2,
    dealers: places.slice(0, 2),
    receivers: places,
  });
  const protocol = begun(
    reshare,
    dealing(({ coefficients: [value = 0n, slope = 0n] }) => ({ coefficients: [value + 1n, slope] })),
  );
  caught({ protocol, parties, input }, "reshare.share");
});

test("resharing: dealers whose shares are of no key", () => {
  const bent = { ...publicOf(shareOf(1)), verifyingShares: { ...shareOf(1).verifyingShares, 2: another } };
  assert.ok(!equal(another, shareOf(1).verifyingShares[2] as Uint8Array));
  const places = parties.map((party) => ({ party, index: party }));
  const context = { session: new Uint8Array(32), self: 3, parties, random: seeded("x") };
  for (const change of [
    { key: bent },
    { dealers: places.slice(0, 1) },
    { dealers: [...places.slice(0, 1), { party: 2, index: 1 }] },
    {
      dealers: [
        { party: 1, index: 1 },
        { party: 1, index: 2 },
      ],
    },
    {
      dealers: [
        { party: 1, index: 1 },
        { party: 2, index: 9 },
      ],
    },
    {
      receivers: [
        { party: 1, index: 0 },
        { party: 3, index: 1 },
      ],
    },
    {
      receivers: [
        { party: 1, index: 1 },
        { party: 3, index: 1 },
      ],
    },
    { receivers: places.slice(0, 1) },
    { receivers: [...places, { party: 9, index: 9 }] },
    { threshold: 4 },
    { threshold: 1 },
    { share: shareOf(1) },
  ]) {
    const input = {
      key: publicOf(shareOf(1)),
      threshold: 2,
      dealers: places.slice(0, 2),
      receivers: places,
      ...change,
    };
    assert.throws(() => reshare.begin(context, input), RangeError, JSON.stringify(change));
  }
});
