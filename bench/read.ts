/**
 * A table of 1,000,000 rows and 10 columns from MariaDB over TLS into columns; against draining the same rows off the
 * socket unread, mysql2 with rows as arrays, and the server's own command-line client; each from its login on. Turn by
 * turn, so that all see the same machine; server and client share it. PostgreSQL is in read-postgresql.ts.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import mysql2 from "mysql2";
import { type OwnMariadb, startMariadb } from "../src/cli/demo/machines/mariadb.ts";
import { createMysql } from "../src/enclave/databases/mysql/index.ts";
import { median, report, takeTurns } from "./support.ts";

const ROWS = 1_000_000;
const RUNS = 7;
const WARM_UP = 2;
const bench = "read";

const TABLE = `
create table visits (
  id bigint primary key, person int, age tinyint, weight double, price decimal(12, 2),
  day date, at datetime(6), name varchar(64), city varchar(20), note varchar(64)
);
insert into visits select
  seq, (seq * 7919) % 1000003, seq % 100, sqrt(seq), (seq % 9999999) / 100,
  date '1950-01-01' + interval (seq % 30000) day,
  timestamp '2020-01-01 00:00:00' + interval seq * 1000001 microsecond,
  concat('name ', seq), elt(1 + seq % 4, '北京', '上海', 'Zürich', 'Oslo'), md5(seq)
from seq_1_to_${ROWS};
analyze table visits;
`;
const SELECT = "select * from visits";

type Contender = (server: OwnMariadb) => Promise<number>;

const ours: Contender = async (server) => {
  const database = createMysql();
  const connection = server.connection("visits");
  const { columns } = await database.describe(connection);
  const names = columns.map(({ name }) => name);
  const began = performance.now();
  let rows = 0;
  for await (const batch of database.read(connection, columns, names)) rows += batch.rows;
  return rate(rows, began);
};

const login = async (server: OwnMariadb): Promise<mysql2.Connection> => {
  const { host, port, database, username: user, password, rootCertificate: ca } = server.connection("visits");
  const client = mysql2.createConnection({ host, port, database, user, password, ssl: { ca } });
  await once(client, "connect");
  return client;
};

const asArrays: Contender = async (server) => {
  const began = performance.now();
  const client = await login(server);
  let rows = 0;
  const query = client.query({ sql: SELECT, rowsAsArray: true });
  query.on("result", () => {
    rows++;
  });
  await once(query, "end");
  const reached = rate(rows, began);
  client.destroy();
  return reached;
};

/** Prepares and executes the same statement; looks at nothing but the end of what comes. */
const drain: Contender = async (server) => {
  const began = performance.now();
  const client = (await login(server)) as mysql2.Connection & { stream: TLSSocket };
  const { stream } = client;
  stream.removeAllListeners("data");
  const prepared = once(stream, "data");
  stream.write(command(Buffer.concat([Buffer.of(0x16), Buffer.from(SELECT)])));
  const [answer] = (await prepared) as [Buffer];
  const execute = Buffer.alloc(10);
  execute[0] = 0x17;
  execute.writeUInt32LE(answer.readUInt32LE(5), 1);
  execute.writeUInt32LE(1, 6);
  const ended = new Promise<void>((resolve) => {
    stream.on("data", (chunk: Buffer) => {
      // EOF_Packet at the end of the rows; the columns' ends with a chunk's only when rows are awaited.
      const end = chunk.subarray(-9);
      if (end[0] === 5 && end[1] === 0 && end[4] === 0xfe && chunk.length > 9) resolve();
    });
  });
  stream.write(command(execute));
  await ended;
  const reached = rate(ROWS, began);
  client.destroy();
  return reached;
};

const command = (payload: Buffer): Buffer => Buffer.concat([Buffer.of(payload.length, 0, 0, 0), payload]);

const commandLine: Contender = async (server) => {
  const began = performance.now();
  const args = [...server.cliOverTls, "--quick", "--batch", "--raw", "--skip-column-names", "-e", SELECT];
  const child = spawn("mariadb", args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the command-line client ended with ${code}`);
  return rate(ROWS, began);
};

const rate = (rows: number, began: number): number => {
  if (rows !== ROWS) throw new Error(`${rows} rows were read where there are ${ROWS}`);
  return (rows * 1_000) / (performance.now() - began);
};

const server = await startMariadb();
if ("skip" in server) {
  console.log(JSON.stringify({ bench, skip: server.skip }));
} else {
  try {
    await server.sql(TABLE);
    const contenders = {
      ours: () => ours(server),
      drain: () => drain(server),
      asArrays: () => asArrays(server),
      commandLine: () => commandLine(server),
    };
    const rates = await takeTurns(contenders, { runs: RUNS, warmUp: WARM_UP });
    const value = median(rates.ours);
    const note = `${ROWS} rows of 10 columns, TLS 1.3, median of ${RUNS} runs in turns`;
    const against = (metric: string, peer: string, measured: readonly number[], target: number) => {
      const peerValue = median(measured);
      report({
        bench,
        metric,
        value: value / peerValue,
        unit: "x",
        target,
        note: `${peer}: ${Math.round(peerValue)} rows/s`,
      });
    };
    report({ bench, metric: "into columns", value, unit: "rows/s", note });
    against("to draining the socket", "socket, unread", rates.drain, 0.95);
    against("to mysql2", "mysql2, rows as arrays", rates.asArrays, 1.5);
    against("to the command-line client", "mariadb --quick, output dropped", rates.commandLine, 1.2);
  } finally {
    await server.stop();
  }
}
