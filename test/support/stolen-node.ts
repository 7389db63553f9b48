/** A key node whose machine somebody has broken into: its keys and shares, with no judgement. */
import { join } from "node:path";
import { fromBase64 } from "../../src/base/bytes.ts";
import { STORE } from "../../src/keynode/identity.ts";
import { createPairStore } from "../../src/keynode/pair-store.ts";
import { createPairs } from "../../src/keynode/pairs.ts";
import { createPeers } from "../../src/keynode/peers/peers.ts";
import { createPools } from "../../src/keynode/pools.ts";
import { createRuns } from "../../src/keynode/runs.ts";
import { schemeOf } from "../../src/keynode/schemes.ts";
import { createShares } from "../../src/keynode/shares.ts";
import { openNodeState } from "../../src/keynode/state.ts";
import { openStore } from "../../src/keynode/store.ts";
import { baseOt } from "../../src/mpc/ot/base.ts";
import { keyNode } from "../../src/rules/key-node.ts";
import { streamOf } from "../../src/rules/world.ts";
import { openSimulated } from "../../src/tee/attestation/simulated.ts";
import { publicKeyFromSpki } from "../../src/trust/keys.ts";
import { parseStatement } from "../../src/trust/statement.ts";
import type { HeldNode, KeyNodes } from "./keynodes.ts";

/** Takes its place, with the same address. */
export const steal = async (fleet: KeyNodes, { directory, id: node, raw, stop }: HeldNode) => {
  const { listens } = await raw("status", {});
  const { statement } = await raw("identify", {});
  const { measurement } = parseStatement(statement).statement.payload as { measurement: string };
  await stop();
  const { loaded: state } = await openNodeState(directory, await openSimulated(directory), measurement);
  if (!state) throw new Error("it has no state");
  const { tlsKey, signingKey } = state;
  const stored = openStore({ path: join(directory, STORE), ...state.store, seal: async () => undefined });
  const known = (other: string) => streamOf(fleet.stage.world, keyNode, other)?.state;
  const peers = await createPeers({
    ...{ node, tlsKey, listen: listens, clock: fleet.clock },
    keyOf: (other) => fromBase64(known(other)?.tlsKey ?? ""),
    addressOf: (other) => known(other)?.address,
  });
  const store = createPairStore(stored, () => 0);
  const signingKeyOf = (other: string) => publicKeyFromSpki(fromBase64(known(other)?.signingKey ?? ""), ["P-256"]);
  const runs = createRuns({ node, peers, pairs: store, signingKey, signingKeyOf });
  const pairs = createPairs({ node, peers, runs, store, protocol: baseOt });
  const shares = createShares(stored);
  const pools = createPools({
    ...{ node, peers, runs, pairs, store, schemeOf },
    heldOf(stream) {
      const key = fleet.keyOf(stream);
      const share = shares.current(stream, key);
      const { participants = [] } = key.epochs.at(-1) ?? {};
      return share && { share, group: key.group, nodes: new Map(participants.map((one, place) => [place + 1, one])) };
    },
  });
  // It calls the others, as a node does once it is shown a key: of a pair, one waits for seconds before it dials.
  peers.keep(fleet.nodes.map(({ id }) => id));
  let closed = false;
  return {
    ...{ node, peers, pools, runs },
    async close() {
      if (closed) return;
      closed = true;
      pools.close();
      await peers.close();
      stored.close();
    },
  };
};
