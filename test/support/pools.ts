/** Key nodes that presign with one another, by a scheme that is a toy, over real connections, runs and set-ups. */
import { concat, toHex } from "../../src/base/bytes.ts";
import { Refusal } from "../../src/base/refusal.ts";
import type { Answering } from "../../src/keynode/peers/conversation.ts";
import type { Peers } from "../../src/keynode/peers/peers.ts";
import { createPools, type Pools } from "../../src/keynode/pools.ts";
import type { Held, Use } from "../../src/keynode/presigning.ts";
import type { KeyShare } from "../../src/mpc/key-share.ts";
import { Abort, others, type Protocol } from "../../src/mpc/protocol.ts";
import type { Presignature, PresignInput, Scheme } from "../../src/mpc/scheme.ts";
import { ecdsaK1 } from "../../src/mpc/schemes/ecdsa/index.ts";
import { type RunningNet, type RunningNode, startRunning } from "./runs.ts";

/** Presignatures that are what the run drew for all; each party tells the others what it holds of the pair. */
const presign: Protocol<PresignInput, readonly Presignature[]> = {
  name: "toy-presign/1",
  begin: (context, { pairs, share, count, path }) => ({
    state: { count, epoch: share.epoch, path },
    send: {
      broadcast: context.random(16),
      direct: new Map(others(context).map((to) => [to, pairs.get(to)?.of as Uint8Array])),
    },
  }),
  rounds: [
    {
      expects: { broadcast: "echo", direct: true },
      step: ({ session, parties }, { count, epoch, path }, inbox) => {
        if (failing.has(epoch)) throw new Abort("toy.check", 2);
        const drawn = toHex(concat(session, ...parties.map((party) => inbox.broadcast(party))));
        return {
          result: Array.from({ length: count }, (_, i) => ({
            ...{ id: `${drawn.slice(0, 64)}${i}`, signers: [...parties], epoch, path },
            ...{ publicKey: new Uint8Array(), secret: {}, public: {} },
          })),
        };
      },
    },
  ],
};
/** Epochs in which party 2 fails its check. */
export const failing = new Set<number>();
const scheme: Scheme = { ...ecdsaK1, presign };
const accusing = (party: number): Scheme => {
  const begin = () => {
    throw new Abort("toy.check", party);
  };
  return { ...scheme, presign: { ...presign, begin } };
};

export interface Pooled extends RunningNode {
  readonly pools: Pools;
  /** Keys that this node lets nobody use. */
  readonly disabled: Set<string>;
  /** In place of how it answers the others' questions. */
  twist: ((topic: string, honest: () => Promise<Uint8Array>) => Promise<Uint8Array>) | undefined;
  /** Which party it says has failed, as soon as a run begins. */
  accuses: number | undefined;
  /** What is public of its shares. */
  readonly known: { chainCode: Uint8Array };
}

export const withPools = async (
  count: number,
  work: (nodes: Pooled[], running: RunningNet, start: (node: RunningNode) => Pooled) => Promise<void>,
) => {
  const running = await startRunning(count);
  const started: Pools[] = [];
  const start = (node: RunningNode): Pooled => {
    const disabled = new Set<string>();
    const known = { chainCode: new Uint8Array(32) };
    const nodes = running.parties(...running.nodes.keys());
    const heldOf = (key: string, epoch: number): Held | undefined =>
      disabled.has(key) ? undefined : { share: { scheme: "ECDSA_K1", epoch, ...known } as KeyShare, group: "G", nodes };
    const pooled = { ...node, disabled, known, twist: undefined, accuses: undefined } as Omit<Pooled, "pools">;
    const peers: Peers = {
      ...node.peers,
      answer: (topic, answering) => {
        const twisted: Answering = async (...asked) =>
          pooled.twist ? pooled.twist(topic, () => answering(...asked)) : answering(...asked);
        node.peers.answer(topic, twisted);
      },
    };
    const schemeOf = () => (pooled.accuses === undefined ? scheme : accusing(pooled.accuses));
    const pools = createPools({ ...node, peers, heldOf, schemeOf });
    started.push(pools);
    return Object.assign(pooled, { pools });
  };
  try {
    await work(running.nodes.map(start), running, start);
  } finally {
    for (const pools of started) pools.close();
    await running.close();
  }
};
export const useOf = (...signers: number[]): Use => ({ key: "K1", epoch: 1, signers, path: [] });
export const idsOf = (presignatures: readonly Presignature[]) => presignatures.map(({ id }) => id);
export const code = (expected: string) => (error: unknown) => error instanceof Refusal && error.code === expected;
export const WITHIN = 10_000;
