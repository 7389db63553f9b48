/**
 * A table of 1,000,000 rows and 10 columns from PostgreSQL over TLS into columns; against `pg` that pages through a
 * cursor, and against taking the same bytes off the socket and looking at none. Turn by turn, so that all see the same
 * machine; server and client share it.
 */
import pg from "pg";
import { createPostgresql } from "../src/enclave/databases/postgresql/index.ts";
import { READ_ONLY } from "../src/enclave/databases/postgresql/read.ts";
import { openSession } from "../src/enclave/databases/postgresql/session.ts";
import { startPostgresTls, type TlsPostgres } from "../test/support/postgres-tls.ts";
import { median, report, takeTurns } from "./support.ts";

const ROWS = 1_000_000;
const RUNS = 5;
const PAGE = 10_000;
const PATIENCE = 30_000;
const bench = "read-postgresql";

const TABLE = `
create table visits (
  id bigint primary key, person integer, age smallint, weight double precision, price numeric(12, 2),
  day date, at timestamptz, name varchar(64), city text, note text
);
insert into visits select
  i, (i * 7919::bigint) % 1000003, i % 100, sqrt(i), (i % 9999999) / 100.0,
  date '1950-01-01' + (i % 30000)::int, timestamptz '2020-01-01 00:00:00+00' + i * interval '1.000001 second',
  'name ' || i, (array['北京', '上海', 'Zürich', 'Oslo'])[1 + i % 4], md5(i::text)
from generate_series(1, ${ROWS}) as i;
vacuum (freeze, analyze) visits`;

const ours = async (server: TlsPostgres): Promise<number> => {
  const database = createPostgresql({ patience: PATIENCE });
  const connection = server.connection("visits");
  const { columns } = await database.describe(connection);
  const names = columns.map(({ name }) => name);
  const began = performance.now();
  let rows = 0;
  for await (const batch of database.read(connection, columns, names)) rows += batch.rows;
  return rate(rows, began);
};

const cursor = async (server: TlsPostgres): Promise<number> => {
  const { host, port, database, username: user, password, rootCertificate: ca } = server.connection("visits");
  const client = new pg.Client({ host, port, database, user, password, ssl: { ca } });
  await client.connect();
  const began = performance.now();
  await client.query("begin isolation level repeatable read, read only");
  await client.query("declare visits_cursor no scroll cursor for select * from visits");
  let rows = 0;
  for (let page = PAGE; page === PAGE; rows += page)
    page = (await client.query({ text: `fetch ${PAGE} from visits_cursor`, rowMode: "array" })).rows.length;
  const reached = rate(rows, began);
  await client.end();
  return reached;
};

/** The end of a COPY: CopyDone, CommandComplete, ReadyForQuery in a transaction. */
const END = Buffer.from([0x5a, 0, 0, 0, 5, 0x54]);

const drain = async (server: TlsPostgres): Promise<number> => {
  const session = await openSession(server.connection("visits"), { step: "reading rows", patience: PATIENCE });
  await session.query(READ_ONLY);
  const socket = session.takeOver();
  const began = performance.now();
  const ended = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      if (chunk.subarray(-END.length).equals(END)) resolve();
    });
  });
  const text = Buffer.from("copy (select * from visits) to stdout (format binary)\0");
  const length = Buffer.alloc(4);
  length.writeInt32BE(text.length + 4);
  socket.write(Buffer.concat([Buffer.from("Q"), length, text]));
  await ended;
  session.close();
  return rate(ROWS, began);
};

const rate = (rows: number, began: number): number => {
  if (rows !== ROWS) throw new Error(`${rows} rows were read where there are ${ROWS}`);
  return (rows * 1_000) / (performance.now() - began);
};

const server = await startPostgresTls();
if ("skip" in server) {
  console.log(JSON.stringify({ bench, skip: server.skip }));
} else {
  try {
    for (const statement of TABLE.split(";")) await server.sql(statement);
    await server.sql("grant select on visits to reader");
    const contenders = { ours: () => ours(server), cursor: () => cursor(server), drain: () => drain(server) };
    const rates = await takeTurns(contenders, { runs: RUNS, warmUp: 1 });
    const [columns, paged, drained] = [median(rates.ours), median(rates.cursor), median(rates.drain)];
    const note = `${ROWS} rows of 10 columns, TLS 1.3, median of ${RUNS} runs in turns`;
    const peer = { name: `pg, cursor, ${PAGE} rows a page as arrays`, value: paged };
    report({ bench, metric: "into columns", value: columns, unit: "rows/s", peer, note });
    report({ bench, metric: "to pg with a cursor", value: columns / paged, unit: "x", target: 1.5, note });
    report({ bench, metric: "to draining the socket", value: columns / drained, unit: "x", note });
  } finally {
    await server.stop();
  }
}
