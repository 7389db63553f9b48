/** Puts on the ledger what a node says; where others were faster it says so again, having seen them. */
import { Refusal } from "../base/refusal.ts";
import type { Ledger } from "../ledger/port.ts";
import { parseStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";

/** More than the nodes and approvers of a stream together. */
const TRIES = 128;

export interface Expected {
  /** Stream of the node that was asked. */
  readonly node: string;
  readonly stream: string;
  readonly kinds: readonly string[];
}

/**
 * What a node is asked for is all that it gets onto the ledger by its answer: anything else would pass by whoever holds
 * it to what was asked. @returns the kind, and what is committed to @throws Refusal key-node.answer
 */
export const requireSaid = (statement: string, { node, stream, kinds }: Expected) => {
  const { kind, by, stream: over, payload } = parseStatement(statement).statement;
  if (by !== node || over !== stream || !kinds.includes(kind)) throw refuse("key-node.answer", { node });
  return { kind, payload };
};

/**
 * @param say the node's statement over the stream as it is now; "" where it has nothing to say
 * @param wanted whether it is still to be said
 */
export const submitSaid = async (
  ledger: Pick<Ledger, "submit">,
  say: () => Promise<string>,
  wanted: () => boolean,
): Promise<void> => {
  for (let tries = 1; ; tries++)
    try {
      const statement = await say();
      if (statement !== "") await ledger.submit(statement);
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!wanted()) return;
      if (error.code !== "stream.moved" || tries === TRIES) throw error;
    }
};
