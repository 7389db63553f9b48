import assert from "node:assert/strict";
import { test } from "node:test";
import { p256 } from "@noble/curves/nist.js";
import { flipped, lying } from "../../../test/support/cheating.ts";
import { seeded, simulate } from "../../../test/support/simulate.ts";
import { equal } from "../../base/bytes.ts";
import { Abort } from "../protocol.ts";
import { baseOt } from "./base.ts";
import { bitAt, COLUMNS } from "./matrix.ts";

type Setup = Record<"id" | "zeros" | "ones" | "delta" | "chosen", Uint8Array> & { readonly peer: number };
const run = (options: Partial<Parameters<typeof simulate>[0]> = {}) =>
  simulate({ protocol: baseOt, parties: [3, 7], input: () => undefined, ...options } as never);
const setups = (outcome: ReturnType<typeof run>) => outcome.results as ReadonlyMap<number, Setup>;
const seedAt = (seeds: Uint8Array, i: number) => seeds.subarray(16 * i, 16 * i + 16);

test("each chooses 128 of the other's keys, and the others stay unknown", () => {
  const results = setups(run());
  const [a, b] = [results.get(3)!, results.get(7)!];
  assert.deepEqual(a.id, b.id);
  assert.deepEqual([a.peer, b.peer], [7, 3]);
  for (const [sender, receiver] of [
    [a, b],
    [b, a],
  ] as const) {
    let ones = 0;
    for (let i = 0; i < COLUMNS; i++) {
      const bit = bitAt(receiver.delta, i);
      ones += bit;
      const [zero, one, chosen] = [seedAt(sender.zeros, i), seedAt(sender.ones, i), seedAt(receiver.chosen, i)];
      assert.ok(equal(bit ? one : zero, chosen) && !equal(bit ? zero : one, chosen));
    }
    assert.ok(ones > 32 && ones < 96);
  }
  assert.notDeepEqual(setups(run({ seed: "other" })).get(3)!.id, a.id);
});

test("survives lost, late and repeated messages, and a restart of either between any two", () => {
  for (let message = 1; message <= 6; message++) {
    const results = setups(
      run({
        faults: { drop: 0.2, double: 0.2, crash: (party, n) => party === 7 && n === message },
        seed: `${message}`,
      }),
    );
    assert.deepEqual(results.get(3)?.id, results.get(7)?.id);
    assert.equal(results.size, 2);
  }
});

/** Where the parts of each message lie, in bytes. */
const PARTS = {
  1: { point: 1, "sign of the point": 64, commitment: 70, answer: 135 },
  2: { "first offer": 5, "last offer": 65 * 127 + 60, "form of a point": 65 * 9 },
  3: { "first challenge": 0, "last challenge": 32 * 127 + 31 },
  4: { answers: 17 },
  5: { "opening of a 0": 3, "opening of a 1": 128 * 32 + 3, "last opening": 256 * 32 - 1 },
};

for (const [round, parts] of Object.entries(PARTS))
  for (const [part, at] of Object.entries(parts))
    test(`a flipped bit names the sender: message ${round}, ${part}`, () => {
      const tamper = (sending: Parameters<typeof flipped>[0]) => flipped(sending, 8 * at + 2, 7);
      const { outcomes } = run({ protocol: lying(baseOt, { cheater: 3, round: Number(round), tamper }) as never });
      const outcome = outcomes.get(7);
      assert.ok(outcome?.kind === "aborted");
      assert.match(outcome.abort.check, /^base-ot\./);
      assert.deepEqual([outcome.abort.culprits, outcome.by], [[3], 7]);
    });

test("points that are none, offers that open both keys, and messages of another length name the sender", () => {
  const tampered = (round: number, change: (body: Uint8Array, context: { session: Uint8Array }) => Uint8Array) => {
    const { outcomes } = run({
      protocol: lying(baseOt, {
        cheater: 3,
        round,
        tamper: (sending, context) => ({ direct: new Map([[7, change(sending.direct!.get(7)!, context)]]) }),
      }) as never,
    });
    const outcome = outcomes.get(7);
    assert.ok(outcome?.kind === "aborted");
    return [outcome.abort.check, ...outcome.abort.culprits];
  };
  const put = (body: Uint8Array, at: number, bytes: Uint8Array) => {
    const out = Uint8Array.from(body);
    out.set(bytes, at);
    return out;
  };
  const infinity = new Uint8Array(65);
  const offCurve = Uint8Array.from([4, ...new Uint8Array(63), 1]);
  for (const point of [infinity, offCurve]) {
    assert.deepEqual(
      tampered(1, (body) => put(body, 0, point)),
      ["base-ot.proof", 3],
    );
    assert.deepEqual(
      tampered(2, (body) => put(body, 65, point)),
      ["base-ot.choice", 3],
    );
  }
  // A point of which nobody has shown to know the logarithm.
  const other = p256.Point.BASE.multiply(5n).toBytes(false);
  assert.deepEqual(
    tampered(1, (body) => put(body, 0, other)),
    ["base-ot.proof", 3],
  );
  for (const round of [1, 2, 3, 4, 5]) {
    assert.equal(tampered(round, (body) => body.subarray(1))[1], 3);
    assert.equal(tampered(round, (body) => Uint8Array.from([...body, 0]))[1], 3);
  }
});

test("an offer equal to the sender's own point is refused: the other key would be that of the neutral element", () => {
  // Party 3 sends back A of party 7 as all its offers.
  const { outcomes } = run({
    protocol: lying(baseOt, {
      cheater: 3,
      round: 2,
      tamper: (_sending, _context, _state, inbox) => {
        const point = inbox!.direct(7).subarray(0, 65);
        return { direct: new Map([[7, Uint8Array.from({ length: 65 * 128 }, (_, i) => point[i % 65]!)]]) };
      },
    }) as never,
  });
  const outcome = outcomes.get(7);
  assert.ok(outcome?.kind === "aborted");
  assert.deepEqual([outcome.abort.check, outcome.abort.culprits], ["base-ot.choice", [3]]);
});

test("messages of another session are of no use", () => {
  const before = run({ seed: "before" });
  const replayed = before.sent.map(({ from, to, bytes }) => ({ from, to, bytes }));
  const { outcomes } = run({ seed: "after", faults: { inject: replayed.filter(({ from }) => from === 3) } });
  for (const outcome of outcomes.values())
    if (outcome?.kind === "aborted") assert.deepEqual(outcome.abort.culprits, [3]);
});

test("two parties, no more", () => {
  const context = { session: new Uint8Array(32), self: 1, parties: [1, 2, 3], random: seeded("x") };
  assert.throws(() => baseOt.begin(context, undefined), TypeError);
  assert.ok(!(new TypeError() instanceof Abort));
});
