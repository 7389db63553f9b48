/**
 * A stream as its rulebook has it, every signature verified here: with all streams that it needs, whatever a server
 * says of them. For what is signed on the strength of somebody else's statements.
 */
import { closureOf } from "../rules/closure.ts";
import type { Named, StreamState } from "../rules/rulebook.ts";
import { advance, emptyWorld, parsePayload, ruledBy, streamOf, type World } from "../rules/world.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import type { Client } from "./client.ts";

export interface Placed {
  readonly index: number;
  readonly time: number;
  readonly signed: SignedStatement;
}

export interface Replayed {
  readonly world: World;
  /** The statements of the stream, in order. */
  readonly statements: readonly Placed[];
}

/** @param start stream id. @throws Refusal of whatever does not hold, and those of the server */
export const replayStreams = async (client: Pick<Client, "streams">, start: string): Promise<World> =>
  (await replayStream(client, start)).world;

/** The same, with what was replayed. @param until of the streams only what was placed before, by index */
export const replayStream = async (
  client: Pick<Client, "streams">,
  start: string,
  until = Number.POSITIVE_INFINITY,
): Promise<Replayed> => {
  const placed = new Map<string, readonly Placed[]>();
  const statementsOf = (id: string) => (placed.get(id) ?? []).map(({ signed }) => signed);
  for (let needed = new Set([start]); needed.size > placed.size; needed = closureOf(start, statementsOf))
    for (const id of needed)
      if (!placed.has(id))
        placed.set(
          id,
          (await readStatements(client, id)).filter(({ index }) => index < until),
        );
  let world = emptyWorld;
  const inOrder = [...placed.values()].flat().sort((a, b) => a.index - b.index);
  for (const { signed, time } of inOrder) world = advance(world, signed, time).world;
  return { world, statements: placed.get(start) ?? [] };
};

/**
 * A stream as its statements have it, each made on the one before; who signed them is not asked, for not everybody may
 * read all of those. What is signed on its head counts over this very history and over no other: a made-up one has
 * another head than the ledger.
 * @param start stream id. @throws Refusal of whatever does not follow, and those of the server
 */
export const followStream = async <S>(
  client: Pick<Client, "streams">,
  book: Named<S>,
  start: string,
): Promise<StreamState<S> | undefined> => {
  const needed = new Set([start]);
  const placed: Placed[] = [];
  // A set that grows while it is iterated is iterated to its end.
  for (const id of needed)
    for (const one of await readStatements(client, id)) {
      placed.push(one);
      const { kind } = ruledBy(one.signed.statement.kind);
      for (const other of kind.refers?.(parsePayload(kind, one.signed.statement.payload)) ?? []) needed.add(other);
    }
  let world = emptyWorld;
  for (const { signed, time } of placed.sort((a, b) => a.index - b.index))
    world = advance(world, signed, time, true).world;
  return streamOf(world, book, start);
};

/** The statements of a stream as the server shows them. Nothing about them is checked. */
export const readStatements = async ({ streams }: Pick<Client, "streams">, id: string): Promise<Placed[]> => {
  const all: Placed[] = [];
  for (let start = 0; ; ) {
    const { items, next } = await streams.get({ id, start });
    for (const { index, time, statement } of items)
      all.push({ index, time: Date.parse(time), signed: parseStatement(statement) });
    if (next === null || items.length === 0) return all;
    start = next;
  }
};
