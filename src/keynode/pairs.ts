/**
 * Set-ups with every other key node (docs/protocols/peers.md section 6): what two nodes make together once, on demand,
 * and multiply secrets with from then on. They are made anew where the two do not hold the same one, and after a ban.
 */
import { randomBytes } from "#crypto";
import { fromHex, toHex, utf8 } from "../base/bytes.ts";
import { createTurns, unlessAborted } from "../base/turns.ts";
import type { Protocol } from "../mpc/protocol.ts";
import type { PairSetup } from "../mpc/scheme.ts";
import type { Pair, PairStore } from "./pair-store.ts";
import { refuse } from "./peers/errors.ts";
import type { Peers } from "./peers/peers.ts";
import type { Runs } from "./runs.ts";

export interface Pairs {
  /**
   * Set-ups with these nodes, the same at both ends; makes those that are not there. All that ask meanwhile wait for the
   * same: a node that says nothing holds each of them up once.
   * @param signal ends the waiting, not the making
   * @throws Refusal pair.banned, pair.differs, peer.unreachable and whatever a run throws; the signal's reason
   */
  ensure(nodes: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, Pair>>;
  /** Those of the nodes with which a set-up is being compared or made. */
  waitingFor(nodes: readonly string[]): string[];
  /** Something went wrong with these nodes: whether they hold the same is asked again. */
  doubt(nodes: readonly string[]): void;
}

export interface PairsOptions {
  readonly node: string;
  readonly peers: Peers;
  readonly runs: Runs;
  readonly store: PairStore;
  /** Base oblivious transfers in both directions: party 1 is the node whose stream comes first. */
  readonly protocol: Protocol<undefined, PairSetup>;
}

const WITHIN = 60_000;
const HOW = { within: WITHIN, lane: "urgent" } as const;
/** What another node may make this one make anew, beside what is on its own account: so many in so many milliseconds. */
const MAX_MADE = 32;
const MADE_IN = 60_000;

/** "Do you have this one?": answered with 1 or 0. */
const SAME = "pair-same";
/** "I begin a fresh one under this id": asked by the node whose stream comes first, answered when the other has it. */
const MAKE = "pair-make";
/** "Please begin": the answer comes when both have it. */
const BEGIN = "pair-begin";
const YES = Uint8Array.of(1);
const NO = Uint8Array.of(0);

export const createPairs = ({ node: self, peers, runs, store, protocol }: PairsOptions): Pairs => {
  /** The process of a node that holds the same set-up, by node. */
  const agreed = new Map<string, string>();
  const turns = new Map<string, ReturnType<typeof createTurns>>();
  const made = new Map<string, number[]>();
  /** Bans of each node so far: one that comes while a set-up is made is not ended by it. */
  const bans = new Map<string, number>();
  /** What is being compared or made for this node, by the other. */
  const underWay = new Map<string, Promise<Pair>>();

  const begins = (node: string): boolean => self < node;
  const partiesWith = (node: string) =>
    new Map(
      begins(node)
        ? [
            [1, self],
            [2, node],
          ]
        : [
            [1, node],
            [2, self],
          ],
    );
  const inTurn = <T>(node: string, work: () => Promise<T>): Promise<T> => {
    const take = turns.get(node) ?? createTurns();
    turns.set(node, take);
    return take(work);
  };

  const run = async (node: string, id: Uint8Array, signal?: AbortSignal): Promise<void> => {
    const binding = utf8("entente pair/1");
    const terms = { id, binding, parties: partiesWith(node), within: WITHIN, fresh: true, signal } as const;
    const before = bans.get(node);
    const setup = await runs.run(protocol, terms, undefined);
    if (bans.get(node) !== before) {
      await store.settled(node);
      throw refuse("pair.differs", { node });
    }
    await store.admit(node, { id: toHex(id), setup });
  };
  /** Whether both hold the same one. What the other lacks is of no use: it is dropped. */
  const isSame = async (node: string): Promise<boolean> => {
    const pair = store.pairOf(node);
    if (!pair) return false;
    const boot = await peers.reach(node, WITHIN);
    if (agreed.get(node) === boot) return true;
    const [answer] = await peers.ask(node, SAME, fromHex(pair.id), HOW);
    if (answer !== 1) return false;
    agreed.set(node, boot);
    return true;
  };
  const make = async (node: string): Promise<void> => {
    store.requireAdmissible(node);
    await store.settled(node);
    store.requireAdmissible(node);
    agreed.delete(node);
    if (!begins(node)) return void (await peers.ask(node, BEGIN, NO, HOW));
    const id = randomBytes(32);
    const ending = new AbortController();
    const asked = peers.ask(node, MAKE, id, HOW).catch((error: unknown) => {
      ending.abort();
      throw error;
    });
    await Promise.all([asked, run(node, id, ending.signal)]);
  };
  const one = (node: string): Promise<Pair> =>
    inTurn(node, async () => {
      if (!(await isSame(node))) {
        await make(node);
        if (!(await isSame(node))) throw refuse("pair.differs", { node });
      }
      const pair = store.pairOf(node);
      if (!pair) throw refuse("pair.differs", { node });
      return pair;
    });

  const shared = (node: string): Promise<Pair> => {
    const known = underWay.get(node);
    if (known) return known;
    const fresh = one(node).finally(() => {
      if (underWay.get(node) === fresh) underWay.delete(node);
    });
    underWay.set(node, fresh);
    return fresh;
  };

  /** A node can't keep this one busy with making set-ups. @throws Refusal peer.busy, pair.banned */
  const requireRoom = (node: string) => {
    store.requireAdmissible(node);
    const now = performance.now();
    const lately = (made.get(node) ?? []).filter((at) => at > now - MADE_IN);
    if (lately.length >= MAX_MADE) throw refuse("peer.busy", { node });
    made.set(node, [...lately, now]);
  };
  peers.answer(SAME, async (from, id) => (store.pairOf(from)?.id === Buffer.from(id).toString("hex") ? YES : NO));
  peers.answer(MAKE, async (from, id) => {
    if (begins(from) || id.length !== 32)
      throw refuse("peer.malformed", { reason: "a set-up that is not its to begin" });
    requireRoom(from);
    await store.settled(from);
    store.requireAdmissible(from);
    agreed.delete(from);
    await run(from, Uint8Array.from(id));
    return YES;
  });
  peers.answer(BEGIN, async (from) => {
    if (!begins(from)) throw refuse("peer.malformed", { reason: "a set-up that is not this node's to begin" });
    requireRoom(from);
    await inTurn(from, async () => {
      agreed.delete(from);
      if (!(await isSame(from))) await make(from);
    });
    return YES;
  });
  store.onBan((node) => {
    bans.set(node, (bans.get(node) ?? 0) + 1);
    agreed.delete(node);
    underWay.delete(node);
  });

  const ensure: Pairs["ensure"] = async (nodes, signal) => {
    const all = Promise.all(nodes.map(async (node) => [node, await shared(node)] as const));
    return new Map(await unlessAborted(signal, all));
  };
  runs.onKeptOut(ensure);
  return {
    ensure,
    waitingFor: (nodes) => nodes.filter((node) => underWay.has(node)),
    doubt(nodes) {
      for (const node of nodes) agreed.delete(node);
    },
  };
};
