/**
 * Nodes that failed checks too often, and are let in again because the administrators of a group agreed to it
 * (docs/protocols/peers.md section 6): those that the group names, and all of its nodes where it names this one.
 */
import { keyGroup } from "../rules/key-group.ts";
import type { PairStore } from "./pair-store.ts";
import type { Witness } from "./witness.ts";

export interface PardonDeps {
  /** Stream of this node. */
  readonly node: string;
  readonly witness: Pick<Witness, "known">;
  readonly pairStore: Pick<PairStore, "banned" | "pardon">;
  /** Whether the ledger is as new as any seen before: another could have the same pardon at another time. */
  readonly isCurrent: () => boolean;
  /** Resolves when the ledger that it goes by is durable: what is lifted does not come back. */
  readonly sealed: () => Promise<void>;
}

export interface Pardons {
  /** Groups (streams) may have moved. */
  look(stream: string): void;
  /** What they say now, or once the ledger is current. */
  take(): Promise<void>;
}

export const createPardons = ({ node, witness, pairStore, isCurrent, sealed }: PardonDeps): Pardons => {
  const moved = new Set<string>();
  return {
    look: (stream) => void moved.add(stream),
    async take() {
      if (!isCurrent()) return;
      for (const stream of moved) {
        moved.delete(stream);
        const group = witness.known(keyGroup, stream);
        const all = group ? pairStore.banned() : [];
        if (!group || all.length === 0) continue;
        await sealed();
        for (const banned of all) {
          const own = group.nodes.includes(banned) ? (group.pardons[node] ?? 0) : 0;
          await pairStore.pardon(banned, stream, Math.max(group.pardons[banned] ?? 0, own));
        }
      }
    },
  };
};
