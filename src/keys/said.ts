/** Puts on the ledger what a node says; where others were faster it says so again, having seen them. */
import { Refusal } from "../base/refusal.ts";
import type { Ledger } from "../ledger/port.ts";

/** More than the nodes and approvers of a stream together. */
const TRIES = 128;

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
      if (!wanted()) return;
      const isStale = error instanceof Refusal && error.code === "stream.moved";
      if (!isStale || tries === TRIES) throw error;
    }
};
