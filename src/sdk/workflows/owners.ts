/** Whose a model or a table is: by the statement that founded it, not by what the server shows beside its name. */
import type { Client } from "../client.ts";
import { refuse } from "../errors.ts";
import { createStreamReader } from "../streams.ts";

/**
 * @param shown streams as they will be signed, each with the member that is shown as its owner
 * @throws Refusal server.history where another founded one, or has a part in it
 */
export const requireOwners = async (
  client: Pick<Client, "streams">,
  shown: readonly { readonly stream: string; readonly owner: string }[],
): Promise<void> => {
  const read = createStreamReader((id, start) => client.streams.get({ id, start }));
  for (const { stream, owner } of shown) {
    const { founding, signers } = await read(stream);
    if (founding.statement.by !== owner || signers.size !== 1)
      throw refuse("server.history", {
        id: stream,
        reason: `it is ${founding.statement.by}'s, and shown as ${owner}'s`,
      });
  }
};
