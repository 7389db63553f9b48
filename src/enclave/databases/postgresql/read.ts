/** A table as batches of columns: bytes of the socket are decoded as they come, and it is paused when nobody takes them. */
import type { TLSSocket } from "node:tls";
import { concat, u32, utf8 } from "../../../base/bytes.ts";
import type { Batch, Schema } from "../../columns/batch.ts";
import { selectFields } from "../../files/format.ts";
import { refuse } from "../errors.ts";
import { type CopyDecoder, createCopyDecoder } from "./copy.ts";
import { failureOf } from "./failures.ts";
import type { Session } from "./session.ts";
import { copyStatement, requireFew, requireStructure, requireTable, type TableColumn } from "./structure.ts";

/** Batches that wait for whoever reads, at most. */
const WAITING = 2;

/**
 * Text as `psql` prints it in a fresh session, whatever the server's or the user's defaults are, and rows in the same
 * order every time a table that did not change is read. A sandbox that takes its time is no reason to end the statement.
 */
export const READ_ONLY = [
  "begin transaction isolation level repeatable read, read only",
  "set local datestyle = 'ISO, MDY'",
  "set local intervalstyle = 'postgres'",
  "set local timezone = 'UTC'",
  "set local bytea_output = 'hex'",
  "set local extra_float_digits = 1",
  "set local xmloption = 'content'",
  "set local synchronize_seqscans = off",
  "set local statement_timeout = 0",
  "set local idle_in_transaction_session_timeout = 0",
].join("; ");

/** @throws Refusal source.columns before a row is read; database.rows-limit, if it can be, too; database.* */
export async function* readTable(
  session: Session,
  schema: Schema,
  names: readonly string[],
  { patience, limit }: { patience: number; limit: number },
): AsyncGenerator<Batch> {
  selectFields(schema, names);
  await session.query(READ_ONLY);
  const found = await requireTable(session);
  requireStructure(found, schema);
  await requireFew(session, limit);
  const columns = names.map((name) => found.find((column) => column.name === name) as TableColumn);
  const decoder = createCopyDecoder(columns, (sqlstate) => failureOf(sqlstate, "reading rows", session.connection));
  const socket = session.takeOver();
  socket.write(simpleQuery(copyStatement(session.connection, columns)));
  let total = 0;
  for await (const batch of batches(socket, decoder, patience)) {
    total += batch.rows;
    if (total > limit) throw refuse("database.rows-limit", { limit });
    yield batch;
  }
}

/** Query (F): 'Q', the length with itself, the text and a 0. */
const simpleQuery = (text: string): Uint8Array => {
  const body = concat(utf8(text), Uint8Array.of(0));
  return concat(Uint8Array.of(0x51), u32(body.length + 4), body);
};

async function* batches(socket: TLSSocket, decoder: CopyDecoder, patience: number): AsyncGenerator<Batch> {
  const ready: Batch[] = [];
  let failure: unknown;
  let news = Promise.withResolvers<void>();
  const fail = (error: unknown) => {
    failure ??= error;
    socket.destroy();
    news.resolve();
  };
  /** Decodes what is there, as far as there is room for it. */
  const advance = () => {
    try {
      for (let batch = room() && decoder.next(); batch; batch = room() && decoder.next()) ready.push(batch);
    } catch (error) {
      fail(error);
    }
    if (!room()) socket.pause();
    if (ready.length > 0 || decoder.done) news.resolve();
  };
  const room = () => ready.length < WAITING;

  socket.on("data", (chunk: Uint8Array) => {
    decoder.push(chunk);
    advance();
  });
  const step = "reading rows";
  socket.on("close", () => !decoder.done && fail(refuse("database.lost", { step })));
  const late = () => !socket.isPaused() && fail(refuse("database.timeout", { seconds: patience / 1_000, step }));
  socket.setTimeout(patience, late);
  try {
    for (;;) {
      news = Promise.withResolvers();
      const batch = ready.shift();
      // While this one is worked on, the next may come.
      advance();
      if (socket.isPaused() && room()) {
        socket.resume();
        socket.setTimeout(patience);
      }
      if (batch) yield batch;
      else if (ready.length > 0) continue;
      else if (failure) throw failure;
      else if (decoder.done) return;
      else await news.promise;
    }
  } finally {
    socket.destroy();
  }
}
