/**
 * The same task as it is written without columns: rows as objects off mysql2, a line of JSON each into a bare node, the
 * result back as lines, sealed, and inserted. No sandbox, no ledger, nobody's authorisation.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import mysql2 from "mysql2";
import type { OwnMariadb } from "../../src/cli/demo/machines/mariadb.ts";
import { resultContext } from "../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../src/trust/envelope/envelope.ts";
import { receiverKey } from "../../src/trust/envelope/recipient.ts";
import { COLUMNS, RESULTS, TABLE } from "./stage.ts";

const CHILD = `
import { createInterface } from "node:readline";
const groups = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { station, minutes, cost } = JSON.parse(line);
  let group = groups.get(station);
  if (!group) groups.set(station, (group = { station, visits: 0, minutes: 0, cost: 0 }));
  group.visits++;
  group.minutes += minutes;
  group.cost += cost;
}
for (const group of groups.values()) console.log(JSON.stringify(group));
`;

const login = ({ connection, destination }: OwnMariadb, role: "reader" | "writer"): mysql2.Connection => {
  const of = role === "reader" ? connection(TABLE) : destination(RESULTS);
  const { host, port, database, username: user, password, rootCertificate: ca } = of;
  return mysql2.createConnection({ host, port, database, user, password, ssl: { ca } });
};

/** @param task key of the result's row @param key (PEM) of the receiver. @returns milliseconds */
export const runWithRows = async (server: OwnMariadb, task: string, key: string): Promise<number> => {
  const began = performance.now();
  const child = spawn(process.execPath, ["--input-type=module", "-e", CHILD], { stdio: ["pipe", "pipe", "inherit"] });
  let lines = "";
  child.stdout.on("data", (text: Buffer) => {
    lines += text;
  });
  const closed = once(child, "close");

  const reader = login(server, "reader");
  for await (const row of reader.query(`select ${COLUMNS.join()} from ${TABLE}`).stream())
    if (!child.stdin.write(`${JSON.stringify(row)}\n`)) await once(child.stdin, "drain");
  child.stdin.end();
  reader.destroy();
  await closed;

  const sealed = await sealBytes(Buffer.from(lines), { to: receiverKey(key), context: resultContext(task) });
  const writer = login(server, "writer");
  const sql = `insert into ${RESULTS} (task, part, parts, digest, content) values (?, 0, 1, '', ?)`;
  await writer.promise().execute(sql, [task, Buffer.from(sealed)]);
  const elapsed = performance.now() - began;
  writer.destroy();
  return elapsed;
};
