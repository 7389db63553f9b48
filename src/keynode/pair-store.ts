/**
 * What a key node keeps of each of the others (docs/protocols/peers.md section 6): the set-up that it made with it, or
 * the ban after a check that it failed. Never both: a ban deletes the set-up, and only a fresh one ends it.
 */
import { fromHex, toHex } from "../base/bytes.ts";
import { decodePlain, encodePlain } from "../mpc/codec.ts";
import type { Plain } from "../mpc/protocol.ts";
import type { PairSetup } from "../mpc/scheme.ts";
import { refuse } from "./peers/errors.ts";

/** Of the node's store: durable values, by name. */
export interface Rows {
  get(name: string): Uint8Array | undefined;
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
  /** An administrator has asked for it: let in again although it has failed as often as that. */
  readonly admissible: boolean;
}

export interface PairStore {
  pairOf(node: string): Pair | undefined;
  isBanned(node: string): boolean;
  /** @throws Refusal pair.banned */
  requireAdmitted(node: string): void;
  /** @throws Refusal pair.banned where even a fresh set-up does not end the ban */
  requireAdmissible(node: string): void;
  /** In force at once; when it resolves, durable beyond any rollback, and the set-up is gone. */
  ban(node: string, check: string): Promise<void>;
  /** Resolves when a ban, where one was said, is durable: nothing goes to the node before. */
  settled(node: string): Promise<void>;
  /** A fresh set-up was made: any ban ends with it. */
  admit(node: string, pair: Pair): Promise<void>;
  /** The set-up is not to be used again. */
  drop(node: string): Promise<void>;
  /** An administrator asks that a node is let in again, after a fresh set-up. */
  pardon(node: string): Promise<void>;
  onBan(listener: (node: string, check: string) => void): void;
}

/** After as many failed checks nobody is let in again unless an administrator asks for it. */
export const MAX_FAILURES = 3;
/** What the log says of a ban, before whose it is. */
export const KEPT_OUT = "keeps out the key node";

const pairRow = (node: string) => `pair/${node}`;
const banRow = (node: string) => `ban/${node}`;
const NEVER: Ban = { count: 0, check: "", active: false, admissible: true };

const banFrom = (row: Plain): Ban => {
  const [count, check, active, admissible] = row as [number, string, boolean, boolean];
  return { count, check, active, admissible };
};
const toRow = ({ count, check, active, admissible }: Ban): Uint8Array =>
  encodePlain([count, check, active, admissible]);

export const createPairStore = (rows: Rows): PairStore => {
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
  const write = (node: string, ban: Ban, pair?: Pair): Promise<void> => {
    bans.set(node, ban);
    return rows.write(
      new Map([
        [banRow(node), ban === NEVER ? undefined : toRow(ban)],
        [pairRow(node), pair && encodePlain({ id: fromHex(pair.id), setup: pair.setup })],
      ]),
    );
  };
  const refuseBanned = (node: string) => refuse("pair.banned", { node, check: banOf(node).check, limit: MAX_FAILURES });
  const isBanned = (node: string) => banOf(node).active;

  return {
    isBanned,
    pairOf(node) {
      const row = isBanned(node) ? undefined : rows.get(pairRow(node));
      if (!row) return undefined;
      const { id, setup } = decodePlain(row) as { id: Uint8Array; setup: PairSetup };
      return { id: toHex(id), setup };
    },
    requireAdmitted(node) {
      if (isBanned(node)) throw refuseBanned(node);
    },
    requireAdmissible(node) {
      const { active, admissible } = banOf(node);
      if (active && !admissible) throw refuseBanned(node);
    },
    ban(node, check) {
      const count = banOf(node).count + 1;
      const written = write(node, { count, check, active: true, admissible: count < MAX_FAILURES });
      const settled = written.then(() => rows.anchor());
      banning.set(node, settled);
      for (const listener of listeners) listener(node, check);
      return settled;
    },
    settled: async (node) => banning.get(node),
    admit: (node, pair) => {
      const ban = banOf(node);
      return write(node, ban === NEVER ? NEVER : { ...ban, active: false }, pair);
    },
    drop: (node) => write(node, banOf(node)),
    pardon: (node) => write(node, { ...banOf(node), admissible: true }, undefined),
    onBan: (listener) => void listeners.push(listener),
  };
};
