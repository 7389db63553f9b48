/**
 * One run that makes presignatures (docs/protocols/peers.md section 7): the leader, who will name them, calls the other
 * signers to it; each of them looks for itself whether the key may be used.
 */
import { z } from "zod";
import { randomBytes } from "#crypto";
import { toHex } from "../base/bytes.ts";
import { unlessAborted } from "../base/turns.ts";
import { encodePlain } from "../mpc/codec.ts";
import type { KeyShare, SchemeId } from "../mpc/key-share.ts";
import { digestOfPublic } from "../mpc/keys/sharing.ts";
import type { Presignature, Scheme } from "../mpc/scheme.ts";
import type { PairStore } from "./pair-store.ts";
import type { Pairs } from "./pairs.ts";
import { refuse } from "./peers/errors.ts";
import { malformed } from "./peers/link.ts";
import type { Peers } from "./peers/peers.ts";
import type { Lane } from "./peers/session.ts";
import type { Runs } from "./runs.ts";
import { decodeWithin, SHORT } from "./within.ts";

/** What presignatures are for: none is ever used for anything else. */
export interface Use {
  readonly key: string;
  readonly epoch: number;
  /** Indices of parties, ascending. */
  readonly signers: readonly number[];
  readonly path: readonly number[];
}

/** What a node holds of a key. */
export interface Held {
  readonly share: KeyShare;
  /** Stream of the key's group. */
  readonly group: string;
  /** Stream of each party's node, by index. */
  readonly nodes: ReadonlyMap<number, string>;
}

export interface PresigningOptions {
  readonly node: string;
  readonly peers: Peers;
  readonly runs: Runs;
  readonly pairs: Pairs;
  readonly store: Pick<PairStore, "isBanned" | "settled">;
  /** Where the key may be used now: asked before every run. */
  heldOf(key: string, epoch: number): Held | undefined;
  schemeOf(id: SchemeId): Scheme;
}

/** A run that this node leads. */
export interface Led {
  /**
   * @throws Refusal presignature.key, presignature.full, peer.unreachable when it was ended or a minute is over, naming
   *   those without whom it did not go on, and whatever a run or a set-up throws
   */
  readonly result: Promise<readonly Presignature[]>;
  /** Ends it here and at the others. */
  end(): void;
}

/** Asked by the leader before a run begins; told when it has given it up. */
export const PRESIGN = "presign";
const OVER = "presign-over";
export const MAX_COUNT = 64;
const WITHIN = 60_000;
/** Calls of one leader at a time: it makes fewer. */
const MAX_CALLS = 32;

export interface Call {
  readonly run: Uint8Array;
  readonly use: Use;
  readonly count: number;
}

/** The same text for the same use. */
export const nameOf = ({ key, epoch, signers, path }: Use): string =>
  `${key} ${epoch} ${signers.join(",")} ${path.join("/")}`;

export const createPresigning = ({ node: self, peers, runs, pairs, store, heldOf, schemeOf }: PresigningOptions) => {
  /** @throws Refusal presignature.key */
  const partiesOf = ({ key, epoch, signers }: Use, leader: string) => {
    const held = heldOf(key, epoch);
    const parties = new Map(signers.map((signer) => [signer, held?.nodes.get(signer) ?? ""]));
    const nodes = [...parties.values()];
    if (!held || nodes.includes("") || !nodes.includes(self) || !nodes.includes(leader))
      throw refuse("presignature.key", { key, epoch });
    return { ...held, parties, others: nodes.filter((node) => node !== self) };
  };

  /** This node's side of a run; `signal` gives it up. */
  const join = async ({ run, use, count }: Call, leader: string, lane: Lane, signal?: AbortSignal) => {
    const { share, group, parties, others } = partiesOf(use, leader);
    const scheme = schemeOf(share.scheme);
    const made = scheme.pairwise ? await pairs.ensure(others, signal) : new Map();
    const setups = [...parties].flatMap(([index, node]) =>
      made.has(node) ? [[index, { ...made.get(node).setup, peer: index }] as const] : [],
    );
    const terms = {
      ...{ id: run, parties, lane, group, signal, within: WITHIN },
      // Shares of an epoch may be of two attempts, where nodes were shown different ledgers: nobody's fault of theirs.
      binding: encodePlain([
        "entente presign/2",
        leader,
        use.key,
        use.epoch,
        digestOfPublic(share),
        [...use.path],
        count,
      ]),
      pairs: new Map([...made].map(([node, { id }]) => [node, id])),
    };
    /** What the run comes to: there is time until then, and nothing more to refuse. */
    const result = runs
      .run(scheme.presign, terms, { share, count, pairs: new Map(setups), path: use.path })
      .catch((error: unknown) => {
        if (scheme.pairwise) pairs.doubt(others);
        throw error;
      });
    return { result };
  };

  /** Runs of each leader whose presignatures are not kept yet. */
  const underWay = new Map<string, Set<Promise<void>>>();
  /** Calls of each leader that are being answered, by run. */
  const begun = new Map<string, Map<string, { readonly count: number; readonly ending: AbortController }>>();
  const countBegun = (leader: string): number =>
    [...(begun.get(leader)?.values() ?? [])].reduce((sum, { count }) => sum + count, 0);
  /** Takes their place until `end` is called. @throws Refusal peer.busy, run.known */
  const begin = (leader: string, { run, count }: Call) => {
    const calls = begun.get(leader) ?? new Map();
    const id = toHex(run);
    if (calls.size >= MAX_CALLS) throw refuse("peer.busy", { node: leader });
    if (calls.has(id)) throw refuse("run.known", { run: id });
    const ending = new AbortController();
    begun.set(leader, calls.set(id, { count, ending }));
    const end = () => {
      calls.delete(id);
      if (calls.size === 0) begun.delete(leader);
    };
    return { signal: ending.signal, end };
  };
  // Its process that called is gone.
  peers.onRestart((leader) => {
    for (const { ending } of begun.get(leader)?.values() ?? [])
      ending.abort(refuse("peer.restarted", { node: leader }));
  });

  const lead = async (call: Call, others: readonly string[], lane: Lane, ending: AbortController) => {
    const { run, use, count } = call;
    const { signal } = ending;
    await unlessAborted(signal, Promise.all(others.map(store.settled)));
    signal.throwIfAborted();
    partiesOf(use, self);
    const tellAll = () => {
      for (const node of others) if (!store.isBanned(node)) tellOver(node, run);
    };
    signal.addEventListener("abort", tellAll);
    const body = encodePlain([run, use.key, use.epoch, [...use.signers], [...use.path], count, lane]);
    const called = others.map((node) => peers.ask(node, PRESIGN, body, { within: WITHIN, lane: "urgent" }));
    const led = join(call, self, lane, signal).then(({ result }) => result);
    for (const one of [led, ...called]) one.catch((error: unknown) => ending.abort(error));
    const made = await unlessAborted(signal, led);
    // What the others were told is over is over here too.
    signal.throwIfAborted();
    // Whatever a node answers to the call from here on, all have what was made, or say so when it is named.
    signal.removeEventListener("abort", tellAll);
    return made;
  };
  const tellOver = (node: string, run: Uint8Array) => {
    try {
      peers.tell(node, OVER, run, { within: WITHIN, lane: "urgent" });
    } catch {
      // It gives up by itself.
    }
  };

  return {
    /** Resolves when this node has kept what a run of the leader came to, or at once where none is under way. */
    async settled(leader: string): Promise<boolean> {
      const runs = underWay.get(leader);
      if (!runs || runs.size === 0) return false;
      await Promise.race(runs);
      return true;
    },

    /** Makes `count` presignatures that this node leads. @param others nodes of all signers but this one */
    lead(use: Use, others: readonly string[], count: number, lane: Lane): Led {
      const run = randomBytes(32);
      const ending = new AbortController();
      const waitsFor = () => runs.waitingFor(run) ?? pairs.waitingFor(others);
      const end = () => ending.abort(refuse("peer.unreachable", { nodes: waitsFor() }));
      const limit = setTimeout(end, WITHIN);
      const result = lead({ run, use, count }, others, lane, ending).finally(() => clearTimeout(limit));
      return { result, end };
    },

    /**
     * Answers leaders; `admit` says whether there is room for so many more, those that are being made included; `keep`
     * gets what was made; `lose` hears that the leader has given a run (hex) up, which may have come to its end here.
     * @throws nothing: who asks gets the refusal
     */
    answer(
      admit: (leader: string, count: number) => void,
      keep: (leader: string, call: Call, made: readonly Presignature[]) => void,
      lose: (leader: string, run: string) => void,
    ) {
      peers.hear(OVER, (leader, run) => {
        if (run.length !== 32) return;
        const id = toHex(run);
        const error = refuse("run.ended", { node: leader, run: id, reason: "run.over" });
        begun.get(leader)?.get(id)?.ending.abort(error);
        lose(leader, id);
      });
      peers.answer(PRESIGN, async (leader, body) => {
        const { lane, ...call } = decodeCall(body);
        admit(leader, countBegun(leader) + call.count);
        const { signal, end } = begin(leader, call);
        const { result } = await join(call, leader, lane, signal).catch((error: unknown) => {
          end();
          throw error;
        });
        // The leader hears of a failure in the run itself.
        const kept = result
          .then((made) => {
            if (!signal.aborted) keep(leader, call, made);
          })
          .catch(() => undefined)
          .finally(end);
        const runs = underWay.get(leader) ?? new Set();
        underWay.set(leader, runs.add(kept));
        void kept.then(() => {
          runs.delete(kept);
          if (runs.size === 0) underWay.delete(leader);
        });
        return new Uint8Array();
      });
    },
  };
};

const integer = (most: number, least = 0) => z.int().min(least).max(most);
const CallShape = z.tuple([
  z.instanceof(Uint8Array).refine(({ length }) => length === 32),
  z.string().min(1).max(128),
  integer(Number.MAX_SAFE_INTEGER),
  z.array(integer(255, 1)).min(2).max(16),
  z.array(integer(0x7fff_ffff)).max(16),
  integer(MAX_COUNT, 1),
  z.enum(["urgent", "bulk"]),
]);

/** @throws Refusal peer.malformed */
const decodeCall = (body: Uint8Array): Call & { readonly lane: Lane } => {
  try {
    const [run, key, epoch, signers, path, count, lane] = CallShape.parse(decodeWithin(SHORT, body));
    if (signers.some((signer, i) => i > 0 && signer <= Number(signers[i - 1]))) throw new RangeError("not ascending");
    return { run, use: { key, epoch, signers, path }, count, lane };
  } catch {
    throw malformed("a call to presign");
  }
};
