/** A sealed result into the receiver's table: all of its parts or none, and once however often it is tried. */
import { createHash } from "node:crypto";
import { concat } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { DESTINATION_COLUMNS, type Delivery, PART_BYTES } from "../database.ts";
import { refuse } from "../errors.ts";
import type { Session } from "./session.ts";
import { columnsOf, qualified } from "./structure.ts";

/** What is committed has to be on disk, where the server's or the user's default would only promise it. */
const BEGIN = [
  "begin transaction isolation level read committed, read write",
  "set local statement_timeout = 0",
  "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'",
].join("; ");

/** What each column of the table must be able to hold. */
const FITTING: Record<(typeof DESTINATION_COLUMNS)[number], readonly string[]> = {
  task: ["utf8"],
  part: ["i32", "i64"],
  parts: ["i32", "i64"],
  digest: ["utf8"],
  content: ["binary"],
};

/** Whether a row that has this task and part may be there once only. */
const UNIQUE = `
  select from pg_catalog.pg_index i
  where i.indrelid = $1::regclass and i.indisunique and i.indpred is null and (
    select pg_catalog.array_agg(a.attname::text order by a.attname) from pg_catalog.pg_attribute a
    where a.attrelid = i.indrelid and a.attnum = any (i.indkey[0:i.indnkeyatts - 1])
  ) = array['part', 'task'] and i.indnkeyatts = 2`;

const insertInto = (table: string): string =>
  `insert into ${table} (${DESTINATION_COLUMNS.join(", ")}) values ($1, $2, $3, $4, $5)`;

/** @throws Refusal database.destination.* */
const requireDestination = async (session: Session): Promise<string> => {
  const { schema, table } = session.connection;
  const columns = await columnsOf(session);
  if (!columns) throw refuse("database.destination.table", { table });
  const wrong = (difference: string) => refuse("database.destination.columns", { table, difference });
  for (const [name, types] of Object.entries(FITTING)) {
    const column = columns.find((one) => one.name === name);
    if (!column) throw wrong(`it has no column ${name}`);
    if (!types.includes(column.type)) throw wrong(`${name} is ${column.native}`);
  }
  const into = qualified(schema, table);
  const unique = await session.query(UNIQUE, [into]);
  if (unique.length === 0) throw wrong("(task, part) is not its primary key");
  return into;
};

/** No task has this digest. */
const TEST_TASK = "0".repeat(64);

/** Writes a row and takes it back. @throws Refusal database.* */
export const testDestination = async (session: Session): Promise<void> => {
  await session.query(BEGIN);
  const into = await requireDestination(session);
  await digestIn(session, into, TEST_TASK);
  await session.query(insertInto(into), [TEST_TASK, 0, 1, TEST_TASK, Buffer.alloc(1)]);
  await session.query("rollback");
};

/** Digest of the result that was delivered under the task. */
const digestIn = async (session: Session, table: string, task: string): Promise<string | undefined> => {
  const [first] = await session.query(`select digest from ${table} where task = $1 and part = 0`, [task]);
  return first && (first.digest ?? "");
};

/** @returns whether the very same result is there. @throws Refusal database.destination.taken */
const isDelivered = async (session: Session, table: string, { task, digest }: Delivery): Promise<boolean> => {
  const found = await digestIn(session, table, task);
  if (found !== undefined && found !== digest)
    throw refuse("database.destination.taken", { found: found.slice(0, 64), task });
  return found !== undefined;
};

/** @throws Refusal database.* */
export const deliver = async (session: Session, delivery: Delivery): Promise<void> => {
  await session.query(BEGIN);
  const table = await requireDestination(session);
  if (await isDelivered(session, table, delivery)) return;
  try {
    await insert(session, table, delivery);
  } catch (error) {
    // Two deliveries at once: the other one has committed what this one waited for.
    if (!(error instanceof Refusal) || error.code !== "database.destination.taken") throw error;
    await session.query("rollback");
    if (!(await isDelivered(session, table, delivery))) throw error;
  }
};

const insert = async (session: Session, table: string, delivery: Delivery): Promise<void> => {
  const { task, digest, size } = delivery;
  const hash = createHash("sha256");
  const count = Math.max(1, Math.ceil(size / PART_BYTES));
  const statement = insertInto(table);
  let [part, written] = [0, 0];
  for await (const content of partsOf(delivery.content())) {
    hash.update(content);
    written += content.length;
    if (written > size) break;
    await session.query(statement, [task, part++, count, digest, content]);
  }
  const wrong = (difference: string) => refuse("database.destination.content", { difference });
  if (written !== size) throw wrong(`${written > size ? "more" : "fewer"} than ${size} bytes`);
  if (hash.digest("hex") !== digest) throw wrong("its digest is another");
  await session.query("commit");
};

/** The content in parts of `PART_BYTES`, the last one shorter; one empty part where there is no content. */
async function* partsOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let length = 0;
  let first = true;
  for await (const chunk of content) {
    for (let rest = chunk; rest.length > 0; ) {
      const piece = rest.subarray(0, PART_BYTES - length);
      held.push(piece);
      length += piece.length;
      rest = rest.subarray(piece.length);
      if (length < PART_BYTES) continue;
      yield Buffer.from(concat(...held).buffer);
      first = false;
      held = [];
      length = 0;
    }
  }
  if (length > 0 || first) yield Buffer.from(concat(...held).buffer);
}
