/** Key nodes' connections in one process, over real TLS on loopback, and a wire between them that can be bad. */
import { connect, createServer, type Socket } from "node:net";
import { generateKey } from "#crypto";
import { systemClock } from "../../src/base/clock.ts";
import { createPeers, type Peers, type PeersOptions } from "../../src/keynode/peers/peers.ts";
import type { PrivateKey } from "../../src/trust/crypto/crypto.ts";

export interface Wire {
  readonly port: number;
  /** Where what comes is carried to. */
  to: number;
  /** Cuts every connection. */
  cut(): void;
  /** Carries nothing any more, and says so to nobody: a half-open connection. */
  silent: boolean;
  close(): Promise<void>;
}

/** Carries connections, each piece after `delay` milliseconds with up to `jitter` more. */
export const startWire = async ({ delay = 0, jitter = 0 } = {}): Promise<Wire> => {
  const sockets = new Set<Socket>();
  const carry = (from: Socket, to: Socket) => {
    let last = 0;
    const later = (work: () => void) => {
      last = Math.max(last, performance.now() + delay + Math.random() * jitter);
      if (delay + jitter === 0) work();
      else setTimeout(work, last - performance.now());
    };
    sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (piece) => later(() => !wire.silent && to.write(piece)));
    from.on("end", () => later(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => sockets.delete(from));
  };
  const server = createServer((from) => {
    const to = connect(wire.to, "127.0.0.1");
    carry(from, to);
    carry(to, from);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const wire: Wire = {
    port: typeof address === "object" && address ? address.port : 0,
    to: 0,
    silent: false,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      wire.cut();
      await closed;
    },
  };
  return wire;
};

export interface TestNode {
  readonly node: string;
  readonly tlsKey: PrivateKey<"P-256">;
  peers: Peers;
}

export interface TestNet {
  readonly nodes: TestNode[];
  /** What the ledger says. */
  readonly keys: Map<string, Uint8Array>;
  readonly addresses: Map<string, string>;
  options(at: number): PeersOptions;
  /** Ends a node and starts it again, as after a crash: same keys, nothing in memory. */
  restart(at: number): Promise<Peers>;
  close(): Promise<void>;
}

/** Stream of the `at`-th test node: ascending, so that each dials those after it. */
export const streamOf = (at: number): string => at.toString(16).padStart(64, "0");

export const startNet = async (count: number): Promise<TestNet> => {
  const keys = new Map<string, Uint8Array>();
  const addresses = new Map<string, string>();
  const identities = Array.from({ length: count }, (_, at) => {
    const tlsKey = generateKey("P-256");
    keys.set(streamOf(at), tlsKey.publicKey.spki);
    return { node: streamOf(at), tlsKey };
  });
  const options = (at: number): PeersOptions => ({
    ...(identities[at] as (typeof identities)[number]),
    keyOf: (node) => keys.get(node),
    addressOf: (node) => addresses.get(node),
    listen: { host: "127.0.0.1", port: 0 },
    clock: systemClock,
  });
  const start = async (at: number): Promise<Peers> => {
    const peers = await createPeers(options(at));
    if (!addresses.has(streamOf(at))) addresses.set(streamOf(at), `127.0.0.1:${peers.address.port}`);
    return peers;
  };
  const nodes: TestNode[] = [];
  for (const [at, identity] of identities.entries()) nodes.push({ ...identity, peers: await start(at) });
  return {
    nodes,
    keys,
    addresses,
    options,
    async restart(at) {
      const node = nodes[at] as TestNode;
      await node.peers.close();
      addresses.delete(node.node);
      node.peers = await start(at);
      return node.peers;
    },
    async close() {
      await Promise.all(nodes.map(({ peers }) => peers.close()));
    },
  };
};

/** Waits until `what` holds. @throws Error when it never does */
export const until = async (what: () => boolean): Promise<void> => {
  for (let i = 0; !what(); i++) {
    if (i === 6_000) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
