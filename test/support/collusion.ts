/**
 * Parties that cheat together. They know of each other what no honest party knows, and beforehand what honest ones are
 * going to say; they lie to some or to all, in the same round or in several, swear to one another's lies, and keep quiet
 * when they find one out. However it goes, honest parties end with results that are right and alike, or wait, or have
 * found out cheats and nobody else. Everything follows from the seed.
 */
import assert from "node:assert/strict";
import { concat, equal } from "../../src/base/bytes.ts";
import { isProof } from "../../src/keynode/runs.ts";
import { encodePlain } from "../../src/mpc/codec.ts";
import type { Curve } from "../../src/mpc/curve.ts";
import {
  decodeMessage,
  digestOf,
  encodeMessage,
  type Message,
  NO_SESSION,
  signedBytes,
} from "../../src/mpc/message.ts";
import {
  Abort,
  type Context,
  type Inbox,
  type Plain,
  type Protocol,
  type Sending,
  type Turn,
} from "../../src/mpc/protocol.ts";
import { mod, toBytes32, toInteger } from "../../src/mpc/scalars.ts";
import { flip } from "./attacks.ts";
import { type Lie, type Lots, lotsOf, type Plot, plotBy } from "./plots.ts";
import { type Faults, identityOf, type Simulated, type Simulation, seeded, simulate } from "./simulate.ts";

export interface End<R> {
  readonly results: ReadonlyMap<number, R>;
  /** The cheats' own, where they have come to one. */
  readonly theirs: ReadonlyMap<number, R>;
  readonly honest: readonly number[];
  readonly cheats: readonly number[];
  readonly lots: Lots;
}
type Offsets = Readonly<Record<string, readonly number[]>>;
export interface Collusion<I, R> extends Simulation<I, R> {
  readonly name: string;
  readonly curve: Curve;
  /** Where scalars, and points, begin in a message, by slot. */
  readonly scalars?: Offsets;
  readonly points?: Offsets;
  /** A shift of this makes the last round necessary, in which all show what they did. */
  readonly provoke?: string;
  readonly bend?: (input: I, by: bigint) => I;
  /** Of the honest parties that have a result. @returns what came of it */
  readonly right: (end: End<R>) => string;
}

const slotOf = ({ kind, round, to }: Message): string => `${kind} ${round} ${to === 0 ? "all" : "one"}`;
const placeOf = (from: number, slot: string, receiver: number): string => `${from} ${slot} ${receiver}`;

/** What everybody says to everybody, where nobody cheats. */
type Said = ReadonlyMap<string, Uint8Array>;
const saidIn = (run: Simulated<unknown>): Said =>
  new Map(
    run.sent.map(({ from, to, bytes }) => {
      const message = decodeMessage(bytes);
      return [placeOf(from, slotOf(message), to), message.body];
    }),
  );

export interface Rehearsed<I, R> {
  readonly attack: Collusion<I, R>;
  /** In the run itself. */
  readonly said: Said;
  readonly elsewhere: Said;
}
export const rehearse = <I, R>(attack: Collusion<I, R>): Rehearsed<I, R> => {
  const run = simulate(attack);
  assert.equal(run.results.size, attack.parties.length, attack.name);
  return { attack, said: saidIn(run), elsewhere: saidIn(simulate({ ...attack, seed: "elsewhere", run: "elsewhere" })) };
};

const others = (all: readonly number[], but: readonly number[]) => all.filter((party) => !but.includes(party));

/** What the victim hears in the place of the body; undefined: that. */
const told = <I, R>(
  { attack, said, elsewhere }: Rehearsed<I, R>,
  { cheats }: Plot,
  { cheat, slot, how, each, at = 0, by = 1n }: Lie,
  body: Uint8Array,
  victim: number,
): Uint8Array | undefined => {
  const turn = at + (each ? victim : 0);
  const heard = (from: readonly number[], of: Said) => {
    const bodies = from.map((party) => of.get(placeOf(party, slot, victim)));
    return bodies.filter((one) => one !== undefined && !equal(one, body))[turn % from.length];
  };
  const placed = (offsets: Offsets = {}) => offsets[slot]?.[at % offsets[slot].length];
  // Echoes of the rehearsal hold honest signatures under the very same session, of which no cheat ever has two.
  const known: Said = slot.startsWith("echo") ? new Map() : said;
  const flipped = () => (body.length > 0 ? flip(body, turn % (8 * body.length)) : undefined);
  const written = (offset: number, bytes: Uint8Array) => {
    if (offset + bytes.length > body.length) return flipped();
    const out = Uint8Array.from(body);
    out.set(bytes, offset);
    return out;
  };
  switch (how) {
    case "withhold":
    case "accuse":
    case "keep":
      return undefined;
    case "noise":
      return written(turn % Math.max(1, body.length - 31), seeded(`noise ${turn}`)(32));
    case "shift":
    case "edge": {
      const offset = placed(attack.scalars);
      if (offset === undefined || offset + 32 > body.length) return flipped();
      const { order } = attack.curve;
      if (how === "edge")
        return written(offset, toBytes32([0n, 1n, order - 1n, order, 2n ** 256n - 1n][turn % 5] as bigint));
      const added = each ? by * BigInt(victim) : by;
      return written(offset, toBytes32(mod(toInteger(body.subarray(offset, offset + 32)) + added, order)));
    }
    case "point": {
      const offset = placed(attack.points);
      const { encode, multiplyBase } = attack.curve;
      return offset === undefined ? flipped() : written(offset, encode(multiplyBase(BigInt(1 + turn))));
    }
    case "fellow":
      return heard(others(cheats, [cheat]), known) ?? flipped();
    case "honest":
      return heard(others(attack.parties, cheats), known) ?? flipped();
    case "elsewhere":
      return heard([cheat], elsewhere) ?? flipped();
    case "length": {
      const length = [0, body.length - 1, body.length + 1, 2 * body.length][turn % 4] as number;
      return Uint8Array.from({ length: Math.max(0, length) }, (_, i) => body[i] ?? 0);
    }
    default:
      return flipped();
  }
};

/** The state with one of its integers changed. */
const bent = (state: Plain, at: number, by: bigint, order: bigint): Plain => {
  let count = 0;
  const walk = (value: Plain, change: number): Plain => {
    if (typeof value === "bigint") return count++ === change ? mod(value + by, order) : value;
    if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
    if (Array.isArray(value)) return value.map((item) => walk(item, change));
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, change)]));
  };
  walk(state, -1);
  const change = count > 0 ? at % count : -1;
  count = 0;
  return walk(state, change);
};

/** The protocol as the cheats run it, and honest parties as it is. */
const plotting = <I, R>(rehearsed: Rehearsed<I, R>, plot: Plot, sessions: Map<number, Uint8Array>): Protocol<I, R> => {
  const { protocol, parties, bend, curve } = rehearsed.attack;
  const { cheats, lies } = plot;
  const meant = new Map<string, Uint8Array>();
  /** What the cheat says in the round: kept as it was meant, then as it believes it. */
  const speak = (round: number, { self }: Context, turn: Turn<R>): Turn<R> => {
    if ("result" in turn) return turn;
    const { broadcast, direct } = turn.send;
    for (const party of parties) if (broadcast) meant.set(placeOf(self, `round ${round} all`, party), broadcast);
    for (const [to, body] of direct ?? []) meant.set(placeOf(self, `round ${round} one`, to), body);
    const believed = (slot: string, body: Uint8Array, to: number) =>
      lies
        .filter((lie) => lie.believed && lie.cheat === self && lie.slot === slot)
        .filter(({ victims }) => slot.endsWith("all") || victims.includes(to))
        .reduce((body, lie) => told(rehearsed, plot, lie, body, to) ?? body, body);
    const first = parties.find((party) => party !== self)!;
    const send: Sending = {
      ...(broadcast && { broadcast: believed(`round ${round} all`, broadcast, first) }),
      ...(direct && {
        direct: new Map([...direct].map(([to, body]) => [to, believed(`round ${round} one`, body, to)])),
      }),
    };
    const kept = lies.filter(
      ({ how, cheat, slot }) => how === "keep" && cheat === self && slot.startsWith(`round ${round} `),
    );
    const state = kept.reduce((state, { at = 0, by = 1n }) => bent(state, at, by, curve.order), turn.state);
    return { state, send };
  };
  const unaware = (round: number, self: number, inbox: Inbox): Inbox => ({
    broadcast: (from) => meant.get(placeOf(from, `round ${round} all`, self)) ?? inbox.broadcast(from),
    direct: (from) => meant.get(placeOf(from, `round ${round} one`, self)) ?? inbox.direct(from),
  });
  const rehearsedSending = (round: number, self: number): Sending | undefined => {
    const peers = parties.filter((party) => party !== self);
    const of = (kind: string, to: number) => rehearsed.said.get(placeOf(self, `round ${round} ${kind}`, to));
    const [broadcast, direct] = [of("all", peers[0]!), peers.map((to) => [to, of("one", to)] as const)];
    const bodies = direct.filter((one): one is readonly [number, Uint8Array] => one[1] !== undefined);
    if (!broadcast && bodies.length === 0) return undefined;
    return { ...(broadcast && { broadcast }), ...(bodies.length > 0 && { direct: new Map(bodies) }) };
  };
  return {
    ...protocol,
    begin: (context, input) => {
      sessions.set(context.self, context.session);
      if (!cheats.includes(context.self)) return protocol.begin(context, input);
      const by = plot.bent?.[context.self];
      return speak(1, context, protocol.begin(context, by && bend ? bend(input, by) : input));
    },
    rounds: protocol.rounds.map(({ expects, step }, i) => ({
      expects,
      step: (context, state, inbox) => {
        const { self } = context;
        if (!cheats.includes(self)) return step(context, state, inbox);
        try {
          const seen = plot.blind ? unaware(i + 1, self, inbox) : inbox;
          return speak(i + 2, context, step(context, state, seen));
        } catch (error) {
          const send = plot.stubborn && rehearsedSending(i + 2, self);
          if (send) return speak(i + 2, context, { state, send });
          // A program that was led astray breaks anyhow.
          throw error instanceof Abort ? error : new Abort("run.astray", self);
        }
      },
    })),
  };
};

/** One run, with what comes of it. */
export const conspire = <I, R>(rehearsed: Rehearsed<I, R>, plot: Plot, seed: string, faults: Faults = {}) => {
  const { attack } = rehearsed;
  const { cheats } = plot;
  const sessions = new Map<number, Uint8Array>();
  const heard = new Map<string, Uint8Array>();
  const lies = plot.lies.filter(({ believed }) => !believed);
  const liesIn = (message: Message, receiver: number) =>
    lies.filter(
      ({ cheat, slot, victims }) =>
        cheat === message.from && slot === slotOf(message) && victims.includes(receiver) && message.kind !== "abort",
    );
  /** The cheats' messages in it as the receiver knows them. */
  const sworn = (message: Message, receiver: number): Uint8Array => {
    const entries: Uint8Array[] = [];
    let at = 0;
    for (const from of attack.parties) {
      const end = at + 33 + (message.body[at + 32] ?? 0);
      const body = heard.get(placeOf(from, `round ${message.round} all`, receiver));
      if (body) {
        const header = { run: message.run, kind: "round", round: message.round, from, to: 0 } as const;
        const session = message.round === 0 ? NO_SESSION : sessions.get(from)!;
        const signature = identityOf(from).sign(signedBytes(header, session, digestOf(body)));
        entries.push(digestOf(body), Uint8Array.of(signature.length), signature);
      } else entries.push(message.body.subarray(at, end));
      at = end;
    }
    return concat(...entries);
  };
  const accusation = ({ run, from }: Message, receiver: number): Uint8Array => {
    const other = attack.parties.find((party) => party !== receiver && !cheats.includes(party)) ?? receiver;
    const header = { run, kind: "abort", round: 0, from, to: 0 } as const;
    const body = encodePlain(["message.signature", [other]]);
    const signature = identityOf(from).sign(signedBytes(header, NO_SESSION, digestOf(body)));
    return encodeMessage({ ...header, body, signature });
  };
  const run = simulate({
    ...attack,
    protocol: plotting(rehearsed, plot, sessions),
    faults: {
      ...faults,
      lots: seed,
      cheat(message, receiver) {
        if (!cheats.includes(message.from) || message.kind === "abort") return undefined;
        let { body } = message;
        if (message.kind === "echo" && plot.swear && !cheats.includes(receiver)) body = sworn(message, receiver);
        for (const lie of liesIn(message, receiver)) body = told(rehearsed, plot, lie, body, receiver) ?? body;
        if (message.kind === "round" && message.to === 0 && !equal(body, message.body))
          heard.set(placeOf(message.from, slotOf(message), receiver), body);
        return equal(body, message.body) ? undefined : body;
      },
      wire(bytes, message, receiver) {
        if (!cheats.includes(message.from)) return undefined;
        if (message.kind === "abort") return plot.loud ? undefined : [];
        const hows = liesIn(message, receiver).map(({ how }) => how);
        if (hows.includes("withhold")) return [];
        return hows.includes("accuse") ? [bytes, accusation(message, receiver)] : undefined;
      },
    },
  });
  return { ...run, verdict: judge(attack, plot, run, lotsOf(`end ${seed}`)) };
};

/** What came of it for the honest parties. */
const judge = <I, R>(
  { parties, right }: Collusion<I, R>,
  { cheats }: Plot,
  { outcomes, results, waiting }: Simulated<R>,
  lots: Lots,
): string => {
  const honest = others(parties, cheats);
  let found = "";
  let stuck = false;
  for (const party of honest) {
    const outcome = outcomes.get(party);
    if (!outcome) {
      stuck = true;
      assert.ok(waiting.get(party)!.length > 0, `${party} waits for nobody`);
    } else if (outcome.kind === "aborted") {
      const { abort, by } = outcome;
      if (by !== party) {
        const source = outcomes.get(by);
        const heard = cheats.includes(by) || (source?.kind === "aborted" && source.by === by);
        assert.ok(heard, `${party} has ${abort.message} of ${by}, who did not find it out`);
        continue;
      }
      assert.ok(abort.culprits.length > 0, `${abort.check} at ${party} names nobody`);
      // Nobody is banned for the rest.
      if (isProof(abort.check))
        assert.ok(
          abort.culprits.every((culprit) => cheats.includes(culprit)),
          `${abort.message} at ${party}`,
        );
      found = abort.check;
    }
  }
  const heard = honest.some((party) => outcomes.get(party)?.kind === "aborted");
  if (stuck && !heard)
    assert.ok(
      honest.some((party) => waiting.get(party)!.some((other) => cheats.includes(other))),
      "honest parties wait for one another",
    );
  const of = (some: readonly number[]) => new Map([...results].filter(([party]) => some.includes(party)));
  const came = results.size > 0 ? right({ results: of(honest), theirs: of(cheats), honest, cheats, lots }) : "";
  return found || (heard ? "accused" : stuck ? "waiting" : came);
};

/** So many plots. @returns how often which end came */
export const conspireAll = <I, R>(rehearsed: Rehearsed<I, R>, runs: number, from = 0): Map<string, number> => {
  const ends = new Map<string, number>();
  for (let at = from; at < from + runs; at++) {
    const seed = `${rehearsed.attack.name} ${at}`;
    const lots = lotsOf(seed);
    const plot = plotBy(rehearsed.attack, lots);
    const faults = lots.chance(0.3) ? { drop: 0.1, double: 0.1 } : {};
    try {
      const { verdict } = conspire(rehearsed, plot, seed, faults);
      ends.set(verdict, (ends.get(verdict) ?? 0) + 1);
    } catch (error) {
      const plan = JSON.stringify(plot, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
      throw new Error(`${seed}: ${(error as Error).message}; ${plan}`, { cause: error });
    }
  }
  return ends;
};
