/** The enclave's own judgement: the rulebooks over the statements it was shown, every signature verified. */
import { closureOf } from "../rules/closure.ts";
import { advance, emptyWorld, type World } from "../rules/world.ts";
import type { Leaf } from "../trust/leaf.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";
import type { Follower } from "./follower.ts";
import type { PlacedStatement } from "./protocol/messages.ts";

export interface Replayed {
  readonly world: World;
  /** Of each stream. */
  readonly heads: Record<string, string>;
  readonly byStream: ReadonlyMap<string, readonly SignedStatement[]>;
}

/**
 * @param statements all statements of the streams that matter, in the ledger's order
 * @throws Refusal of whatever does not hold
 */
export const replay = (statements: readonly PlacedStatement[], follower: Follower): Replayed => {
  let world = emptyWorld;
  let last = { index: -1, time: 0 };
  const byStream = new Map<string, SignedStatement[]>();
  const shown: (PlacedStatement & { leaf: Leaf })[] = [];
  for (const placed of statements) {
    if (placed.index <= last.index || placed.time < last.time)
      throw refuse("enclave.statement.hidden", { index: placed.index });
    last = placed;
    const signed = parseStatement(placed.jws);
    const next = advance(world, signed, placed.time);
    world = next.world;
    const { act, stream } = next;
    const before = byStream.get(act.stream);
    if (before) before.push(signed);
    else byStream.set(act.stream, [signed]);
    shown.push({
      ...placed,
      leaf: { seq: stream.length - 1, statement: act.digest, stream: act.stream, time: placed.time },
    });
  }
  return { world, heads: follower.requireComplete(shown), byStream };
};

/**
 * Whether nothing was shown but the stream that is judged and those that it needs: a receipt that names more is one
 * that nobody could verify.
 * @throws Refusal enclave.stream.stray
 */
export const requireOnly = (start: string, { byStream }: Replayed): void => {
  const needed = closureOf(start, (stream) => byStream.get(stream) ?? []);
  for (const stream of byStream.keys()) if (!needed.has(stream)) throw refuse("enclave.stream.stray", { stream });
};
