/** A ledger as its operator may make it up: what it has so far, and leaves of the operator's own. */
import type { KeyNodeMethods } from "../../src/keynode/protocol/messages.ts";
import { type Leaf, leafBytes } from "../../src/trust/leaf.ts";
import { signCheckpoint } from "../../src/trust/log/checkpoint.ts";
import { appendLeaf, EMPTY_FRONTIER, frontierRoot } from "../../src/trust/log/frontier.ts";
import { leafHash } from "../../src/trust/log/merkle.ts";
import type { KeyNodes } from "./keynodes.ts";

/** What has a node that followed up to a size follow these leaves after it. */
export const forked = (
  { ledger, signer }: Pick<KeyNodes, "ledger" | "signer">,
  from: number,
  leaves: readonly Leaf[],
): KeyNodeMethods["follow"]["params"] => {
  const all = [...ledger.leaves(0, from), ...leaves];
  const end = all.reduce((frontier, leaf) => appendLeaf(frontier, leafHash(leafBytes(leaf))), EMPTY_FRONTIER);
  const checkpoint = signCheckpoint({ origin: "entente/key-nodes", size: end.size, root: frontierRoot(end) }, signer);
  return { from, leaves: [...leaves], checkpoint };
};
