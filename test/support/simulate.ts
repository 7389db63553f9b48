/**
 * Runs all parties of a protocol in one process, over a network that drops, delays, reorders and doubles messages, with
 * parties that cheat and parties that crash. Everything follows from the seed.
 */
import { createHash, createHmac } from "node:crypto";
import { concat, equal, utf8 } from "../../src/base/bytes.ts";
import { createRun, type Identity, type Outcome, type Outgoing, type Run, restoreRun } from "../../src/mpc/machine.ts";
import {
  decodeMessage,
  digestOf,
  encodeMessage,
  type Message,
  NO_SESSION,
  signedBytes,
} from "../../src/mpc/message.ts";
import type { Protocol } from "../../src/mpc/protocol.ts";

/** Uniform bytes that follow from a seed. */
export const seeded = (seed: string): ((length: number) => Uint8Array) => {
  let block = 0;
  return (length) => {
    const parts: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32)
      parts.push(createHash("sha256").update(`${seed}/${block++}`).digest());
    return concat(...parts).slice(0, length);
  };
};

/** Keys of the parties: who has `sign` of a party can speak for it, nobody else. */
export const identityOf = (self: number): Identity => {
  const sign = (party: number, bytes: Uint8Array) =>
    new Uint8Array(createHmac("sha256", `identity of ${party}`).update(bytes).digest());
  return {
    sign: (bytes) => sign(self, bytes),
    verify: (party, bytes, signature) => equal(sign(party, bytes), signature),
  };
};

export interface Faults {
  /** Of 1: messages that are lost (and asked for again when nothing else moves), that arrive twice. */
  readonly drop?: number;
  readonly double?: number;
  /** In the order sent, and not in an order by lot. */
  readonly inOrder?: boolean;
  /** Seed of that order, of loss and doubles alone; the parties' randomness stays that of the simulation's seed. */
  readonly lots?: string;
  /** Another body from this sender to this receiver, properly signed by the sender: it cheats. Undefined: sent as it is. */
  readonly cheat?: (message: Message, receiver: number) => Uint8Array | undefined;
  /** Other bytes on the wire; undefined: as they are; empty list: none. */
  readonly wire?: (bytes: Uint8Array, message: Message, receiver: number) => readonly Uint8Array[] | undefined;
  /** Parties that are written to disk and made again after the given message that they receive (counted from 1). */
  readonly crash?: (party: number, received: number) => boolean;
  /** Sees what a party would have on disk after each message. */
  readonly saved?: (party: number, state: Uint8Array) => void;
  /** Bytes of elsewhere, delivered before anything else. */
  readonly inject?: readonly (Outgoing & { readonly from: number })[];
}

export interface Simulation<I, R> {
  readonly protocol: Protocol<I, R>;
  readonly parties: readonly number[];
  readonly input: (party: number) => I;
  readonly binding?: string;
  readonly seed?: string;
  /** Names the run; runs of one name have one id. */
  readonly run?: string;
  readonly faults?: Faults;
}

export interface Simulated<R> {
  readonly outcomes: ReadonlyMap<number, Outcome<R> | undefined>;
  /** Of those that have one, by party. */
  readonly results: ReadonlyMap<number, R>;
  /** What was delivered, as it was sent. */
  readonly sent: readonly (Outgoing & { readonly from: number })[];
  /** Whom a party waits for that has no outcome. */
  readonly waiting: ReadonlyMap<number, readonly number[]>;
}

export const simulate = <I, R>({
  protocol,
  parties,
  input,
  binding = "",
  seed = "seed",
  run: name = seed,
  faults = {},
}: Simulation<I, R>): Simulated<R> => {
  const lots = seeded(`lots of ${faults.lots ?? seed}`);
  const chance = (of = 0) => of > 0 && new DataView(lots(4).buffer).getUint32(0) / 2 ** 32 < of;
  const id = createHash("sha256").update(`run ${name}`).digest();
  const options = (self: number) => ({
    protocol,
    run: new Uint8Array(id),
    binding: utf8(binding),
    self,
    parties,
    identity: identityOf(self),
    random: seeded(`${seed} party ${self}`),
  });
  const all = new Map(parties.map((party) => [party, options(party)]));
  const runs = new Map<number, Run<R>>([...all].map(([party, o]) => [party, createRun(o, input(party))]));
  const received = new Map(parties.map((party) => [party, 0]));
  const network: { from: number; to: number; bytes: Uint8Array }[] = [];
  const sent: { from: number; to: number; bytes: Uint8Array }[] = [];

  /** What a cheating sender puts in the place of its message. */
  const forged = (from: number, message: Message, body: Uint8Array): Uint8Array => {
    const session =
      message.round === 0 || message.kind === "abort" ? NO_SESSION : (runs.get(from)?.session as Uint8Array);
    const signature = identityOf(from).sign(signedBytes(message, session, digestOf(body)));
    return encodeMessage({ ...message, body, signature });
  };
  const send = (from: number, outgoing: readonly Outgoing[], again = false): void => {
    for (const { to, bytes } of outgoing) {
      const message = decodeMessage(bytes);
      const body = faults.cheat?.(message, to);
      const said = body ? forged(from, message, body) : bytes;
      const onWire = faults.wire?.(said, message, to) ?? [said];
      if (!again) sent.push({ from, to, bytes: said });
      if (!again && chance(faults.drop)) continue;
      for (const bytes of onWire) {
        network.push({ from, to, bytes });
        if (chance(faults.double)) network.push({ from, to, bytes });
      }
    }
  };
  /** Whether it made the receiver say something. */
  const deliver = ({ from, to, bytes }: (typeof network)[number]): boolean => {
    const run = runs.get(to) as Run<R>;
    const out = run.receive(from, bytes);
    const count = (received.get(to) ?? 0) + 1;
    received.set(to, count);
    if (faults.saved && !run.outcome) faults.saved(to, run.save());
    if (!run.outcome && faults.crash?.(to, count)) {
      const o = options(to);
      // A machine that comes back does not have the randomness of before.
      const random = seeded(`${seed} party ${to} again ${count}`);
      const back = restoreRun({ ...o, random }, input(to), run.save());
      runs.set(to, back);
      send(to, back.outstanding(), true);
    } else send(to, out);
    return out.length > 0;
  };

  network.push(...(faults.inject ?? []));
  for (const [party, run] of runs) send(party, run.start());
  let moved = true;
  for (;;) {
    const at = faults.inOrder ? 0 : network.length > 1 ? new DataView(lots(4).buffer).getUint32(0) % network.length : 0;
    const [next] = network.splice(at, 1);
    if (next) moved = deliver(next) || moved;
    else if (!moved || [...runs.values()].every((run) => run.outcome)) break;
    else {
      // Nothing is on its way: connections are made anew.
      moved = false;
      for (const [party, run] of runs) send(party, run.outstanding(), true);
    }
  }

  const results = new Map<number, R>();
  for (const [party, { outcome }] of runs) if (outcome?.kind === "result") results.set(party, outcome.result);
  return {
    outcomes: new Map([...runs].map(([party, run]) => [party, run.outcome])),
    results,
    sent,
    waiting: new Map([...runs].map(([party, run]) => [party, run.waitingFor()])),
  };
};
