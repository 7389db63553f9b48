/** The key nodes that this server runs or that have joined it: remembered by their folders, so they come back. */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { refuse as refuseRule } from "../rules/errors.ts";
import { Tag } from "../rules/key-node.ts";
import type { World } from "../rules/world.ts";
import { refuse } from "./errors.ts";
import type { KeyNode } from "./node-port.ts";

export interface NodesOptions {
  /** Where each node has a folder of its own, by its tag; the server never reads what is in it. */
  readonly directory: string;
  /** Tags of the nodes that there are on every server. */
  readonly tags: readonly string[];
  readonly world: () => World;
  /** A node of this machine that starts when it is first asked for anything. */
  readonly host: (tag: string) => KeyNode;
  readonly onError: (error: unknown) => void;
}

export const createKeyNodes = ({ directory, tags, world, host, onError }: NodesOptions) => {
  const nodes = new Map<string, KeyNode>();

  const open = (tag: string): KeyNode => {
    const node = nodes.get(tag) ?? host(tag);
    nodes.set(tag, node);
    return node;
  };
  const find = (stream: string): KeyNode | undefined => [...nodes.values()].find((one) => one.stream() === stream);

  return {
    /** Starts all; those that do not start are tried again by themselves. */
    async start(): Promise<void> {
      if (tags.length === 0) return;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const known = await readdir(directory);
      const all = new Set([...tags, ...known.filter((one) => Tag.safeParse(one).success)]);
      await Promise.all([...all].map((tag) => open(tag).start().catch(onError)));
    },
    /**
     * Starts one more process with a store of its own.
     * @returns its stream @throws Refusal key-node.tag, id.taken, key-node.none
     */
    async create(tag: string): Promise<string> {
      if (!Tag.safeParse(tag).success) throw refuse("key-node.tag", { tag });
      if (tags.length === 0) throw refuse("key-node.none");
      if (nodes.has(tag) || world().ids.has(tag)) throw refuseRule("id.taken", { id: tag });
      await mkdir(join(directory, tag), { recursive: true, mode: 0o700 });
      return open(tag).start();
    },
    /** A node of another machine is there. */
    join(tag: string, node: () => KeyNode): void {
      const known = nodes.get(tag);
      if (known) return;
      const joined = node();
      nodes.set(tag, joined);
      joined.start().catch(onError);
    },
    /** @throws Refusal key-node.unavailable where it neither runs here nor has joined */
    of(stream: string): KeyNode {
      const found = find(stream);
      if (!found) throw refuse("key-node.unavailable", { node: stream, reason: "it has not joined this platform" });
      return found;
    },
    isUp: (stream: string): boolean => find(stream)?.isUp() === true,
    all: (): KeyNode[] => [...nodes.values()],
    async stop(): Promise<void> {
      await Promise.all([...nodes.values()].map((one) => one.stop()));
    },
  };
};
export type KeyNodes = ReturnType<typeof createKeyNodes>;
