/**
 * The enclave's own view of the ledger: it is shown every leaf, so it knows the newest statement of every stream and
 * a server cannot hide one (a revocation, say) that the ledger has. It keeps no statements, only what it needs to
 * recognise them: the tree's frontier and, for each stream, a chain over its leaves and their positions.
 */
import { sha256Hex } from "#crypto";
import { equal, toHex } from "../base/bytes.ts";
import { type Leaf, leafBytes } from "../trust/leaf.ts";
import { openCheckpoint } from "../trust/log/checkpoint.ts";
import { appendLeaf, EMPTY_FRONTIER, type Frontier, frontierRoot } from "../trust/log/frontier.ts";
import { leafHash } from "../trust/log/merkle.ts";
import { refuse } from "./errors.ts";
import type { PlacedStatement } from "./protocol/messages.ts";

/** What is durable: the newest ledger this enclave has seen. Root in hex. */
export interface Followed {
  readonly size: number;
  readonly root: string;
}

/** Chain over a stream's leaves: changes with any of them, their order, their times and their positions. */
export const link = (chain: string, index: number, leaf: Leaf): string =>
  sha256Hex(`${chain} ${index} ${leaf.seq} ${leaf.statement} ${leaf.time}`);

/** @param durable what sealed state says was seen before; the leaves up to there must come again and give that root */
export const createFollower = (ledgerKey: string, durable: Followed) => {
  let frontier: Frontier = EMPTY_FRONTIER;
  let time = 0;
  const streams = new Map<string, { chain: string; head: string }>();

  return {
    get followed(): Followed {
      return { size: frontier.size, root: toHex(frontierRoot(frontier)) };
    },

    /**
     * Checks the next leaves; they count when `commit` is called.
     * @throws Refusal enclave.ledger.*, checkpoint.*, note.*
     */
    follow({ from, leaves, checkpoint }: { from: number; leaves: readonly Leaf[]; checkpoint: string }) {
      if (from !== frontier.size) throw refuse("enclave.ledger.stale", { shown: from, followed: frontier.size });
      const end = openCheckpoint(checkpoint, ledgerKey);
      let next = frontier;
      let newest = time;
      const changed = new Map<string, { chain: string; head: string }>();
      for (const leaf of leaves) {
        if (leaf.time < newest) throw refuse("enclave.ledger.time", { index: next.size });
        newest = leaf.time;
        const before = changed.get(leaf.stream) ?? streams.get(leaf.stream);
        changed.set(leaf.stream, { chain: link(before?.chain ?? "", next.size, leaf), head: leaf.statement });
        next = appendLeaf(next, leafHash(leafBytes(leaf)));
        const known = next.size === durable.size;
        if (known && toHex(frontierRoot(next)) !== durable.root)
          throw refuse("enclave.ledger.forked", { size: next.size });
      }
      if (end.size !== next.size) throw refuse("enclave.ledger.stale", { shown: end.size, followed: next.size });
      if (!equal(end.root, frontierRoot(next))) throw refuse("enclave.ledger.forked", { size: next.size });
      return {
        followed: { size: next.size, root: toHex(frontierRoot(next)) } satisfies Followed,
        commit() {
          frontier = next;
          time = newest;
          for (const [stream, value] of changed) streams.set(stream, value);
        },
      };
    },

    /** Newest statement of a stream, SHA-256 (hex). */
    headOf: (stream: string): string | undefined => streams.get(stream)?.head,

    /** Over all leaves of a stream so far (`link`). */
    chainOf: (stream: string): string | undefined => streams.get(stream)?.chain,

    /** Time of the newest leaf: it is at least this late. Milliseconds. */
    get time(): number {
      return time;
    },

    /** Whether everything that was seen before has been shown again. @throws Refusal enclave.ledger.stale */
    requireCurrent(): void {
      if (frontier.size < durable.size)
        throw refuse("enclave.ledger.stale", { shown: frontier.size, followed: durable.size });
    },

    /**
     * Whether these are all statements of their streams, as the ledger has them.
     * @param streamOf the stream of each statement, and its place in it
     * @returns the head of every stream shown
     * @throws Refusal enclave.stream.incomplete
     */
    requireComplete(shown: readonly (PlacedStatement & { leaf: Leaf })[]): Record<string, string> {
      const chains = new Map<string, string>();
      for (const { index, leaf } of shown) chains.set(leaf.stream, link(chains.get(leaf.stream) ?? "", index, leaf));
      const heads: Record<string, string> = {};
      for (const [stream, chain] of chains) {
        const known = streams.get(stream);
        if (!known || known.chain !== chain) throw refuse("enclave.stream.incomplete", { stream });
        heads[stream] = known.head;
      }
      return heads;
    },
  };
};
export type Follower = ReturnType<typeof createFollower>;
