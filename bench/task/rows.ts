/**
 * The same task as it is written without columns: rows as objects off mysql2, a line of JSON each into a bare node, the
 * result back as lines, sealed, and inserted. No sandbox, no ledger, nobody's authorisation.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import mysql2 from "mysql2";
import type { OwnMariadb } from "../../src/cli/demo/machines/mariadb.ts";
import type { DatabaseConnection } from "../../src/rules/connection.ts";
import { resultContext } from "../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../src/trust/envelope/envelope.ts";
import { receiverKey } from "../../src/trust/envelope/recipient.ts";
import { RESULTS } from "./stage.ts";
import { programOf, type Table } from "./tables.ts";

const login = ({ host, port, database, username: user, password, rootCertificate: ca }: DatabaseConnection) =>
  mysql2.createConnection({ host, port, database, user, password, ssl: { ca }, timezone: "Z" });

/** @param task key of the result's row; @param key (PEM) of the receiver. @returns milliseconds */
export const runWithRows = async (server: OwnMariadb, table: Table, task: string, key: string): Promise<number> => {
  const began = performance.now();
  const program = ["--input-type=module", "-e", programOf(table)];
  const child = spawn(process.execPath, program, { stdio: ["pipe", "pipe", "inherit"] });
  let lines = "";
  child.stdout.on("data", (text: Buffer) => {
    lines += text;
  });
  const closed = once(child, "close");

  const reader = login(server.connection(table.name));
  for await (const row of reader.query(`select * from ${table.name}`).stream())
    if (!child.stdin.write(`${JSON.stringify(row)}\n`)) await once(child.stdin, "drain");
  child.stdin.end();
  reader.destroy();
  await closed;

  const sealed = await sealBytes(Buffer.from(lines), { to: receiverKey(key), context: resultContext(task) });
  const writer = login(server.destination(RESULTS));
  const sql = `insert into ${RESULTS} (task, part, parts, digest, content) values (?, 0, 1, '', ?)`;
  await writer.promise().execute(sql, [task, Buffer.from(sealed)]);
  const elapsed = performance.now() - began;
  writer.destroy();
  return elapsed;
};
