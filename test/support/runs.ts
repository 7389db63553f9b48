/** Key nodes that run protocols with one another: connections, runs and pairs, with stores in memory. */
import { generateKey } from "#crypto";
import { concat, toHex } from "../../src/base/bytes.ts";
import { createPairStore, type PairStore, type Rows } from "../../src/keynode/pair-store.ts";
import { createPairs, type Pairs } from "../../src/keynode/pairs.ts";
import type { Peers } from "../../src/keynode/peers/peers.ts";
import { createRuns, type Runs } from "../../src/keynode/runs.ts";
import { Abort, others, type Protocol } from "../../src/mpc/protocol.ts";
import type { PairSetup } from "../../src/mpc/scheme.ts";
import { startNet, streamOf, type TestNet } from "./peers.ts";

export interface MemoryRows extends Rows {
  readonly rows: Map<string, Uint8Array>;
  /** How often what was written was anchored. */
  readonly anchors: number;
  /** Milliseconds until what is written is durable. */
  slow: number;
  /** The ledger's time, as its node has followed it. */
  time: number;
}

export const createMemoryRows = (): MemoryRows => {
  const rows = new Map<string, Uint8Array>();
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  let anchors = 0;
  const memory: MemoryRows = {
    rows,
    slow: 0,
    time: 0,
    get anchors() {
      return anchors;
    },
    get: (name) => rows.get(name),
    names: (prefix) => [...rows.keys()].filter((name) => name.startsWith(prefix)),
    async write(changes) {
      for (const [name, value] of changes) {
        if (value) rows.set(name, value);
        else rows.delete(name);
      }
      await pause(memory.slow);
    },
    async anchor() {
      await pause(memory.slow);
      anchors++;
    },
  };
  return memory;
};

export interface RunningNode {
  readonly node: string;
  readonly rows: MemoryRows;
  peers: Peers;
  store: PairStore;
  runs: Runs;
  pairs: Pairs;
}

export interface RunningNet {
  readonly net: TestNet;
  readonly nodes: RunningNode[];
  restart(at: number): Promise<RunningNode>;
  /** Indices from 1, in the order of the nodes. */
  parties(...which: number[]): Map<number, string>;
  close(): Promise<void>;
}

/** A set-up that both make together: the session's digest, and who made it. */
export const toySetup: Protocol<undefined, PairSetup> = {
  name: "toy-setup/1",
  begin: (context) => ({ state: null, send: { broadcast: context.random(16) } }),
  rounds: [
    {
      expects: { broadcast: "echo" },
      step: ({ session, self, parties }, _, inbox) => ({
        result: { self, of: concat(session, ...parties.map((party) => inbox.broadcast(party))) },
      }),
    },
  ],
};

/** `rounds` rounds in which each tells the others a byte alone, and all of them a number; who lies is named. */
export const gossip = (rounds: number, { lies = false, size = 8 } = {}): Protocol<number, string> => {
  const say = (context: Parameters<Protocol<number, string>["begin"]>[0], round: number) => ({
    broadcast: context.random(size),
    direct: new Map(others(context).map((to) => [to, Uint8Array.of(lies && round === rounds - 1 ? 255 : round)])),
  });
  return {
    name: `gossip-${rounds}-${size}/1`,
    begin: (context) => ({ state: { heard: new Uint8Array() }, send: say(context, 0) }),
    rounds: Array.from({ length: rounds }, (_, round) => ({
      expects: { broadcast: "echo" as const, direct: true as const },
      step: (context, { heard }: { heard: Uint8Array }, inbox) => {
        for (const party of others(context)) if (inbox.direct(party)[0] !== round) throw new Abort("gossip.lie", party);
        const all = concat(heard, ...context.parties.map((party) => inbox.broadcast(party).slice(0, 8)));
        if (round === rounds - 1) return { result: toHex(concat(context.session, all)) };
        return { state: { heard: all }, send: say(context, round + 1) };
      },
    })),
  };
};

export const startRunning = async (count: number, setup = toySetup): Promise<RunningNet> => {
  const net = await startNet(count);
  const keys = new Map(net.nodes.map(({ node }) => [node, generateKey("P-256")]));
  const on = (peers: Peers, node: string, rows: MemoryRows): RunningNode => {
    const store = createPairStore(rows, () => rows.time);
    const signingKey = keys.get(node) as NonNullable<ReturnType<typeof keys.get>>;
    const runs = createRuns({ node, peers, pairs: store, signingKey, signingKeyOf: (of) => keys.get(of)?.publicKey });
    const pairs = createPairs({ node, peers, runs, store, protocol: setup });
    return { node, rows, peers, store, runs, pairs };
  };
  const nodes = net.nodes.map(({ peers, node }) => on(peers, node, createMemoryRows()));
  return {
    net,
    nodes,
    async restart(at) {
      const { node, rows } = nodes[at] as RunningNode;
      nodes[at] = on(await net.restart(at), node, rows);
      return nodes[at];
    },
    parties: (...which) => new Map(which.map((at) => [at + 1, streamOf(at)])),
    close: () => net.close(),
  };
};
