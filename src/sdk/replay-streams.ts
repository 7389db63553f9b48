/**
 * A stream as its rulebook has it, every signature verified here: with all streams that it needs, whatever a server
 * says of them. For what is signed on the strength of somebody else's statements.
 */
import { closureOf } from "../rules/closure.ts";
import { advance, emptyWorld, type World } from "../rules/world.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import type { Client } from "./client.ts";

interface Placed {
  readonly index: number;
  readonly time: number;
  readonly signed: SignedStatement;
}

/** @param start stream id. @throws Refusal of whatever does not hold, and those of the server */
export const replayStreams = async (client: Pick<Client, "streams">, start: string): Promise<World> => {
  const placed = new Map<string, readonly Placed[]>();
  const statementsOf = (id: string) => (placed.get(id) ?? []).map(({ signed }) => signed);
  for (let needed = new Set([start]); needed.size > placed.size; needed = closureOf(start, statementsOf))
    for (const id of needed) if (!placed.has(id)) placed.set(id, await readAll(client, id));
  let world = emptyWorld;
  const inOrder = [...placed.values()].flat().sort((a, b) => a.index - b.index);
  for (const { signed, time } of inOrder) world = advance(world, signed, time).world;
  return world;
};

const readAll = async ({ streams }: Pick<Client, "streams">, id: string): Promise<Placed[]> => {
  const all: Placed[] = [];
  for (let start = 0; ; ) {
    const { items, next } = await streams.get({ id, start });
    for (const { index, time, statement } of items)
      all.push({ index, time: Date.parse(time), signed: parseStatement(statement) });
    if (next === null || items.length === 0) return all;
    start = next;
  }
};
