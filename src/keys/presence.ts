/** Which key nodes are connected, by stream: what runs them says so, what shows them asks. */
import type { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { NodeName } from "../contract/key-nodes.ts";
import type { Ledger } from "../ledger/port.ts";
import { keyNode } from "../rules/key-node.ts";
import { streamOf } from "../rules/world.ts";

export const createPresence = ({ ledger, clock }: { ledger: Pick<Ledger, "world">; clock: Clock }) => {
  const up = new Set<string>();
  const moved = new Map<string, number>();
  return {
    came(node: string) {
      up.add(node);
      moved.set(node, clock.now());
    },
    went(node: string) {
      up.delete(node);
      moved.set(node, clock.now());
    },
    isUp: (node: string): boolean => up.has(node),
    /** When it came or went; undefined where it has done neither since the server started. */
    movedAt: (node: string): number | undefined => moved.get(node),
    /** A node as answers name it. */
    nameOf: (stream: string): z.output<typeof NodeName> => ({
      tag: streamOf(ledger.world, keyNode, stream)?.state.tag ?? "",
      stream,
      running: up.has(stream),
    }),
  };
};
export type Presence = ReturnType<typeof createPresence>;
