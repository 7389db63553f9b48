/**
 * What this node and its peers followed of the ledger, compared (docs/protocols/key-node.md section 6). A checkpoint of
 * another size says nothing of whether both are of one ledger, so each node keeps a chain over the leaves, whose value
 * it knows at each of the newest sizes. Before nodes do something together each tells the other where it is, in the lane
 * in which it then asks or answers: whoever has followed as far or further compares at once.
 */
import { sha256 } from "#crypto";
import { type Bytes, concat, equal } from "../base/bytes.ts";
import { encodePlain } from "../mpc/codec.ts";
import { type Leaf, leafBytes } from "../trust/leaf.ts";
import { refuse } from "./errors.ts";
import type { Peers } from "./peers/peers.ts";
import { decodeWithin, SHORT } from "./within.ts";

export interface HistoryDeps {
  readonly peers: Pick<Peers, "tell" | "hear">;
}

export interface History {
  /** The next leaves that were followed. */
  add(leaves: readonly Leaf[]): void;
  /** Tells other nodes how far this one is. */
  tell(nodes: readonly string[]): void;
  /**
   * @throws Refusal keynode.forked naming those that were shown another ledger, keynode.behind those that are where this
   *   node was too long ago to compare
   */
  requireSame(nodes: readonly string[]): void;
  /** As far as is known: it was shown another ledger. */
  isForked(node: string): boolean;
  /** As far as is known: it is where nothing can be compared. */
  isBehind(node: string): boolean;
}

const TOPIC = "ledger";
/** Milliseconds until it is of no use any more. */
const WITHIN = 30_000;
/** Newest sizes whose values are kept, 32 bytes each: 2 MiB. */
const KEPT = 65_536;
const LENGTH = 32;

interface Said {
  readonly size: number;
  readonly value: Uint8Array;
}

export const createHistory = ({ peers }: HistoryDeps): History => {
  const values = new Uint8Array(KEPT * LENGTH);
  let size = 0;
  let newest: Bytes = new Uint8Array(LENGTH);
  const forked = new Set<string>();
  /** Nodes that last said of a place too long ago what they saw there. */
  const behind = new Set<string>();
  /** What a peer said last that is further than this node. */
  const ahead = new Map<string, Said>();

  /** Undefined where it is not known here: too old, or still to come. */
  const valueAt = (at: number): Uint8Array | undefined => {
    if (at === 0 || at > size || at <= size - KEPT) return undefined;
    const place = (at % KEPT) * LENGTH;
    return values.subarray(place, place + LENGTH);
  };
  const compare = (node: string, said: Said): void => {
    behind.delete(node);
    if (said.size > size) return void ahead.set(node, said);
    const own = valueAt(said.size);
    if (!own) behind.add(node);
    if (own && !equal(own, said.value)) forked.add(node);
  };
  peers.hear(TOPIC, (from, body) => {
    const said = decodeSaid(body);
    if (said) compare(from, said);
  });

  return {
    add(leaves) {
      for (const leaf of leaves) {
        newest = sha256(concat(newest, leafBytes(leaf)));
        size++;
        values.set(newest, (size % KEPT) * LENGTH);
        for (const [node, said] of ahead) {
          if (said.size > size) continue;
          ahead.delete(node);
          compare(node, said);
        }
      }
    },
    tell(nodes) {
      const body = encodePlain([size, newest]);
      for (const node of nodes)
        try {
          peers.tell(node, TOPIC, body, { within: WITHIN, lane: "urgent" });
        } catch {
          // Nor is it asked anything, then.
        }
    },
    requireSame(nodes) {
      const others = nodes.filter((node) => forked.has(node));
      if (others.length > 0) throw refuse("keynode.forked", { nodes: others });
      const late = nodes.filter((node) => behind.has(node));
      if (late.length > 0) throw refuse("keynode.behind", { nodes: late });
    },
    isForked: (node) => forked.has(node),
    isBehind: (node) => behind.has(node),
  };
};

const decodeSaid = (body: Uint8Array): Said | undefined => {
  try {
    const [size, value] = decodeWithin(SHORT, body) as [unknown, unknown];
    const fits =
      Number.isSafeInteger(size) && (size as number) >= 0 && value instanceof Uint8Array && value.length === LENGTH;
    return fits ? { size: size as number, value: value as Uint8Array } : undefined;
  } catch {
    return undefined;
  }
};
