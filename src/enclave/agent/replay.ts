/** The enclave's own judgement: the rulebooks over the statements it was shown, every signature verified. */
import { advance, emptyWorld, type World } from "../../rules/world.ts";
import type { Leaf } from "../../trust/leaf.ts";
import { parseStatement } from "../../trust/statement.ts";
import { refuse } from "../errors.ts";
import type { PlacedStatement } from "../protocol/messages.ts";
import type { Follower } from "./follower.ts";

/**
 * @param statements all statements of the streams that matter, in the ledger's order
 * @returns the world they make and the head of each stream
 * @throws Refusal of whatever does not hold
 */
export const replay = (
  statements: readonly PlacedStatement[],
  follower: Follower,
): { world: World; heads: Record<string, string> } => {
  let world = emptyWorld;
  let last = { index: -1, time: 0 };
  const shown: (PlacedStatement & { leaf: Leaf })[] = [];
  for (const placed of statements) {
    if (placed.index <= last.index || placed.time < last.time)
      throw refuse("enclave.statement.hidden", { index: placed.index });
    last = placed;
    const next = advance(world, parseStatement(placed.jws), placed.time);
    world = next.world;
    const { act, stream } = next;
    shown.push({
      ...placed,
      leaf: { seq: stream.length - 1, statement: act.digest, stream: act.stream, time: placed.time },
    });
  }
  return { world, heads: follower.requireComplete(shown) };
};
