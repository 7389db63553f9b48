/** Which streams a replay of one stream needs: those its rules look up and those of whoever signed, all the way down. */
import type { SignedStatement } from "../trust/statement.ts";
import { parsePayload, ruledBy } from "./world.ts";

/**
 * @param statementsOf all statements of a stream; none for an unknown one
 * @returns ids of the streams, `start` first
 */
export const closureOf = (start: string, statementsOf: (stream: string) => Iterable<SignedStatement>): Set<string> => {
  const needed = new Set([start]);
  // A set that grows while it is iterated is iterated to its end.
  for (const stream of needed)
    for (const { statement } of statementsOf(stream)) {
      const { kind } = ruledBy(statement.kind);
      if (statement.by) needed.add(statement.by);
      for (const other of kind.refers?.(parsePayload(kind, statement.payload)) ?? []) needed.add(other);
    }
  return needed;
};
