/**
 * One party's side of a run of a protocol: messages in, messages out, whatever carries them (docs/protocols/mpc.md
 * sections 2 to 5). It opens every run with a hello, in which each party puts fresh randomness into the session id; it
 * holds messages that come early, ignores those that come twice, and names who sent what does not hold.
 */
import { concat, equal } from "../base/bytes.ts";
import { decodePlain, encodePlain } from "./codec.ts";
import {
  decodeMessage,
  digestOf,
  encodeMessage,
  type Header,
  type Kind,
  MAX_BODY,
  type Message,
  NO_SESSION,
  signedBytes,
} from "./message.ts";
import { Abort, others, type Protocol, type Round, type Sending, type Turn } from "./protocol.ts";
import { freshState, loadState, purposeOf, type RunState, saveState, slotOf } from "./run-state.ts";

/** The identity keys of the parties: a party's own, and those by which it knows the others. */
export interface Identity {
  sign(bytes: Uint8Array): Uint8Array;
  verify(party: number, bytes: Uint8Array, signature: Uint8Array): boolean;
}

export interface RunOptions<I, R> {
  readonly protocol: Protocol<I, R>;
  /** 32 bytes by which all parties know this run. A party never uses an id twice. */
  readonly run: Uint8Array;
  /** What the run is for (key, epoch, purpose): the same for all, or the run ends with `hello.differs`. */
  readonly binding: Uint8Array;
  readonly self: number;
  /** Ascending, 2 to 32 of 1 to 255. */
  readonly parties: readonly number[];
  readonly identity: Identity;
  random(length: number): Uint8Array;
}

export interface Outgoing {
  readonly to: number;
  readonly bytes: Uint8Array;
}

export type Outcome<R> =
  | { readonly kind: "result"; readonly result: R }
  /** `by` found it out: only where that is this party itself are the culprits more than hearsay. */
  | { readonly kind: "aborted"; readonly abort: Abort; readonly by: number };

export interface Run<R> {
  readonly outcome: Outcome<R> | undefined;
  /** 32 bytes, once the hellos of all are there. */
  readonly session: Uint8Array | undefined;
  /**
   * All have shown that they know of the same session. What was said before it may be of an earlier run under the same
   * id, so until then nothing is proof of a cheat.
   */
  readonly agreed: boolean;
  /** To be called once, before anything else, unless the run was restored. */
  start(): Outgoing[];
  /**
   * @param from who sent it, as the channel to that party says
   * @returns what to send; `save()` goes to disk before it, where the run is to survive a crash
   */
  receive(from: number, bytes: Uint8Array): Outgoing[];
  /** Parties without whose messages it does not go on. */
  waitingFor(): number[];
  /** What others may still lack: sent again when a connection was lost or the run restored. */
  outstanding(): Outgoing[];
  /** Ends the run for all: `run.timeout` with those who did not answer. */
  giveUp(check: string, parties: readonly number[]): Outgoing[];
  /** Everything, secrets too; for `restoreRun` with the same options and input. */
  save(): Uint8Array;
}

const HELLO: Round<never>["expects"] = { broadcast: "echo" };

/** A run that begins. @throws TypeError for options that can't be */
export const createRun = <I, R>(options: RunOptions<I, R>, input: I): Run<R> => run(options, input, freshState());

/** A run as `save` left it. @throws RangeError for what `save` did not give, or gave for another run */
export const restoreRun = <I, R>(options: RunOptions<I, R>, input: I, saved: Uint8Array): Run<R> =>
  run(options, input, loadState(options, saved));

const run = <I, R>(options: RunOptions<I, R>, input: I, state: RunState): Run<R> => {
  const { protocol, self, parties, identity, random } = options;
  requireSane(options);
  const purpose = purposeOf(options);
  const peers = others({ parties, self });
  let outcome: Outcome<R> | undefined;
  let flight: Message[] = [];

  const context = () => ({ session: state.session as Uint8Array, self, parties, random });
  const expects = (round: number) => (round === 0 ? HELLO : (protocol.rounds[round - 1] as Round<R>).expects);
  const held = (kind: Kind, round: number, from: number, all: boolean): Message | undefined =>
    state.held.get(slotOf({ kind, round, from, to: all ? 0 : self }));

  const sessionOf = (kind: Kind, round: number): Uint8Array =>
    round === 0 || kind === "abort" ? NO_SESSION : (state.session as Uint8Array);
  const proves = (message: Header, bodyDigest: Uint8Array, signature: Uint8Array): boolean =>
    identity.verify(message.from, signedBytes(message, sessionOf(message.kind, message.round), bodyDigest), signature);

  const emit = (kind: Kind, round: number, to: number, body: Uint8Array): void => {
    const header = { run: options.run, kind, round, from: self, to };
    const signature = identity.sign(signedBytes(header, sessionOf(kind, round), digestOf(body)));
    const message = { ...header, body, signature };
    flight.push(message);
    if (kind !== "abort" && to === 0) state.held.set(slotOf(message), message);
  };

  const emitRound = (round: number, { broadcast, direct }: Sending): void => {
    const { broadcast: all, direct: one } = expects(round);
    const complete = one ? direct?.size === peers.length && peers.every((peer) => direct.has(peer)) : !direct;
    if (!complete || Boolean(all) !== Boolean(broadcast))
      throw new TypeError(`${protocol.name} round ${round} sends something else than it expects`);
    if (broadcast) emit("round", round, 0, broadcast);
    for (const [peer, body] of direct ?? []) emit("round", round, peer, body);
  };

  /** Section 4: the same for all, or two signatures by one party over different bytes. */
  const checkEcho = (round: number, echo: Message): void => {
    const fail = (check: string, party: number) => {
      throw new Abort(check, party);
    };
    let at = 0;
    for (const party of parties) {
      const end = at + 33 + (echo.body[at + 32] ?? 0);
      if (end > echo.body.length) fail("echo.malformed", echo.from);
      const digest = echo.body.slice(at, at + 32);
      const signature = echo.body.slice(at + 33, end);
      at = end;
      const seen = held("round", round, party, true) as Message;
      if (equal(digest, digestOf(seen.body))) continue;
      const said = proves(seen, digest, signature);
      // A hello is bound to no session: one of another run under this id looks like a lie of whoever said it.
      if (said && round === 0) fail("hello.equivocated", party === self ? echo.from : party);
      if (!said) fail("echo.invented", echo.from);
      // Said by this party in another life of it, of which it was restored without knowing.
      if (party === self) fail("run.self", self);
      fail("message.equivocated", party);
    }
    if (at !== echo.body.length) fail("echo.malformed", echo.from);
  };

  const emitEcho = (round: number): void => {
    const seen = parties.map((party) => held("round", round, party, true) as Message);
    const entry = ({ body, signature }: Message) => concat(digestOf(body), Uint8Array.of(signature.length), signature);
    emit("echo", round, 0, concat(...seen.map(entry)));
    state.echoed = true;
  };

  const complete = (round: number): boolean =>
    parties.every((party) => {
      const { broadcast, direct } = expects(round);
      return (
        (!broadcast || held("round", round, party, true)) &&
        (!direct || party === self || held("round", round, party, false))
      );
    });
  const echoesComplete = (round: number): boolean => {
    const there = peers.map((peer) => held("echo", round, peer, true));
    for (const echo of there) if (echo) checkEcho(round, echo);
    return there.every(Boolean);
  };

  const take = (turn: Turn<R>): void => {
    if ("result" in turn) {
      outcome = { kind: "result", result: turn.result };
      return;
    }
    state.inner = turn.state;
    emitRound(state.round, turn.send);
  };

  /** Section 3. The echo of the hellos goes out together with the first round, which waits for it at the other end. */
  const meet = (): void => {
    const hellos = parties.map((party) => held("round", 0, party, true) as Message);
    for (const { from, body } of hellos) {
      if (body.length !== 64) throw new Abort("hello.malformed", from);
      if (!equal(body.slice(32), purpose)) throw new Abort("hello.differs", from);
    }
    emitEcho(0);
    state.session = digestOf(
      encodePlain(["entente mpc session/1", purpose, hellos.map(({ body }) => body.slice(0, 32))]),
    );
    state.round = 1;
    take(protocol.begin(context(), input));
  };

  const step = (): void => {
    const { round } = state;
    const got = (from: number, all: boolean): Uint8Array => (held("round", round, from, all) as Message).body;
    const turn = (protocol.rounds[round - 1] as Round<R>).step(context(), state.inner, {
      broadcast: (from) => got(from, true),
      direct: (from) => got(from, false),
    });
    for (const [slot, message] of state.held) if (message.round <= round) state.held.delete(slot);
    state.round = round + 1;
    state.echoed = false;
    take(turn);
  };

  /** Messages that came before the session was agreed carry signatures that nobody could check. */
  const agree = (): void => {
    state.agreed = true;
    state.echoed = false;
    for (const [slot, message] of state.held) {
      if (message.round === 0) state.held.delete(slot);
      else if (message.from !== self) requireSigned(message);
    }
  };

  const requireSigned = (message: Message): void => {
    if (!proves(message, digestOf(message.body), message.signature)) throw new Abort("message.signature", message.from);
  };

  const advance = (): void => {
    while (!outcome) {
      if (state.round === 0) {
        if (!complete(0)) return;
        meet();
      } else if (!state.agreed) {
        if (!echoesComplete(0)) return;
        agree();
      } else {
        if (!complete(state.round)) return;
        if (expects(state.round).broadcast === "echo") {
          if (!state.echoed) emitEcho(state.round);
          if (!echoesComplete(state.round)) return;
        }
        step();
      }
    }
  };

  /** Before the session is agreed nobody has signed for it, so its length is all that can be asked of it. */
  const hold = (slot: string, message: Message): void => {
    const { from, body } = message;
    let length = body.length;
    for (const one of state.held.values()) if (one.from === from) length += one.body.length;
    if (length > (protocol.mostHeld ?? 2 * MAX_BODY)) throw new Abort("message.length", from);
    state.held.set(slot, message);
  };

  const accept = (from: number, bytes: Uint8Array): void => {
    const message = decoded(bytes, from);
    if (message.from !== from) throw new Abort("message.sender", from);
    if (message.kind === "abort") {
      requireSigned(message);
      outcome = { kind: "aborted", abort: decodeAbort(message, parties), by: from };
      return;
    }
    const slot = slotOf(message);
    const { kind, round, to } = message;
    const base = state.agreed ? state.round : 0;
    if (round < base) return;
    // Nobody gets further ahead than one round of those it needs messages of.
    if (round > Math.min(state.round + 1, protocol.rounds.length)) throw new Abort("message.unexpected", from);
    const { broadcast, direct } = expects(round);
    const fits = kind === "echo" ? broadcast === "echo" && to === 0 : to === 0 ? broadcast : direct && to === self;
    if (!fits) throw new Abort("message.unexpected", from);
    if (state.agreed || round === 0) requireSigned(message);
    const known = state.held.get(slot);
    if (!known) hold(slot, message);
    else if (!equal(known.body, message.body) && (state.agreed || round === 0))
      throw new Abort(round === 0 ? "hello.twice" : "message.twice", from);
  };

  const decoded = (bytes: Uint8Array, from: number): Message => {
    try {
      return decodeMessage(bytes);
    } catch {
      throw new Abort("message.malformed", from);
    }
  };

  /** What it had to say before, an echo perhaps, still goes out: by that others find the culprit themselves. */
  const fail = (abort: Abort): void => {
    outcome = { kind: "aborted", abort, by: self };
    emit("abort", 0, 0, encodePlain([abort.check, [...abort.culprits]]));
  };

  /** What `work` sends, by receiver; its abort ends the run. */
  const turn = (work: () => void): Outgoing[] => {
    flight = [];
    try {
      work();
    } catch (error) {
      if (!(error instanceof Abort)) throw error;
      fail(error);
    }
    const sent = flight;
    flight = [];
    if (sent.length > 0) state.flights = [...state.flights, sent].slice(-FLIGHTS_KEPT);
    return addressed(sent);
  };

  const addressed = (messages: readonly Message[]): Outgoing[] =>
    messages.flatMap((message) => {
      const bytes = encodeMessage(message);
      return (message.to === 0 ? peers : [message.to]).map((to) => ({ to, bytes }));
    });

  return {
    get outcome() {
      return outcome;
    },
    get session() {
      return state.session;
    },
    get agreed() {
      return state.agreed;
    },
    start: () =>
      turn(() => {
        emit("round", 0, 0, concat(random(32), purpose));
        advance();
      }),
    receive: (from, bytes) =>
      outcome || !peers.includes(from) || foreign(bytes, options.run)
        ? []
        : turn(() => {
            accept(from, bytes);
            advance();
          }),
    waitingFor: () => {
      if (outcome) return [];
      if (state.round > 0 && !state.agreed) return peers.filter((peer) => !held("echo", 0, peer, true));
      const { broadcast, direct } = expects(state.round);
      return peers.filter(
        (peer) =>
          (broadcast && !held("round", state.round, peer, true)) ||
          (direct && !held("round", state.round, peer, false)) ||
          (state.echoed && !held("echo", state.round, peer, true)),
      );
    },
    outstanding: () => addressed(state.flights.flat()),
    giveUp: (check, culprits) => (outcome ? [] : turn(() => fail(new Abort(check, ...culprits)))),
    save: () => {
      if (outcome) throw new TypeError("a run that has ended is not saved");
      return saveState(options, state);
    },
  };
};

/** A flight is what one message received sets off; a round and its echo are two. */
const FLIGHTS_KEPT = 4;

const foreign = (bytes: Uint8Array, id: Uint8Array): boolean => bytes.length > 37 && !equal(bytes.subarray(5, 37), id);

const requireSane = ({
  run,
  self,
  parties,
  protocol,
}: Pick<RunOptions<never, unknown>, "run" | "self" | "parties" | "protocol">): void => {
  const ascending = parties.every(
    (party, i) => Number.isInteger(party) && party > (parties[i - 1] ?? 0) && party < 256,
  );
  if (run.length !== 32 || !ascending || parties.length < 2 || parties.length > 32 || !parties.includes(self))
    throw new TypeError("parties of a run: 2 to 32, ascending, this one included; its id: 32 bytes");
  if (protocol.rounds.length > 254) throw new TypeError("too many rounds");
};

/** The longest check, and 32 parties: more than anybody says. */
const MAX_ABORT = 512;

/** A party that gives up says why and names whom it holds responsible. */
const decodeAbort = ({ from, body }: Message, parties: readonly number[]): Abort => {
  try {
    if (body.length > MAX_ABORT) throw new RangeError("not an abort");
    const [check, culprits] = decodePlain(body) as [string, number[]];
    if (
      typeof check !== "string" ||
      !/^[a-z0-9.-]{1,64}$/.test(check) ||
      !culprits.every((culprit) => parties.includes(culprit))
    )
      throw new RangeError("not an abort");
    return new Abort(check, ...culprits);
  } catch {
    return new Abort("abort.malformed", from);
  }
};
