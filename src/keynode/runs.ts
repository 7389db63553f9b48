/**
 * Runs of protocols with other key nodes (docs/protocols/peers.md section 5): carries the messages of src/mpc/machine.ts
 * between all that join a run under the same id, whoever comes first.
 */
import { randomBytes, sha256, sign, verify } from "#crypto";
import { concat, equal, fromHex, toHex, utf8 } from "../base/bytes.ts";
import { createRun, type Identity, type Outgoing } from "../mpc/machine.ts";
import { addressOf } from "../mpc/message.ts";
import type { Abort, Protocol } from "../mpc/protocol.ts";
import type { PrivateKey, PublicKey } from "../trust/crypto/crypto.ts";
import { createEarly } from "./early.ts";
import type { PairStore } from "./pair-store.ts";
import { refuse } from "./peers/errors.ts";
import { malformed } from "./peers/link.ts";
import type { Peers } from "./peers/peers.ts";
import type { Lane } from "./peers/session.ts";
import { createSlices } from "./slices.ts";

export interface RunTerms {
  /** 32 bytes by which all parties know the run; used once, but for a run that ended before it had begun everywhere. */
  readonly id: Uint8Array;
  /** What the run is for: the same for all. */
  readonly binding: Uint8Array;
  /** Stream of each party's node by its index, this node's included. */
  readonly parties: ReadonlyMap<number, string>;
  /** Milliseconds until all have to have come to the end; 60,000 where absent. */
  readonly within?: number;
  /** Milliseconds until all have to have joined; `within` where absent. */
  readonly meet?: number;
  /** "bulk": other work of this node and of the connections goes first. */
  readonly lane?: Lane;
  /**
   * Of the set-up (hex) with each other node that this one works with, in runs that use them: where the other works with
   * another one, the run ends before anything is said that would look like a failed check.
   */
  readonly pairs?: ReadonlyMap<string, string>;
  /** Makes a fresh set-up: also with a node that is kept out. */
  readonly fresh?: true;
  /** Stream of the group whose key it is about. */
  readonly group?: string;
  /** Gives the run up, whether it has begun or not. */
  readonly signal?: AbortSignal | undefined;
}

export interface Runs {
  /**
   * Joins a run; the others join by themselves.
   * @throws Refusal run.known, run.aborted (those to blame are banned), run.ended (another gave it up),
   *   peer.unreachable naming those without whom it did not go on, peer.restarted, peer.busy, pair.banned, pair.differs
   */
  run<I, R>(protocol: Protocol<I, R>, terms: RunTerms, input: I): Promise<R>;
  /** Nodes without which the run of this id does not go on; undefined where none is under way. */
  waitingFor(id: Uint8Array): readonly string[] | undefined;
  /** What is tried before a run with nodes that are kept out: a fresh set-up with each of them. */
  onKeptOut(admit: (nodes: readonly string[], signal?: AbortSignal) => Promise<unknown>): void;
}

export interface RunsOptions {
  readonly node: string;
  readonly peers: Peers;
  readonly pairs: PairStore;
  readonly signingKey: PrivateKey<"P-256">;
  /** From the ledger. */
  signingKeyOf(node: string): PublicKey<"P-256"> | undefined;
  /** Runs that have ended are remembered, so many of them. */
  readonly remembers?: number;
}

const WITHIN = 60_000;
/** Runs that have ended are remembered, so that nobody joins them again and late messages are let go. */
const MAX_ENDED = 16_384;
const TOPIC = "run";
/** Bytes before each message: the set-up that its sender works with, zeros where it needs none. */
const TAG = 32;
/** Somebody has given a run up, or holds too much of it without having joined. */
const OVER = "run-over";

interface Joined {
  readonly lane: Lane;
  receive(from: string, message: Uint8Array): void;
  /** Of the parties' nodes alone. */
  involves(node: string): boolean;
  waitingFor(): readonly string[];
  /** @param tell whether the others are told */
  end(error: unknown, tell: boolean): void;
}

export const createRuns = (options: RunsOptions): Runs => {
  const { node: self, peers, pairs, signingKey, signingKeyOf, remembers = MAX_ENDED } = options;
  /** By the id that they were begun under, and by that under which their messages go. */
  const joined = new Map<string, Joined>();
  const ended = new Set<string>();
  const slices = createSlices();
  const early = createEarly();

  const hear = (from: string, message: Uint8Array) => {
    const id = runOf(message.subarray(TAG));
    const run = joined.get(toHex(id));
    if (run) slices.do(run.lane, () => run.receive(from, message));
    else if (!ended.has(toHex(id)) && !early.keep(from, toHex(id), message)) tellOver(from, id);
  };
  const tellOver = (node: string, id: Uint8Array) => peers.tell(node, OVER, id, { within: WITHIN, lane: "urgent" });
  const endThose = (node: string, error: unknown) => {
    for (const run of new Set(joined.values())) if (run.involves(node)) run.end(error, true);
  };
  peers.hear(TOPIC, hear);
  peers.hear(OVER, (from, id) => {
    const run = joined.get(toHex(id));
    if (run?.involves(from)) run.end(refuse("run.ended", { node: from, run: toHex(id), reason: "run.over" }), false);
  });
  peers.onRestart((node) => {
    early.forget(node);
    endThose(node, refuse("peer.restarted", { node }));
  });
  pairs.onBan((node) => endThose(node, refuse("run.ended", { node: self, run: "", reason: "run.banned" })));

  peers.ending.addEventListener("abort", () => {
    for (const run of new Set(joined.values())) run.end(refuse("peer.unreachable", { nodes: [] }), false);
  });

  const remember = (id: string) => {
    joined.delete(id);
    ended.add(id);
    if (ended.size > remembers) ended.delete(ended.values().next().value as string);
  };

  /** Waits for all, then runs; both within the time of the terms. */
  const join = async <I, R>(protocol: Protocol<I, R>, terms: RunTerms, input: I): Promise<R> => {
    const { parties, lane = "urgent", within = WITHIN, meet = within, signal } = terms;
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const nodes = [...parties.values()].filter((node) => node !== self);
    const indices = new Map([...parties].map(([index, node]) => [node, index]));
    const name = toHex(terms.id);
    if (joined.has(name)) throw refuse("run.known", { run: name });
    /** Under which its messages go, once all are there. */
    let wire: string | undefined;
    let machine: ReturnType<typeof createRun<I, R>> | undefined;
    let over = false;

    const close = () => {
      over = true;
      for (const limit of limits) clearTimeout(limit);
      signal?.removeEventListener("abort", onSignal);
      joined.delete(name);
      if (wire) remember(wire);
    };
    const end = (error: unknown, tell: boolean) => {
      if (over) return;
      close();
      if (tell) for (const node of nodes) if (!pairs.isBanned(node)) quietly(() => tellOver(node, terms.id));
      reject(error);
    };
    const tags = new Map(nodes.map((node) => [node, fromHex(terms.pairs?.get(node) ?? NO_PAIR)]));
    const send = (outgoing: readonly Outgoing[]) => {
      for (const { to, bytes } of outgoing) {
        const node = parties.get(to) as string;
        peers.tell(node, TOPIC, concat(tags.get(node) as Uint8Array, bytes), { within, lane });
      }
    };
    const proceed = (work: (run: NonNullable<typeof machine>) => Outgoing[]) => {
      if (over || !machine) return;
      try {
        const outgoing = work(machine);
        const { outcome } = machine;
        if (outcome) close();
        if (outcome?.kind === "aborted") void stop(outcome.abort, outcome.by, outgoing);
        else send(outgoing);
        if (outcome?.kind === "result") resolve(outcome.result);
      } catch (error) {
        end(error, true);
        reject(error);
      }
    };
    /** A ban is durable before anything else goes to whoever it is of. */
    const stop = async (abort: Abort, by: number, outgoing: readonly Outgoing[]) => {
      const { check } = abort;
      const blamed = abort.culprits.map((index) => parties.get(index) ?? "").filter((node) => node !== self);
      const own = parties.get(by) === self;
      if (!own || !machine?.agreed) {
        reject(refuse("run.ended", { node: parties.get(by), run: name, reason: check, nodes: blamed }));
        if (own) quietly(() => send(outgoing));
        return;
      }
      try {
        if (isProof(check)) await Promise.all(blamed.map((node) => pairs.ban(node, check, terms.group)));
        reject(refuse("run.aborted", { run: name, check, nodes: blamed }));
        quietly(() => send(outgoing));
      } catch (error) {
        reject(error);
      }
    };
    const waitingFor = () =>
      machine ? machine.waitingFor().map((index) => parties.get(index) as string) : nodes.filter(isAway);
    const tooLate = () => end(refuse("peer.unreachable", { nodes: waitingFor() }), true);
    const limits = [
      setTimeout(tooLate, within),
      setTimeout(() => {
        if (!machine?.agreed) tooLate();
      }, meet),
    ];
    const isAway = (node: string) => peers.bootOf(node) === undefined;
    const onSignal = () => end(refuse("run.ended", { node: self, run: name, reason: "run.cancelled" }), true);
    signal?.addEventListener("abort", onSignal);

    const begin = async () => {
      const boots = await Promise.all(nodes.map((node) => peers.reach(node, within)));
      if (over) return;
      const bootOf = new Map([[self, peers.boot], ...nodes.map((node, at) => [node, boots[at]] as [string, string])]);
      const run = wireId(terms.id, parties, bootOf);
      wire = toHex(run);
      if (ended.has(wire)) throw refuse("run.known", { run: name });
      machine = createRun(
        {
          ...{ protocol, run, binding: terms.binding, random: randomBytes },
          self: indices.get(self) ?? 0,
          parties: [...parties.keys()].sort((a, b) => a - b),
          identity: identityOf(parties),
        },
        input,
      );
      joined.set(wire, one);
      slices.do(lane, () => proceed((run) => run.start()));
      for (const { from, bytes } of early.take(wire)) slices.do(lane, () => one.receive(from, bytes));
    };
    const one: Joined = {
      lane,
      end,
      involves: (node) => indices.has(node),
      waitingFor,
      receive: (from, message) => {
        const index = indices.get(from);
        if (index === undefined) return;
        if (!equal(tags.get(from) as Uint8Array, message.subarray(0, TAG)))
          return end(refuse("pair.differs", { node: from }), true);
        proceed((run) => run.receive(index, message.subarray(TAG)));
      },
    };
    joined.set(name, one);
    if (signal?.aborted) onSignal();
    begin().catch((error: unknown) => end(error, true));
    return promise;
  };

  const identityOf = (parties: ReadonlyMap<number, string>): Identity => {
    const keys = new Map([...parties].map(([index, node]) => [index, signingKeyOf(node)]));
    return {
      sign: (bytes) => sign(signingKey, bytes),
      verify: (party, bytes, signature) => {
        const key = keys.get(party);
        return key !== undefined && verify(key, bytes, signature);
      },
    };
  };

  let admit: (nodes: readonly string[], signal?: AbortSignal) => Promise<unknown> = async () => undefined;
  return {
    run: async (protocol, terms, input) => {
      const keptOut = terms.fresh ? [] : [...terms.parties.values()].filter(pairs.isBanned);
      if (keptOut.length > 0) await admit(keptOut, terms.signal);
      for (const node of keptOut) pairs.requireAdmitted(node);
      // A ban takes the set-up with it, also from whoever was about to use it.
      for (const [node, id] of terms.pairs ?? [])
        if (pairs.pairOf(node)?.id !== id) throw refuse("pair.differs", { node });
      return join(protocol, terms, input);
    },
    waitingFor: (id) => joined.get(toHex(id))?.waitingFor(),
    onKeptOut: (given) => {
      admit = given;
    },
  };
};

/**
 * Of the processes that run it: one that was started again can't go on with what it has forgotten, and what it said
 * before is never held against what it says now.
 */
const wireId = (id: Uint8Array, parties: ReadonlyMap<number, string>, boots: ReadonlyMap<string, string>): Uint8Array =>
  sha256(
    concat(
      utf8("entente peers run/1"),
      id,
      ...[...parties]
        .sort(([a], [b]) => a - b)
        .map(([index, node]) => concat(Uint8Array.of(index), fromHex(node), fromHex(boots.get(node) ?? ""))),
    ),
  );

const NO_PAIR = "0".repeat(2 * TAG);

/**
 * That somebody was slow, or runs something else, is no fault of anybody's; and hellos prove nothing, since who has been
 * made to say another one under the same id, long ago, has not lied.
 */
export const isProof = (check: string): boolean => !/^(run|hello)\./.test(check);

/** @throws Refusal peer.malformed: the connection ends */
const runOf = (message: Uint8Array): Uint8Array => {
  try {
    return addressOf(message).run;
  } catch {
    throw malformed("no message of a run");
  }
};

/** Does what may fail without harm: the other is not to be reached, and will find out by itself. */
const quietly = (work: () => void): void => {
  try {
    work();
  } catch {
    // Nothing depends on it.
  }
};
