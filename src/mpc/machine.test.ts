import assert from "node:assert/strict";
import { test } from "node:test";
import { type Simulated, simulate } from "../../test/support/simulate.ts";
import { concat, equal, toHex } from "../base/bytes.ts";
import { encodePlain } from "./codec.ts";
import { decodeMessage, digestOf } from "./message.ts";
import { Abort, others, type Protocol } from "./protocol.ts";
import { read } from "./wire.ts";

/** Commit, then tell each other party a byte alone, then say what was heard: has every kind of message. */
const gossip: Protocol<number, string> = {
  name: "gossip/1",
  begin: ({ random }, input) => ({
    state: { input },
    send: { broadcast: concat(Uint8Array.of(input), random(4)) },
  }),
  rounds: [
    {
      expects: { broadcast: "echo" },
      step: (context, { input }: { input: number }, inbox) => {
        for (const party of context.parties)
          read(inbox.broadcast(party), party, "gossip.first", (r) => [r.byte(), r.bytes(4)]);
        return {
          state: { heard: context.parties.map((party) => inbox.broadcast(party)) },
          send: {
            broadcast: Uint8Array.of(input),
            direct: new Map(others(context).map((party) => [party, Uint8Array.of(input + party)])),
          },
        };
      },
    },
    {
      expects: { broadcast: "plain", direct: true },
      step: (context, { heard }: { heard: Uint8Array[] }, inbox) => {
        for (const party of others(context)) {
          const said = read(inbox.broadcast(party), party, "gossip.second", (r) => r.byte());
          const alone = read(inbox.direct(party), party, "gossip.alone", (r) => r.byte());
          if (said !== heard[context.parties.indexOf(party)]?.[0] || alone !== said + context.self)
            throw new Abort("gossip.lie", party);
        }
        return { result: toHex(concat(context.session, ...heard)) };
      },
    },
  ],
};

const parties = [1, 2, 5];
const play = (faults = {}, seed = "s") =>
  simulate({ protocol: gossip, parties, input: (party) => 10 * party, seed, faults });
const agreed = ({ results }: Simulated<string>) => {
  assert.equal(results.size, parties.length);
  assert.equal(new Set(results.values()).size, 1);
};
/** All of `honest` ended by their own finding, or on the word of one that had its own. */
const named = ({ outcomes }: Simulated<string>, culprit: number, check?: string) => {
  let found = 0;
  for (const [party, outcome] of outcomes) {
    if (party === culprit || outcome?.kind !== "aborted" || outcome.by === culprit) continue;
    assert.deepEqual(outcome.abort.culprits, [culprit], `${outcome.abort.check} at ${party}`);
    if (outcome.by === party) found++;
    if (check && outcome.by === party) assert.equal(outcome.abort.check, check);
  }
  assert.ok(found > 0, "nobody found it out");
};

test("a run comes to the same at all parties, however messages arrive", () => {
  for (let i = 0; i < 30; i++) agreed(play({ drop: 0.2, double: 0.3 }, `net ${i}`));
});

test("a party that crashes at any message goes on where it was", () => {
  for (let count = 1; count <= 12; count++)
    for (const party of parties)
      agreed(play({ crash: (p: number, n: number) => p === party && n === count }, `crash ${count}`));
  agreed(play({ crash: () => true, drop: 0.1, double: 0.1 }, "always"));
});

test("two runs with the same seed are the same, two with others are not", () => {
  assert.deepEqual(play().sent, play().sent);
  assert.notEqual(play().results.get(1), play({}, "t").results.get(1));
});

test("messages of another run are passed over", () => {
  const elsewhere = play({}, "another").sent;
  agreed(play({ inject: elsewhere }));
});

test("who says one thing to one and another thing to others is named, in the hello and in a round with an echo", () => {
  for (const round of [0, 1])
    named(
      play({
        // It does not accuse anybody either, before the others have found out.
        wire: (_: Uint8Array, m: { kind: string; from: number }) =>
          m.kind === "abort" && m.from === 2 ? [] : undefined,
        cheat: (m: { kind: string; round: number; from: number; body: Uint8Array }, to: number) =>
          m.kind === "round" && m.round === round && m.from === 2 && to === 5 ? flip(m.body, 8) : undefined,
      }),
      2,
      round === 0 ? "hello.equivocated" : "message.equivocated",
    );
});

test("what an honest party said under the same id before convicts it of nothing", () => {
  const before = play({}, "before").sent.find(({ from, to }) => from === 5 && to === 1)!;
  const { body, signature, round } = decodeMessage(before.bytes);
  assert.equal(round, 0);
  const id = decodeMessage(play({}, "after").sent[0]!.bytes).run;
  const again = simulate({ protocol: gossip, parties, input: (party) => 10 * party, seed: "before", run: "after" });
  const first = decodeMessage(again.sent.find(({ from, to }) => from === 5 && to === 1)!.bytes);
  assert.ok(equal(first.run, id) && equal(first.body.slice(0, 32), body.slice(0, 32)) && round === first.round);
  /** Party 1 shows party 2 the hello of before in the place of the one that party 5 has said now. */
  const swapped = (echo: Uint8Array): Uint8Array => {
    const entry = 33 + signature.length;
    return concat(echo.slice(0, 2 * entry), digestOf(first.body), Uint8Array.of(signature.length), first.signature);
  };
  const { outcomes } = play(
    {
      inOrder: true,
      cheat: (m: { kind: string; round: number; from: number; body: Uint8Array }) =>
        m.kind === "echo" && m.round === 0 && m.from === 1 ? swapped(m.body) : undefined,
    },
    "after",
  );
  const outcome = outcomes.get(2);
  assert.ok(outcome?.kind === "aborted");
  assert.match(outcome.abort.check, /^hello\./);
});

test("who is shown that it has said two things blames nobody who shows it", () => {
  // As where a party is restored twice from one state.
  const { outcomes } = play({
    cheat: (m: { kind: string; round: number; from: number; body: Uint8Array }, to: number) =>
      m.kind === "round" && m.round === 1 && m.from === 2 && to === 5 ? flip(m.body, 8) : undefined,
    wire: (_: Uint8Array, m: { kind: string; from: number }) => (m.kind === "abort" && m.from !== 2 ? [] : undefined),
  });
  const outcome = outcomes.get(2);
  assert.ok(outcome?.kind === "aborted" && outcome.by === 2);
  assert.equal(outcome.abort.check, "run.self");
});

test("a party that gives up says so in a few words, or is not listened to", () => {
  const { outcomes } = play({
    cheat: (m: { kind: string; round: number; from: number; body: Uint8Array }, to: number) => {
      // Party 2 alone has a reason to give up.
      if (m.kind === "echo" && m.round === 1 && m.from === 5 && to === 2) return flip(m.body, 3);
      const endless = encodePlain(["gossip.lie", Array.from({ length: 200 }, () => 5)]);
      return m.kind === "abort" && m.from === 2 ? endless : undefined;
    },
  });
  const outcome = outcomes.get(1);
  assert.ok(outcome?.kind === "aborted" && outcome.by === 2);
  assert.equal(outcome.abort.check, "abort.malformed");
  assert.deepEqual(outcome.abort.culprits, [2]);
});

test("who says that others have said what they have not is named", () => {
  named(
    play({
      cheat: (m: { kind: string; round: number; from: number; body: Uint8Array }) =>
        m.kind === "echo" && m.round === 1 && m.from === 1 ? flip(m.body, 3) : undefined,
    }),
    1,
    "echo.invented",
  );
});

test("who has others hold more than an honest party would is named", () => {
  const long = (m: { kind: string; round: number; from: number }) =>
    m.kind === "round" && m.round === 1 && m.from === 5 ? new Uint8Array(1_001) : undefined;
  const protocol = { ...gossip, mostHeld: 1_000 };
  named(simulate({ protocol, parties, input: (party) => 10 * party, faults: { cheat: long } }), 5, "message.length");
  agreed(simulate({ protocol, parties, input: (party) => 10 * party }));
});

test("parties that mean different things do not begin", () => {
  const { outcomes } = simulate({
    protocol: gossip,
    parties,
    input: () => 1,
    faults: { cheat: (m) => (m.round === 0 && m.from === 5 && m.kind === "round" ? flip(m.body, 8 * 40) : undefined) },
  });
  for (const party of [1, 2]) {
    const outcome = outcomes.get(party);
    assert.ok(outcome?.kind === "aborted" && outcome.abort.check === "hello.differs");
    assert.deepEqual(outcome.abort.culprits, [5]);
  }
});

test("a bit of any byte of any message, flipped by a cheat or on the wire, ends in its sender's name or the right result", () => {
  for (const signed of [true, false]) {
    const own = play({ inOrder: true }).sent.filter(({ from }) => from === 2);
    own.forEach(({ bytes }, at) => {
      for (let bit = at % 8; bit < bytes.length * 8; bit += signed ? 9 : 31) {
        let count = -1;
        let done = false;
        const mine = (m: { from: number }) => m.from === 2 && !done && ++count === at;
        const result = play({
          inOrder: true,
          cheat: (m: { from: number; body: Uint8Array }) => {
            if (!signed || bit >= m.body.length * 8 || !mine(m)) return undefined;
            done = true;
            return flip(m.body, bit);
          },
          wire: (b: Uint8Array, m: { from: number }) => {
            if (signed || !mine(m)) return undefined;
            done = true;
            return [flip(b, bit)];
          },
        });
        if (result.results.size === parties.length) {
          agreed(result);
          continue;
        }
        const stuck = [...result.waiting].filter(([party]) => party !== 2 && !result.outcomes.get(party));
        if (stuck.length > 0) assert.ok(stuck.every(([, of]) => of.length > 0));
        else named(result, 2);
      }
    });
  }
});

const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const out = Uint8Array.from(bytes);
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  assert.ok(!equal(out, bytes));
  return out;
};
