/** What the conformance suite of databases stands on: a server, a way to lose it, what is read and delivered. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { Refusal } from "../../src/base/refusal.ts";
import type { IssuedCertificate, TestRoot } from "../../src/cli/demo/machines/certificates.ts";
import { type ColumnType, MAX_BATCH_ROWS, rowsOf, type Schema, type Value } from "../../src/enclave/columns/batch.ts";
import type { Database, Delivery } from "../../src/enclave/databases/database.ts";
import type { DatabaseConnection } from "../../src/rules/connection.ts";

/** A server whose certificate is for `db.example` and 127.0.0.1, and how its SQL differs. */
export interface DatabaseServer {
  /**
   * @param silence milliseconds that it waits for a silent server
   * @param rows of a table that is read, at most
   */
  database(silence: number, rows?: number): Database;
  readonly root: TestRoot;
  readonly port: number;
  /** Statements of whoever owns the tables. */
  sql(text: string): Promise<void>;
  /** Of a user who may read all tables that `sql` has created. */
  connection(table: string, more?: Partial<DatabaseConnection>): DatabaseConnection;
  /** Of a user who may read and insert into tables created with `destinationTable`. */
  destination(table: string, more?: Partial<DatabaseConnection>): DatabaseConnection;
  /** Has the server use another certificate from now on. */
  useCertificate(issued: IssuedCertificate): Promise<void>;
  stop(): Promise<void>;
  /** Types of columns that become the column type. */
  readonly types: Readonly<Record<Exclude<ColumnType, "bool">, string>>;
  /** What names are quoted with. */
  readonly quote: string;
  /** Literal of bytes. */
  bytes(hex: string): string;
  /** What follows FROM to get rows whose column `seq` counts from 1. */
  numbers(count: number): string;
  /** Statement that makes a column another type. */
  changeType(table: string, column: string, type: string): string;
  /** Creates a table for results as guides show it, and lets `destination`'s user write into it. */
  destinationTable(table: string): string;
}

export const PATIENT = 30_000;
export const IMPATIENT = 1_000;

export const refusedWith = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.code, code, error.message);
  assert.doesNotMatch(error.message, /\{\w+\}/);
  return true;
};
export const refused = (work: Promise<unknown>, code: string) => assert.rejects(work, refusedWith(code));

export const namesOf = (schema: Schema): string[] => schema.map(({ name }) => name);

export const readAll = async (
  database: Database,
  connection: DatabaseConnection,
  schema: Schema,
  columns = namesOf(schema),
): Promise<Record<string, Value>[]> => {
  const rows: Record<string, Value>[] = [];
  for await (const batch of database.read(connection, schema, columns)) {
    assert.ok(batch.rows > 0 && batch.rows <= MAX_BATCH_ROWS);
    rows.push(...rowsOf(batch));
  }
  return rows;
};

export const deliveryOf = (content: Uint8Array, task = randomBytes(32).toString("hex")): Delivery => ({
  task,
  digest: createHash("sha256").update(content).digest("hex"),
  size: content.length,
  async *content() {
    for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000);
  },
});

export const DELIVERED: Schema = [
  { name: "task", type: "utf8" },
  { name: "part", type: "i32" },
  { name: "digest", type: "utf8" },
  { name: "content", type: "binary" },
];

/** Columns of each type but `bool`, beside an id. */
export const SAMPLE = [
  { name: "small", type: "i32" },
  { name: "weight", type: "f64" },
  { name: "price", type: "decimal" },
  { name: "day", type: "date" },
  { name: "moment", type: "timestamp" },
  { name: "name", type: "utf8" },
  { name: "raw", type: "binary" },
] as const;

/** A way to a server that can go silent or break. */
export const startProxy = async (port: number) => {
  const sockets = new Set<Socket>();
  let passed = 0;
  let limit = Number.POSITIVE_INFINITY;
  let atLimit: (socket: Socket) => void = () => undefined;
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    client.on("data", (chunk) => void upstream.write(chunk));
    client.on("close", () => upstream.destroy());
    upstream.on("data", (chunk) => {
      passed += chunk.length;
      if (passed > limit) atLimit(client);
      else if (!client.write(chunk)) upstream.pause();
    });
    client.on("drain", () => void upstream.resume());
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    after(bytes: number, then: (socket: Socket) => void) {
      [passed, limit, atLimit] = [0, bytes, then];
    },
    connections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};
