/** Which key nodes are connected, by stream: what runs them says so, what shows them asks. */
import type { z } from "zod";
import type { NodeName } from "../contract/key-nodes.ts";
import type { Ledger } from "../ledger/port.ts";
import { keyNode } from "../rules/key-node.ts";
import { streamOf } from "../rules/world.ts";

export const createPresence = ({ ledger }: { ledger: Pick<Ledger, "world"> }) => {
  const up = new Set<string>();
  return {
    came: (node: string) => void up.add(node),
    went: (node: string) => void up.delete(node),
    isUp: (node: string): boolean => up.has(node),
    /** A node as answers name it. */
    nameOf: (stream: string): z.output<typeof NodeName> => ({
      tag: streamOf(ledger.world, keyNode, stream)?.state.tag ?? "",
      stream,
      running: up.has(stream),
    }),
  };
};
export type Presence = ReturnType<typeof createPresence>;
