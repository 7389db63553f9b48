/** The key nodes there are, the keys of every group, and what took the place of which: read from the ledger as it grows. */
import type { Ledger } from "../ledger/port.ts";
import { key as keyBook } from "../rules/key.ts";
import { keyNode } from "../rules/key-node.ts";
import { streamOf } from "../rules/world.ts";

export const createKeyIndex = (ledger: Pick<Ledger, "size" | "world" | "streamsBetween">) => {
  let size = 0;
  const ofGroup = new Map<string, Set<string>>();
  const nodes = new Set<string>();
  const successors = new Map<string, string>();
  const ofPublicKey = new Map<string, Set<string>>();

  const catchUp = (): void => {
    if (size === ledger.size) return;
    const moved = size === 0 ? ledger.world.streams.keys() : ledger.streamsBetween(size, ledger.size);
    size = ledger.size;
    for (const stream of moved) {
      if (ledger.world.streams.get(stream)?.book === keyNode.name) nodes.add(stream);
      const found = streamOf(ledger.world, keyBook, stream)?.state;
      if (!found) continue;
      const known = ofGroup.get(found.group) ?? new Set();
      ofGroup.set(found.group, known.add(stream));
      const publicKey = found.origin.kind === "imported" ? found.origin.publicKey : found.publicKey;
      if (publicKey) ofPublicKey.set(publicKey, (ofPublicKey.get(publicKey) ?? new Set()).add(stream));
      if (found.rotates !== undefined) successors.set(found.rotates, stream);
    }
  };

  return {
    /** Streams, in the order of their founding as far as it is known. */
    nodes(): ReadonlySet<string> {
      catchUp();
      return nodes;
    },
    keysOf(group: string): ReadonlySet<string> {
      catchUp();
      return ofGroup.get(group) ?? new Set();
    },
    /** @param publicKey encoded point, hex: of imported keys from their founding on */
    withPublicKey(publicKey: string): ReadonlySet<string> {
      catchUp();
      return ofPublicKey.get(publicKey) ?? new Set();
    },
    successorOf(key: string): string | undefined {
      catchUp();
      return successors.get(key);
    },
  };
};
export type KeyIndex = ReturnType<typeof createKeyIndex>;
