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
  /** Resolves when the ledger that it goes by is durable: what is lifted does not come back. */
  readonly sealed: () => Promise<void>;
}

/** What a group's stream says now, where it is one. */
export const takePardons = async ({ node, witness, pairStore, sealed }: PardonDeps, stream: string): Promise<void> => {
  const group = witness.known(keyGroup, stream);
  if (!group) return;
  const all = pairStore.banned();
  if (all.length > 0) await sealed();
  for (const banned of all) {
    const own = group.nodes.includes(banned) ? (group.pardons[node] ?? 0) : 0;
    await pairStore.pardon(banned, stream, Math.max(group.pardons[banned] ?? 0, own));
  }
};
