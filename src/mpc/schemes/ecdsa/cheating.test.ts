/** Every class of bits of every message, and lies that fit together: a named cheater or a right signature. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flipped, type Lie, lying, replaced } from "../../../../test/support/cheating.ts";
import { dealKey, pairsOf } from "../../../../test/support/dealt.ts";
import { simulate } from "../../../../test/support/simulate.ts";
import { curveOf } from "../../curves/registry.ts";
import { Abort, type Plain, type PlainRecord, type Protocol, type Sending } from "../../protocol.ts";
import { mod, toBytes32, toInteger } from "../../scalars.ts";
import type { Presignature, PresignInput } from "../../scheme.ts";
import { ecdsaK1 } from "./index.ts";

const curve = curveOf("secp256k1");
const PARTIES = [1, 2, 3];
const CHEATER = 1;
const { shares } = dealKey("ECDSA_K1", curve, 3, PARTIES);
const DIGEST = new Uint8Array(32).fill(7);

type Presign = Protocol<PresignInput, readonly Presignature[]>;
const input = (party: number): PresignInput => ({
  share: shares.get(party)!,
  count: 1,
  path: [],
  pairs: pairsOf(party, PARTIES),
});
const run = (protocol: Presign, inputOf = input) => simulate({ protocol, parties: PARTIES, input: inputOf });
const telling = (lie: Omit<Lie, "cheater">, protocol: Presign = ecdsaK1.presign) =>
  lying(protocol, { cheater: CHEATER, ...lie });

/** All honest parties end without a result, and the cheater is named, by them or by itself. @returns what was checked */
const named = (protocol: Presign): Set<string> => {
  const { outcomes } = run(protocol);
  const checks = new Set<string>();
  for (const party of [2, 3]) {
    const outcome = outcomes.get(party);
    assert.equal(outcome?.kind, "aborted", `party ${party} has ${outcome?.kind}`);
    if (outcome?.kind !== "aborted") continue;
    assert.deepEqual(outcome.abort.culprits, [CHEATER], `${outcome.abort.check} by ${outcome.by}`);
    checks.add(outcome.abort.check);
  }
  return checks;
};

const POINT = 33;
const OPENED = 32 + POINT;
const PUBLISHED = 32 + 2 * POINT;
/** Fields of the messages, by round: where they begin and what refuses them. To all, or to party 2 alone. */
const BROADCAST = {
  1: { commitment: [0, 32, /^ecdsa\.opening$/] },
  3: {
    salt: [0, 32, /^ecdsa\.opening$/],
    "nonce point": [32, POINT, /^ecdsa\.opening$/],
    "offset for 2": [OPENED, 32, /^(products\.opening|ecdsa\.opening)$/],
    "first commitment for 2": [OPENED + 32, POINT, /^(products\.input|ecdsa\.opening)$/],
    "second commitment for 2": [OPENED + 32 + POINT, POINT, /^(products\.input|ecdsa\.opening)$/],
    "offset for 3": [OPENED + PUBLISHED, 32, /^(products\.opening|ecdsa\.opening)$/],
    "second commitment for 3": [OPENED + PUBLISHED + 32 + POINT, POINT, /^(products\.input|ecdsa\.opening)$/],
  },
  4: {
    u: [0, 32, /^ecdsa\.(dispute|shares)$/],
    mask: [32, POINT, /^ecdsa\.(dispute|shares)$/],
    key: [32 + POINT, POINT, /^ecdsa\.(dispute|shares)$/],
  },
} as const;
const COLUMNS = 32 + 14_336;
const CORRECTIONS = 752 * 3 * 32;
const DIRECT = {
  1: {
    setup: [0, 32, /^run\.setup$/],
    matrix: [32, 14_336, /^ot\.extension\.check$/],
    "hash of choices": [COLUMNS, 16, /^ot\.extension\.check$/],
    "hash of rows": [COLUMNS + 16, 32, /^ot\.extension\.check$/],
  },
  2: {
    corrections: [0, CORRECTIONS, /^ole\.answer\.(check|range)$/],
    answer: [CORRECTIONS, 32, /^ole\.answer\.(check|range)$/],
    check: [CORRECTIONS + 32, 32, /^ole\.answer\.check$/],
  },
} as const;

/** Of a field: its first and last bit, and some between. */
const bitsOf = (at: number, length: number): number[] =>
  [0, 1, 0.37, 0.61].map((part) => 8 * at + Math.floor(part * (8 * length - 1)));

for (const [messages, to] of [
  [BROADCAST, undefined],
  [DIRECT, 2],
] as const)
  for (const [round, fields] of Object.entries(messages))
    for (const [field, [at, length, check]] of Object.entries(
      fields as Record<string, readonly [number, number, RegExp]>,
    ))
      test(`round ${round}, ${field}${to ? " alone" : ""}`, () => {
        for (const bit of bitsOf(at, length)) {
          const tamper = (sending: Sending) => flipped(sending, bit, to);
          for (const found of named(telling({ round: Number(round), tamper })))
            assert.match(found, check, `bit ${bit}`);
        }
      });

const FIELDS_OF_DISPUTE = {
  factor: 0,
  "challenge of what it got": 32,
  "proof of what it got": 32 + 16,
  "challenge of its share": 32 + 16 + 32,
  "proof of its share": 32 + 16 + 2 * 32,
};
for (const [field, at] of Object.entries(FIELDS_OF_DISPUTE))
  test(`round 5, ${field}`, () => {
    const first = telling({ round: 4, tamper: (sending) => flipped(sending, 255) });
    for (const bit of [255, 0]) {
      const tamper = (sending: Sending) => flipped(sending, 8 * at + bit);
      for (const found of named(telling({ round: 5, tamper }, first)))
        assert.match(found, /^(products\.opening|ecdsa\.dispute)$/);
    }
  });

/** The bytes of `point` (at `offset` of the broadcast) with `by` added. */
const shifted = (sending: Sending, offset: number, by: unknown): Sending => {
  const point = curve.decode(sending.broadcast!.subarray(offset, offset + POINT));
  return replaced(sending, offset, curve.encode(curve.add(point, by)));
};

test("another point in the place of a right one", () => {
  for (const offset of [32, 32 + POINT])
    assert.deepEqual(
      named(telling({ round: 4, tamper: (sending) => shifted(sending, offset, curve.base) })),
      new Set(["ecdsa.dispute"]),
    );
});

test("another nonce, or another share of the key, against one party only", () => {
  const otherwise = {
    nonce: (state: Record<string, unknown>) => ({
      ...state,
      nonces: (state.nonces as bigint[]).map((nonce) => nonce + 1n),
    }),
    share: (state: Record<string, unknown>) => {
      const share = state.share as { secret: Uint8Array };
      return { ...state, share: { ...share, secret: toBytes32(mod(toInteger(share.secret) + 1n, curve.order)) } };
    },
  };
  for (const change of Object.values(otherwise)) {
    const bend: Lie["bend"] = (told, context, state, inbox) => {
      const other = ecdsaK1.presign.rounds[0]!.step(context, change(state as Record<string, unknown>), inbox);
      if (!("send" in other)) throw new Error("no message");
      const [kept, lied] = [told.state, other.state] as { shares: Record<number, Plain> }[];
      const shares = { ...kept!.shares, 3: lied!.shares[3] };
      return {
        state: { ...(told.state as PlainRecord), shares },
        send: { direct: new Map(told.send.direct).set(3, other.send.direct!.get(3)!) },
      };
    };
    assert.deepEqual(named(telling({ round: 2, bend })), new Set(["products.input"]));
  }
});

test("a factor that differs from party to party", () => {
  const tamper = (sending: Sending) => {
    const offset = toInteger(sending.broadcast!.subarray(OPENED, OPENED + 32));
    return replaced(sending, OPENED, toBytes32(mod(offset + 1n, curve.order)));
  };
  assert.deepEqual(named(telling({ round: 3, tamper })), new Set(["products.opening"]));
});

test("shares that are wrong and add up: no signature comes of them, and the part is named", () => {
  const publicKey = curve.decode(shares.get(1)!.publicKey);
  const tamper = (sending: Sending): Sending => {
    const u = mod(toInteger(sending.broadcast!.subarray(0, 32)) + 1n, curve.order);
    return shifted(shifted(replaced(sending, 0, toBytes32(u)), 32, curve.base), 32 + POINT, publicKey);
  };
  const { results } = run(telling({ round: 4, tamper }));
  assert.equal(results.size, 3);
  const parts = new Map(PARTIES.map((party) => [party, ecdsaK1.respond(results.get(party)![0]!, DIGEST)]));
  assert.throws(
    () => ecdsaK1.combine(results.get(2)![0]!, DIGEST, parts),
    (error) => error instanceof Abort && error.check === "ecdsa.part" && error.culprits.join() === `${CHEATER}`,
  );
});

test("nobody presigns with a party that has another epoch, path or number in mind, or another setup", () => {
  const share = { ...shares.get(CHEATER)!, epoch: 1 };
  const pairs = new Map(pairsOf(CHEATER, PARTIES));
  pairs.set(2, { ...pairs.get(2), id: new Uint8Array(32) });
  for (const changes of [{ share }, { path: [1] }, { count: 2 }, { pairs }]) {
    const { results, outcomes } = run(ecdsaK1.presign, (party) =>
      party === CHEATER ? { ...input(party), ...changes } : input(party),
    );
    assert.equal(results.size, 0);
    for (const outcome of outcomes.values()) assert.equal(outcome?.kind, "aborted");
  }
});

test("what was sent in another run is of no use in this one", () => {
  const before = simulate({ protocol: ecdsaK1.presign, parties: PARTIES, input, seed: "before" });
  const inject = before.sent.filter(({ from }) => from === CHEATER);
  const { outcomes } = simulate({
    protocol: ecdsaK1.presign,
    parties: PARTIES,
    input,
    seed: "after",
    faults: { inject },
  });
  for (const outcome of outcomes.values())
    if (outcome?.kind === "aborted") assert.deepEqual(outcome.abort.culprits, [CHEATER]);
});
