/**
 * Presignatures (docs/protocols/peers.md section 7): made in advance for keys that are in use, in memory alone, each
 * given away once. Those of a pool are named by its leader, who asked for them; the other signers keep their parts until
 * they are named.
 */
import { toHex } from "../base/bytes.ts";
import { encodePlain } from "../mpc/codec.ts";
import type { Presignature } from "../mpc/scheme.ts";
import type { PairStore } from "./pair-store.ts";
import { refuse } from "./peers/errors.ts";
import { createPlaces } from "./places.ts";
import { createPresigning, MAX_COUNT, nameOf, type PresigningOptions, type Use } from "./presigning.ts";
import { decodeWithin, LONG } from "./within.ts";

export interface Pools {
  /**
   * For the leader: presignatures that are this call's alone; made now where there are too few.
   * @param count 1 to 64
   * @throws Refusal peer.unknown, peer.unreachable after `within` milliseconds, or whatever making them throws
   */
  take(use: Use, count: number, within: number): Promise<readonly Presignature[]>;
  /**
   * For the other signers: those that the leader names, which are this call's alone.
   * @throws Refusal presignature.missing; all that were named are gone then
   */
  follow(leader: string, use: Use, ids: readonly string[]): Promise<readonly Presignature[]>;
  /** Keeps `level` of them for a key that will be in use. */
  prepare(use: Use, level: number): void;
  /** Drops those of a key below an epoch; all of them where none is given. */
  drop(key: string, below?: number): void;
  status(): { readonly led: number; readonly followed: number };
  close(): void;
}

export type PoolsOptions = PresigningOptions & { readonly store: PairStore };

/** Presignatures that a node leads, and that it keeps for any one leader; and for all of them. */
export const MAX_LED = 4_096;
const MAX_FOLLOWED = 4 * MAX_LED;
/**
 * A pool's level: what it begins with when its key is used a second time; what it grows to with each further use, for
 * those that are made together cost less, and most signatures have none made beside them; and when that is too little.
 */
const FIRST_LEVEL = 4;
const USUAL_LEVEL = 16;
const LAST_LEVEL = 64;
/**
 * In advance, so many are made in a run: of ECDSA by two of them, one costs a third of what it costs alone, and no step
 * takes the event loop for more than some 30 ms.
 */
const BATCH = 8;
/** Milliseconds without use after which a pool is dropped; until a failed attempt is repeated; between two looks. */
const IDLE = 600_000;
const PAUSE = 5_000;
const LOOK = 1_000;
/** Milliseconds after one is taken until others are made in advance: by then the signature that it is for is there. */
const LATER = 25;
/** Milliseconds that a follower keeps what no leader names: longer than any leader does. */
const KEPT = 4 * IDLE;
/** Tells followers which are dropped. */
const DROP = "presign-drop";

interface Waiting {
  readonly count: number;
  resolve(made: readonly Presignature[]): void;
  reject(error: unknown): void;
}
interface Pool {
  readonly use: Use;
  /** Of all signers but this one; and as one text. */
  readonly others: readonly string[];
  readonly signers: string;
  ready: Presignature[];
  waiting: Waiting[];
  level: number;
  making: boolean;
  /** Its last run was ended for another's sake. */
  gaveWay: boolean;
  /** Has been half empty, and is not full yet. */
  filling: boolean;
  used: number;
  pausedUntil: number;
}
interface Followed {
  readonly use: Use;
  readonly others: readonly string[];
  readonly presignature: Presignature;
  /** In which it was made. */
  readonly run: string;
  readonly until: number;
}

const nextLevel = (level: number, isShort: boolean): number => {
  if (isShort) return Math.min(LAST_LEVEL, Math.max(FIRST_LEVEL, level * 2));
  return Math.max(level, FIRST_LEVEL, Math.min(level + 1, USUAL_LEVEL));
};

export const createPools = (options: PoolsOptions): Pools => {
  const { node: self, peers, store, heldOf } = options;
  const presigning = createPresigning(options);
  /** By use; the one that was used last comes last. */
  const pools = new Map<string, Pool>();
  /** By leader and id. */
  const followed = new Map<string, Map<string, Followed>>();
  const places = createPlaces();
  let led = 0;
  const now = () => performance.now();

  /** @throws Refusal presignature.key */
  const othersOf = ({ key, epoch, signers }: Use): string[] => {
    const held = heldOf(key, epoch);
    if (!held) throw refuse("presignature.key", { key, epoch });
    return signers.map((signer) => held.nodes.get(signer) ?? "").filter((node) => node !== self);
  };
  const poolOf = (use: Use): Pool => {
    const others = othersOf(use);
    const known = pools.get(nameOf(use));
    const pool = known ?? {
      ...{
        use,
        others,
        signers: others.join(),
        ready: [],
        waiting: [],
        level: 0,
        making: false,
        gaveWay: false,
        filling: false,
      },
      ...{ used: Number.NEGATIVE_INFINITY, pausedUntil: 0 },
    };
    pools.delete(nameOf(use));
    pools.set(nameOf(use), pool);
    return pool;
  };

  /** Takes from what is ready: gone from here before anybody has it. */
  const draw = (pool: Pool, count: number): Presignature[] => {
    led -= count;
    return pool.ready.splice(0, count);
  };
  const tellDropped = ({ others }: Pool, dropped: readonly Presignature[]): void => {
    if (dropped.length === 0) return;
    const ids = encodePlain(dropped.map(({ id }) => id));
    for (const node of others.filter((other) => !store.isBanned(other))) {
      try {
        peers.tell(node, DROP, ids, { within: IDLE, lane: "bulk" });
      } catch {
        // It keeps them until they are too old.
      }
    }
  };
  const empty = (pool: Pool): void => tellDropped(pool, draw(pool, pool.ready.length));
  const remove = (pool: Pool, error?: unknown): void => {
    pools.delete(nameOf(pool.use));
    empty(pool);
    for (const one of pool.waiting.splice(0)) one.reject(error);
  };
  /** Those that were not used for longest give way. */
  const makeRoom = (count: number): void => {
    for (const pool of pools.values()) {
      if (led + count <= MAX_LED) return;
      if (pool.waiting.length === 0 && pool.ready.length > 0) remove(pool);
    }
  };

  const serve = (pool: Pool): void => {
    for (let [first] = pool.waiting; first && pool.ready.length >= first.count; [first] = pool.waiting) {
      pool.waiting.shift();
      first.resolve(draw(pool, first.count));
    }
  };
  const make = async (pool: Pool, count: number, lane: "urgent" | "bulk"): Promise<void> => {
    pool.making = true;
    makeRoom(count);
    const run = presigning.lead(pool.use, pool.others, count, lane);
    const place = places.take(pool.signers, run, () => pool.waiting.length > 0);
    try {
      const made = await run.result;
      if (pools.get(nameOf(pool.use)) !== pool) return tellDropped(pool, made);
      pool.ready.push(...made);
      led += made.length;
      serve(pool);
    } catch (error) {
      pool.pausedUntil = now() + PAUSE;
      if (lane === "urgent" && !place.gaveWay) for (const one of pool.waiting.splice(0)) one.reject(error);
    } finally {
      pool.making = false;
      pool.gaveWay = place.gaveWay;
      place.leave();
      // Of those with as many places whoever had none for longest is next.
      if (hungry.delete(pool)) hungry.add(pool);
      step();
    }
  };
  const lacks = ({ waiting, ready }: Pool): number => waiting.reduce((sum, { count }) => sum + count, 0) - ready.length;
  const isFilling = (pool: Pool): boolean => {
    const { ready, level, making, pausedUntil } = pool;
    if (ready.length <= level / 2) pool.filling = true;
    if (ready.length >= level) pool.filling = false;
    return pool.filling && !making && pausedUntil < now();
  };
  const step = (): void => {
    // Those first whose signers have the fewest places, and of these who has not given way.
    const rankOf = ({ signers, gaveWay }: Pool): number => 2 * places.count(signers) + Number(gaveWay);
    const byPlaces = [...hungry].sort((a, b) => rankOf(a) - rankOf(b));
    const without = new Set<string>();
    for (const pool of byPlaces) {
      if (lacks(pool) <= 0) hungry.delete(pool);
      else if (pool.making || without.has(pool.signers)) continue;
      else if (!places.isFree(pool.signers)) {
        without.add(pool.signers);
        places.giveWay(pool.signers, !pool.gaveWay);
      } else void make(pool, Math.min(lacks(pool) + Math.min(pool.level, BATCH), MAX_COUNT), "urgent");
    }
    if (!places.isQuiet()) return;
    const filling = [...pools.values()].filter((pool) => isFilling(pool) && places.isFree(pool.signers));
    const low = filling.findLast(({ signers }) => places.count(signers) === 0) ?? filling.at(-1);
    if (low) void make(low, Math.min(low.level - low.ready.length, BATCH), "bulk");
  };
  const hungry = new Set<Pool>();
  let soon: NodeJS.Immediate | undefined;
  const stepSoon = () => {
    soon ??= setImmediate(() => {
      soon = undefined;
      step();
    });
  };
  let later: NodeJS.Timeout | undefined;
  const stepLater = () => {
    later = undefined;
    step();
  };

  const look = setInterval(() => {
    const oldest = now() - IDLE;
    for (const pool of pools.values())
      if (pool.used < oldest && !pool.making && pool.waiting.length === 0) remove(pool);
    for (const own of followed.values()) for (const [id, { until }] of own) if (until < now()) own.delete(id);
    step();
  }, LOOK);

  const forget = (node: string): void => {
    for (const pool of pools.values()) if (pool.others.includes(node)) empty(pool);
    for (const own of followed.values()) for (const [id, one] of own) if (one.others.includes(node)) own.delete(id);
  };
  peers.onRestart(forget);
  store.onBan(forget);
  const ownOf = (leader: string): Map<string, Followed> => {
    const own = followed.get(leader) ?? new Map<string, Followed>();
    followed.set(leader, own);
    return own;
  };
  const countFollowed = () => [...followed.values()].reduce((sum, own) => sum + own.size, 0);
  /** Of the leader that has the most: many leaders together take no room from one that has few. */
  const dropOldest = () => {
    const [most] = [...followed.values()].sort((a, b) => b.size - a.size);
    for (const id of most?.keys() ?? []) return most?.delete(id);
  };
  peers.hear(DROP, (leader, body) => {
    const ids = decodeWithin(LONG, body);
    if (Array.isArray(ids)) for (const id of ids) if (typeof id === "string") followed.get(leader)?.delete(id);
  });
  presigning.answer(
    (leader, count) => {
      store.requireAdmissible(leader);
      if (ownOf(leader).size + count > MAX_LED) throw refuse("presignature.full", { limit: MAX_LED });
    },
    (leader, { use, run }, made) => {
      const others = othersOf(use);
      const own = ownOf(leader);
      const until = now() + KEPT;
      for (const presignature of made) own.set(presignature.id, { use, others, presignature, run: toHex(run), until });
      while (countFollowed() > MAX_FOLLOWED) dropOldest();
    },
    (leader, run) => {
      const own = followed.get(leader);
      for (const [id, one] of own ?? []) if (one.run === run) own?.delete(id);
    },
  );

  return {
    take: async (use, count, within) => {
      if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT)
        throw new TypeError(`1 to ${MAX_COUNT} at a time`);
      // Of a signer that is away nobody knows whether it comes back with what it had.
      const end = now() + within;
      const away = othersOf(use).filter((node) => peers.bootOf(node) === undefined);
      if (away.length > 0) await Promise.all(away.map((node) => peers.reach(node, within)));
      const pool = poolOf(use);
      const isInUse = pool.used > now() - IDLE;
      const isShort = pool.ready.length < count || pool.waiting.length > 0;
      if (isInUse) pool.level = nextLevel(pool.level, isShort);
      pool.used = now();
      const { promise, resolve, reject } = Promise.withResolvers<readonly Presignature[]>();
      const one = { count, resolve, reject };
      pool.waiting.push(one);
      serve(pool);
      if (pool.waiting.includes(one)) {
        hungry.add(pool);
        stepSoon();
      }
      later ??= setTimeout(stepLater, LATER).unref();
      const limit = setTimeout(() => {
        pool.waiting = pool.waiting.filter((other) => other !== one);
        serve(pool);
        reject(refuse("peer.unreachable", { nodes: pool.others }));
      }, end - now());
      return promise.finally(() => clearTimeout(limit));
    },
    async follow(leader, use, ids) {
      // The leader may have come to the end of a run a moment before this node.
      const lacks = () => !ids.every((id) => followed.get(leader)?.has(id));
      while (lacks() && (await presigning.settled(leader)));
      const own = followed.get(leader);
      const found: Presignature[] = [];
      const missing: string[] = [];
      for (const id of ids) {
        const one = own?.get(id);
        own?.delete(id);
        if (one && nameOf(one.use) === nameOf(use)) found.push(one.presignature);
        else missing.push(id);
      }
      if (missing.length > 0) throw refuse("presignature.missing", { ids: missing });
      return found;
    },
    prepare(use, level) {
      const pool = poolOf(use);
      pool.used = now();
      pool.level = Math.max(pool.level, Math.min(level, LAST_LEVEL));
      stepSoon();
    },
    drop(key, below = Number.POSITIVE_INFINITY) {
      const isDropped = (use: Use) => use.key === key && use.epoch < below;
      for (const pool of pools.values())
        if (isDropped(pool.use)) remove(pool, refuse("presignature.key", { key, epoch: pool.use.epoch }));
      for (const own of followed.values()) for (const [id, { use }] of own) if (isDropped(use)) own.delete(id);
    },
    status: () => ({ led, followed: countFollowed() }),
    close() {
      clearInterval(look);
      clearTimeout(later);
      clearImmediate(soon);
      places.endAll();
      for (const pool of pools.values())
        for (const one of pool.waiting.splice(0)) one.reject(refuse("peer.unreachable", { nodes: pool.others }));
      pools.clear();
      followed.clear();
    },
  };
};
