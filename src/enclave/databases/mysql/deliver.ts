/** Results into the receiver's table: in one transaction, once a task. */
import { createHash, randomUUID } from "node:crypto";
import { concat } from "../../../base/bytes.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { DESTINATION_COLUMNS, type Delivery, PART_BYTES } from "../database.ts";
import { refuse } from "../errors.ts";
import { CONFLICT, DUPLICATE } from "./failures.ts";
import { ServerError, type Session } from "./session.ts";
import { aboutTable, quoted, tableOf, textOf } from "./structure.ts";

const CHECKING = "checking the table for results";
const WRITING = "writing the result";
/** Of a statement around the content. */
const OVERHEAD = 1_024;
/** Parts smaller than this would be too many. */
const LEAST_PART = 256 << 10;
const ATTEMPTS = 3;

/**
 * Writes the result, or finds it written already.
 * @throws Refusal database.destination.*
 */
export const deliver = async (session: Session, connection: DatabaseConnection, delivery: Delivery): Promise<void> => {
  const partBytes = await requireDestination(session, connection);
  for (let attempt = 1; ; attempt++) {
    if (await isDelivered(session, connection, delivery)) return;
    const outcome = await session.attempt([DUPLICATE, ...CONFLICT], () =>
      writeParts(session, connection, delivery, partBytes),
    );
    if (!(outcome instanceof ServerError)) return;
    // Somebody else delivers under the same task: what they wrote is looked at again, or nothing was.
    await session.command("ROLLBACK", WRITING);
    if (attempt === ATTEMPTS) throw refuse("database.query", { step: WRITING, number: outcome.number });
  }
};

/** @throws Refusal database.destination.taken */
const isDelivered = async (session: Session, connection: DatabaseConnection, { task, digest }: Delivery) => {
  const sql = `SELECT digest FROM ${tableOf(connection)} WHERE task = ? AND part = 0`;
  const [row] = await session.query(sql, [task], CHECKING);
  if (!row) return false;
  const found = textOf(row.digest);
  if (found !== digest) throw refuse("database.destination.taken", { found: found.slice(0, 64) });
  return true;
};

const writeParts = async (
  session: Session,
  connection: DatabaseConnection,
  { task, digest, size, content }: Delivery,
  partBytes: number,
): Promise<void> => {
  const parts = Math.max(1, Math.ceil(size / partBytes));
  const wrong = (difference: string) => refuse("database.destination.content", { difference });
  await session.command("START TRANSACTION", WRITING);
  const statement = await session.prepare(insertInto(connection), WRITING);
  const hash = createHash("sha256");
  let [part, written] = [0, 0];
  for await (const bytes of inParts(content(), partBytes)) {
    hash.update(bytes);
    written += bytes.length;
    if (written > size) throw wrong(`it is larger than ${size} bytes`);
    await session.execute(statement, [task, part++, parts, digest, bytes]);
  }
  if (written !== size) throw wrong(`it has ${written} bytes of ${size}`);
  if (hash.digest("hex") !== digest) throw wrong("its digest is another");
  await session.command("COMMIT", WRITING);
};

const insertInto = (connection: DatabaseConnection): string => {
  const names = DESTINATION_COLUMNS.map(quoted).join(", ");
  return `INSERT INTO ${tableOf(connection)} (${names}) VALUES (?, ?, ?, ?, ?)`;
};

/** The same bytes in parts of `size`, the last one shorter; one empty part where there are none. */
async function* inParts(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  let any = false;
  for await (const chunk of content) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    const whole = concat(...waiting);
    let at = 0;
    for (; length - at >= size; at += size) yield whole.subarray(at, at + size);
    any = true;
    waiting = at < length ? [whole.slice(at)] : [];
    length -= at;
  }
  if (length > 0 || !any) yield concat(...waiting);
}

/** Connection test: a row is written and taken back. */
export const testDestination = async (session: Session, connection: DatabaseConnection): Promise<void> => {
  await requireDestination(session, connection);
  await session.command("START TRANSACTION", CHECKING);
  const statement = await session.prepare(insertInto(connection), CHECKING);
  const task = `test/${randomUUID()}`.padEnd(64, "-");
  await session.execute(statement, [task, 0, 1, "0".repeat(64), new Uint8Array(LEAST_PART)]);
  await session.command("ROLLBACK", CHECKING);
};

const TEXT = ["char", "varchar", "text", "tinytext", "mediumtext", "longtext", "binary", "varbinary"];
const WHOLE = ["smallint", "mediumint", "int", "bigint"];
/** What a column of the table must be. */
const FITS: Readonly<Record<(typeof DESTINATION_COLUMNS)[number], (type: string, length: number) => boolean>> = {
  task: (type, length) => TEXT.includes(type) && length >= 64,
  part: (type) => WHOLE.includes(type),
  parts: (type) => WHOLE.includes(type),
  digest: (type, length) => TEXT.includes(type) && length >= 64,
  content: (type) => type === "longblob" || type === "mediumblob",
};

/**
 * The table is there, fits, keeps a task's result from being there twice, and has an engine with transactions.
 * @returns bytes of a part that the server takes
 * @throws Refusal database.destination.table, .columns, .packet
 */
const requireDestination = async (session: Session, connection: DatabaseConnection): Promise<number> => {
  const { table } = connection;
  const wrong = (difference: string) => refuse("database.destination.columns", { table, difference });
  const columns = await session.query(`SHOW FULL COLUMNS FROM ${tableOf(connection)}`, [], CHECKING);
  const names = columns.map(({ Field }) => textOf(Field).toLowerCase());
  for (const name of DESTINATION_COLUMNS) {
    const column = columns[names.indexOf(name)];
    if (!column) throw wrong(`it has no column ${name}`);
    const [, type = "", length = "4294967295"] = /^(\w+)(?:\((\d+)\))?/.exec(textOf(column.Type).toLowerCase()) ?? [];
    if (!FITS[name](type, Number(length))) throw wrong(`its column ${name} is ${type}`);
  }
  for (const [i, { Null, Default, Extra }] of columns.entries()) {
    const own = DESTINATION_COLUMNS.some((name) => name === names[i]);
    const filled = Null === "YES" || Default !== null || textOf(Extra) !== "";
    if (!own && !filled) throw wrong(`its column ${names[i]?.slice(0, 64)} has no default`);
  }
  const { engine, transactional } = await aboutTable(session, connection);
  if (!transactional) throw wrong(`its engine ${engine || "(a view)"} has no transactions`);
  await requireKey(session, connection, wrong);
  return await partBytesOf(session);
};

const requireKey = async (session: Session, connection: DatabaseConnection, wrong: (difference: string) => Error) => {
  const rows = await session.query(`SHOW INDEX FROM ${tableOf(connection)}`, [], CHECKING);
  const keys = Map.groupBy(rows, ({ Key_name }) => textOf(Key_name)).values();
  const unique = keys.some(
    (key) =>
      key.every(({ Non_unique, Sub_part }) => Number(Non_unique) === 0 && Sub_part === null) &&
      key
        .map(({ Column_name }) => textOf(Column_name).toLowerCase())
        .sort()
        .join() === "part,task",
  );
  if (!unique) throw wrong("(task, part) is not its primary key");
};

const partBytesOf = async (session: Session): Promise<number> => {
  const [row] = await session.query("SELECT @@max_allowed_packet AS most", [], CHECKING);
  const limit = Number(row?.most);
  const bytes = Math.min(PART_BYTES, limit - OVERHEAD);
  if (!(bytes >= LEAST_PART)) throw refuse("database.destination.packet", { limit });
  return bytes;
};
