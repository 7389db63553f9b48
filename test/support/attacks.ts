/**
 * What one cheating party can do to a protocol, tried one by one. However it goes, honest parties end with the right
 * result, or one of them has found the cheat out and none blames another.
 */
import assert from "node:assert/strict";
import { decodeMessage, type Message } from "../../src/mpc/message.ts";
import { type Faults, type Simulated, type Simulation, simulate } from "./simulate.ts";

export interface Attack<I, R> extends Simulation<I, R> {
  readonly cheat: number;
  /** Of the honest parties, when all of them have one. */
  readonly right: (results: ReadonlyMap<number, R>) => void;
  /** One bit of every so many bytes is flipped. */
  readonly step?: number;
}

export const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const out = Uint8Array.from(bytes);
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
};

/** What a message is for, without whom it goes to. */
const kindOf = ({ kind, round, to }: Message): string => `${kind} ${round} ${to === 0 ? "all" : "one"}`;

/** Never says that it was caught: the others have to find out by themselves. */
const silent =
  (cheat: number, then: Faults["wire"] = () => undefined): Faults["wire"] =>
  (bytes, message, receiver) =>
    message.kind === "abort" && message.from === cheat ? [] : then(bytes, message, receiver);

const judge = <I, R>(
  { cheat, right }: Attack<I, R>,
  { outcomes, results, waiting }: Simulated<R>,
  what: string,
): void => {
  const honest = [...outcomes].filter(([party]) => party !== cheat);
  if (honest.every(([, outcome]) => outcome?.kind === "result")) {
    right(new Map([...results].filter(([party]) => party !== cheat)));
    return;
  }
  let found = 0;
  let stuck = 0;
  for (const [party, outcome] of honest) {
    if (!outcome) {
      stuck++;
      assert.ok((waiting.get(party) as readonly number[]).length > 0, `${what}: ${party} waits for nobody`);
    } else if (outcome.kind === "aborted" && outcome.by === party) {
      assert.deepEqual(outcome.abort.culprits, [cheat], `${what}: ${outcome.abort.message} at ${party}`);
      found++;
    }
  }
  assert.ok(found > 0 || stuck > 0, `${what}: nobody found it out`);
  if (what.startsWith("body")) assert.ok(found > 0, `${what}: all wait`);
};

/** A bit of every byte of everything the cheat says: to all alike, to one alone, and on the way. */
export const flipEverything = <I, R>(attack: Attack<I, R>): number => {
  const { cheat, step = 1 } = attack;
  const honestRun = simulate({ ...attack, faults: { inOrder: true } });
  const said = new Map<string, Message>();
  for (const { from, bytes } of honestRun.sent) {
    const message = decodeMessage(bytes);
    if (from === cheat && message.body.length > 0) said.set(kindOf(message), message);
  }
  let tried = 0;
  const run = (faults: Faults, what: string) => {
    tried++;
    judge(attack, simulate({ ...attack, faults: { inOrder: true, ...faults } }), what);
  };
  for (const [kind, { body }] of said) {
    const mine = (message: Message) => message.from === cheat && kindOf(message) === kind;
    for (let at = 0; at < body.length; at += step) {
      const bit = 8 * at + (at % 8);
      const bent = (message: Message) => (bit < 8 * message.body.length ? flip(message.body, bit) : undefined);
      run({ wire: silent(cheat), cheat: (m) => (mine(m) ? bent(m) : undefined) }, `body ${kind} bit ${bit} to all`);
      let victim = 0;
      const toOne = (m: Message, to: number) => {
        if (!mine(m)) return undefined;
        victim ||= to;
        return victim === to ? bent(m) : undefined;
      };
      if (at % 3 === 0) run({ wire: silent(cheat), cheat: toOne }, `body ${kind} bit ${bit} to one`);
    }
    for (const length of [0, body.length - 1, body.length + 1, 2 * body.length]) {
      const bent = Uint8Array.from({ length }, (_, i) => body[i] ?? 0);
      run({ wire: silent(cheat), cheat: (m) => (mine(m) ? bent : undefined) }, `body ${kind} of ${length} bytes`);
    }
  }
  const bytes = new Map(
    honestRun.sent.filter(({ from }) => from === cheat).map((m) => [kindOf(decodeMessage(m.bytes)), m.bytes]),
  );
  for (const [kind, { length }] of bytes)
    for (let at = 0; at < length; at += 7 * step)
      run(
        {
          wire: silent(cheat, (b, m) =>
            m.from === cheat && kindOf(m) === kind && at < b.length ? [flip(b, 8 * at + (at % 8))] : undefined,
          ),
        },
        `wire ${kind} byte ${at}`,
      );
  return tried;
};

/** Says in every place what it said there in another run: of the same parties, of the same name even. */
export const replayEverything = <I, R>(attack: Attack<I, R>): void => {
  const { cheat } = attack;
  const elsewhere = simulate({
    ...attack,
    seed: "elsewhere",
    run: attack.run ?? "one name",
    faults: { inOrder: true },
  }).sent;
  const kinds = new Set(
    elsewhere.filter(({ from }) => from === cheat).map(({ bytes }) => kindOf(decodeMessage(bytes))),
  );
  // An old echo of hellos does prove that a party said two things under one name: honest ones never use a name twice.
  kinds.delete("echo 0 all");
  for (const kind of kinds) {
    const wire: Faults["wire"] = (_, m, to) => {
      if (m.from !== cheat || kindOf(m) !== kind) return undefined;
      return elsewhere
        .filter((old) => old.from === cheat && old.to === to && kindOf(decodeMessage(old.bytes)) === kind)
        .map(({ bytes }) => bytes);
    };
    const play = { ...attack, run: attack.run ?? "one name", faults: { inOrder: true, wire: silent(cheat, wire) } };
    judge(attack, simulate(play), `body ${kind} of another session`);
  }
  // Of a run of another name nothing is heard at all.
  const { results } = simulate({ ...attack, faults: { inject: elsewhere } });
  assert.equal(results.size, attack.parties.length);
  attack.right(results);
};

/** No cheat: lost, late and double messages, and every party dying at every message. */
export const disturb = <I, R>(attack: Attack<I, R>, seeds = 5): void => {
  const fine = (faults: Faults, seed: string) => {
    const { results } = simulate({ ...attack, seed, run: seed, faults });
    assert.equal(results.size, attack.parties.length);
    attack.right(results);
  };
  for (let i = 0; i < seeds; i++) fine({ drop: 0.2, double: 0.2 }, `net ${i}`);
  fine({ crash: () => true, drop: 0.1, double: 0.1 }, "always");
  const messages = simulate({ ...attack, faults: { inOrder: true } }).sent.filter(
    ({ to }) => to === attack.cheat,
  ).length;
  for (let count = 1; count <= messages; count++)
    for (const party of attack.parties) fine({ crash: (p, n) => p === party && n === count }, `crash ${count}`);
};
