/** Whose a model or a table is: by the statement that founded it, not by what the server shows beside its name. */
import { published } from "../../rules/model.ts";
import { registered } from "../../rules/source.ts";
import type { Client } from "../client.ts";
import { refuse } from "../errors.ts";
import { type CheckedStream, createStreamReader } from "../streams.ts";

const FOUNDING = { model: published, source: registered };

/**
 * @param shown streams as they will be signed, each with the number and the member that are shown as its own
 * @throws Refusal server.history where it is another's, or of another number
 */
export const requireOwners = async (
  client: Pick<Client, "streams">,
  shown: readonly {
    readonly stream: string;
    readonly owner: string;
    readonly id: string;
    readonly kind: "model" | "source";
  }[],
): Promise<void> => {
  const read = createStreamReader((id, start) => client.streams.get({ id, start }));
  const streams = await Promise.all(shown.map(({ stream }) => read(stream)));
  for (const [i, { stream, owner, id, kind }] of shown.entries()) {
    const { founding, signers } = streams[i] as CheckedStream;
    const number = (founding.statement.payload as { id?: unknown }).id;
    if (founding.statement.kind !== FOUNDING[kind].name || number !== id)
      throw refuse("server.history", { id: stream, reason: `it is ${founding.statement.kind} ${number}, not ${id}` });
    if (founding.statement.by !== owner || signers.size !== 1)
      throw refuse("server.history", {
        id: stream,
        reason: `it is ${founding.statement.by}'s, and shown as ${owner}'s`,
      });
  }
};
