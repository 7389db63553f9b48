/** New words for the columns of a data source: for those that its owner registered, not those that a server shows. */
import { registered, structureDigest } from "../../rules/source.ts";
import type { Client } from "../client.ts";
import { createStreamReader, requireFitting } from "../streams.ts";
import { requireAsked } from "./asked.ts";
import { refuse } from "./errors.ts";
import { describeColumns } from "./register-source.ts";

export interface SourceWords {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: string | undefined;
  /** 字段说明, by column name; those of the columns that are there. */
  descriptions(columns: readonly { readonly name: string }[]): Readonly<Record<string, string>>;
}

/**
 * What is left out stays as it is. @param id D… or that of its stream
 * @throws Refusal source.structure where the server shows other columns, server.history, source.column-unknown
 */
export const describeSource = async (
  client: Pick<Client, "sources" | "streams" | "signer">,
  id: string,
  words: SourceWords,
) => {
  const source = await client.sources.get({ id });
  requireAsked(id, source);
  const me = client.signer?.by;
  const checked = me === undefined ? undefined : await requireOwn(client, id, source.columns, me);
  const columns = describeColumns(source.columns, words.descriptions(source.columns));
  const { name = source.name, description = source.description, metadata = source.metadata } = words;
  return client.sources.describe(
    id,
    { structure: structureDigest(columns), detail: { name, description, metadata, columns } },
    checked && { at: checked },
  );
};

/** The columns are those of the statement that `me` began the stream with. */
export const requireOwn = async (
  client: Pick<Client, "streams">,
  id: string,
  columns: readonly { readonly name: string; readonly type: string }[],
  me: string,
) => {
  const checked = await createStreamReader((of, start) => client.streams.get({ id: of, start }))(id);
  requireFitting(id, registered, checked, me);
  const { structure } = checked.founding.statement.payload as { structure?: unknown };
  const found = structureDigest(columns);
  if (found !== structure) throw refuse("source.structure", { found, expected: String(structure) });
  return { stream: checked.stream, head: checked.head };
};
