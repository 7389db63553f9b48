/**
 * What a key node keeps of each of the others (docs/protocols/peers.md section 6): the set-up that it made with it, or
 * the ban after a check that it failed. Never both: a ban deletes the set-up, and only a fresh one ends it. Bans are
 * durable; set-ups are in memory alone. Whoever runs the machine could else kill the node between a check that failed
 * and the ban being durable, again and again, and a peer in league with it learn a bit of the set-up each time.
 */
import { decodePlain, encodePlain } from "../mpc/codec.ts";
import type { Plain } from "../mpc/protocol.ts";
import type { PairSetup } from "../mpc/scheme.ts";
import { refuse } from "./peers/errors.ts";

/** Of the node's store: durable values, by name. */
export interface Rows {
  get(name: string): Uint8Array | undefined;
  names(prefix: string): string[];
  /** All or none, durable when it resolves; undefined deletes. */
  write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void>;
  /** Resolves when what is written can't be rolled back. */
  anchor(): Promise<void>;
}

/** `id`: hex, of the run that it was made in, the same at both. */
export interface Pair {
  readonly id: string;
  readonly setup: PairSetup;
}

interface Ban {
  /** Failed checks so far. */
  readonly count: number;
  /** The last of them. */
  readonly check: string;
  /** Is kept out. */
  readonly active: boolean;
  /** Let in again with a fresh set-up: it has not failed too often, or groups have asked for it. */
  readonly admissible: boolean;
  /** The ledger's time then, milliseconds: only a pardon after it counts. */
  readonly at: number;
  /** Groups (streams) in whose runs it failed, and that have not pardoned it since. */
  readonly groups: readonly string[];
  /** The ledger's time of the newest pardon that was counted. */
  readonly pardoned: number;
}

export interface PairStore {
  pairOf(node: string): Pair | undefined;
  isBanned(node: string): boolean;
  /** @throws Refusal pair.banned */
  requireAdmitted(node: string): void;
  /** @throws Refusal pair.banned where even a fresh set-up does not end the ban */
  requireAdmissible(node: string): void;
  /**
   * In force at once; when it resolves, durable beyond any rollback, and the set-up is gone.
   * @param group stream of the group whose key was used; absent for a run that was about no key
   */
  ban(node: string, check: string, group?: string): Promise<void>;
  /** Resolves when a ban, where one was said, is durable: nothing goes to the node before. */
  settled(node: string): Promise<void>;
  /** A fresh set-up was made: any ban ends with it. @throws Refusal pair.banned where even that does not end it */
  admit(node: string, pair: Pair): Promise<void>;
  /**
   * A group's administrators have agreed that a node is let in again, after a fresh set-up: it is once all groups say so
   * in whose runs it failed. One that came before the ban says nothing of it.
   * @param time of the ledger, milliseconds
   */
  pardon(node: string, group: string, time: number): Promise<void>;
  /** Nodes that are kept out. */
  banned(): string[];
  onBan(listener: (node: string, check: string) => void): void;
}

/** After as many failed checks nobody is let in again unless administrators ask for it. */
export const MAX_FAILURES = 3;
/** What the log says of a ban, before whose it is. */
export const KEPT_OUT = "keeps out the key node";

/** What versions before kept set-ups under. */
const PAIRS = "pair/";
const BANS = "ban/";
const banRow = (node: string) => `${BANS}${node}`;
const NEVER: Ban = { count: 0, check: "", active: false, admissible: true, at: 0, groups: [], pardoned: 0 };

/** Versions before had the first four. */
const banFrom = (row: Plain): Ban => {
  const [count, check, active, admissible, at = 0, groups = [], pardoned = 0] = row as [
    ...[number, string, boolean, boolean],
    ...[at?: number, groups?: string[], pardoned?: number],
  ];
  return { count, check, active, admissible, at, groups, pardoned };
};
const toRow = ({ count, check, active, admissible, at, groups, pardoned }: Ban): Uint8Array =>
  encodePlain([count, check, active, admissible, at, [...groups], pardoned]);

/** @param time of the newest leaf of the ledger that was followed, milliseconds */
export const createPairStore = (rows: Rows, time: () => number): PairStore => {
  const pairs = new Map<string, Pair>();
  const bans = new Map<string, Ban>();
  const banning = new Map<string, Promise<void>>();
  const listeners: ((node: string, check: string) => void)[] = [];

  const banOf = (node: string): Ban => {
    const known = bans.get(node);
    if (known) return known;
    const row = rows.get(banRow(node));
    const ban = row ? banFrom(decodePlain(row)) : NEVER;
    bans.set(node, ban);
    return ban;
  };
  const write = (node: string, ban: Ban): Promise<void> => {
    bans.set(node, ban);
    return rows.write(new Map([[banRow(node), toRow(ban)]]));
  };
  const old = rows.names(PAIRS);
  if (old.length > 0) void rows.write(new Map(old.map((row) => [row, undefined]))).catch(() => undefined);

  const refuseBanned = (node: string) => refuse("pair.banned", { node, check: banOf(node).check, limit: MAX_FAILURES });
  const isBanned = (node: string) => banOf(node).active;
  const requireAdmissible = (node: string): void => {
    const { active, admissible } = banOf(node);
    if (active && !admissible) throw refuseBanned(node);
  };

  return {
    isBanned,
    pairOf: (node) => pairs.get(node),
    requireAdmitted(node) {
      if (isBanned(node)) throw refuseBanned(node);
    },
    requireAdmissible,
    banned: () =>
      rows
        .names(BANS)
        .map((row) => row.slice(BANS.length))
        .filter(isBanned),
    ban(node, check, group) {
      const before = banOf(node);
      const count = before.count + 1;
      const groups = [...new Set([...before.groups, ...(group === undefined ? [] : [group])])];
      // A node that is shown the ledger anew is shown old pardons again.
      const at = Math.max(time(), before.pardoned);
      pairs.delete(node);
      const ban = {
        count,
        check,
        active: true,
        admissible: count < MAX_FAILURES,
        at,
        groups,
        pardoned: before.pardoned,
      };
      const written = write(node, ban);
      const settled = written.then(() => rows.anchor());
      banning.set(node, settled);
      for (const listener of listeners) listener(node, check);
      return settled;
    },
    async settled(node) {
      for (let one: Promise<void> | undefined; one !== banning.get(node); await one) one = banning.get(node);
    },
    async admit(node, pair) {
      requireAdmissible(node);
      const ban = banOf(node);
      pairs.set(node, pair);
      if (ban.active) await write(node, { ...ban, active: false });
    },
    async pardon(node, group, at) {
      const ban = banOf(node);
      if (ban.admissible || at <= ban.at || (ban.groups.length > 0 && !ban.groups.includes(group))) return;
      const groups = ban.groups.filter((one) => one !== group);
      const pardoned = Math.max(ban.pardoned, at);
      await write(node, { ...ban, groups, pardoned, admissible: groups.length === 0 });
    },
    onBan: (listener) => void listeners.push(listener),
  };
};
