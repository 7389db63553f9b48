/** A connection to a PostgreSQL server: TLS before anything else, then a login that never sends the password itself. */
import type { TLSSocket } from "node:tls";
import pg from "pg";
import { Refusal } from "../../../base/refusal.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { refuse } from "../errors.ts";
import { refusalFor, type Step } from "./failures.ts";
import { createMessageCheck } from "./messages.ts";
import { connectTls } from "./tls.ts";

/** What a server may send before rows are read: it would be kept in memory. */
const MAX_ANSWER_BYTES = 32 << 20;

export interface Session {
  readonly connection: DatabaseConnection;
  /** Rows as objects, every value as text or null. @throws Refusal database.* */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, string | null>[]>;
  /** The socket, from which nothing reads any more but the caller. */
  takeOver(): TLSSocket;
  close(): void;
}

export interface SessionOptions {
  readonly step: Step;
  /** Milliseconds that the server may be silent while it is waited for. */
  readonly patience: number;
  /** Ends the connection. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws Refusal database.unreachable, .tls, .host-name, .login, .unknown, .timeout, .lost, .protocol */
export const openSession = async (
  connection: DatabaseConnection,
  { step, patience, signal }: SessionOptions,
): Promise<Session> => {
  const seconds = patience / 1_000;
  const socket = await connectTls(connection, patience, signal);
  // What made us end the connection, rather than what the driver makes of its end.
  let reason: Error | undefined;
  const end = (why: Error) => {
    reason ??= why;
    socket.destroy();
  };
  const during = async <T>(what: Step, work: () => Promise<T>): Promise<T> => {
    const late = () => end(refuse("database.timeout", { seconds, step: what }));
    socket.setTimeout(patience, late);
    try {
      return await work();
    } catch (error) {
      throw reason ?? refusalFor(error, what, connection);
    } finally {
      socket.setTimeout(0);
      socket.off("timeout", late);
    }
  };

  let received = 0;
  const client = createClient(connection, socket);
  // The failure of a query says the same.
  client.on("error", () => undefined);
  try {
    await during("logging in", () => {
      const connected = client.connect();
      guardParser(socket, end, (bytes) => {
        received += bytes;
        return received <= MAX_ANSWER_BYTES;
      });
      return connected;
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    connection,
    query: (text, values = []) => {
      received = 0;
      // Of several statements in one text nothing is wanted back.
      return during(step, async () => (await client.query({ text, values: [...values], types: AS_TEXT })).rows ?? []);
    },
    takeOver() {
      socket.removeAllListeners("data");
      return socket;
    },
    close: () => socket.destroy(),
  };
};

/** Logs in over a socket whose TLS is established; only SCRAM gets to see the password. */
const createClient = (connection: DatabaseConnection, socket: TLSSocket): pg.Client => {
  const { host, port, database, username, password } = connection;
  let scram = false;
  const client = new pg.Client({
    host,
    port,
    database,
    user: username,
    password: () => {
      if (!scram) throw refuse("database.login.insecure");
      return password;
    },
    ssl: false,
    stream: () => connected(socket),
    enableChannelBinding: true,
    application_name: "entente",
    client_encoding: "UTF8",
  });
  client.connection.once("authenticationSASL", () => {
    scram = true;
  });
  return client;
};

/**
 * Puts the check of messages before the driver's parser, which keeps whatever it gets and may throw: that ends the
 * connection, not the program.
 * @param take counts bytes; false when there are too many
 */
const guardParser = (socket: TLSSocket, end: (why: Error) => void, take: (bytes: number) => boolean): void => {
  const parsers = socket.listeners("data") as ((chunk: Uint8Array) => void)[];
  socket.removeAllListeners("data");
  const check = createMessageCheck((message) => {
    for (const parse of parsers) parse(message);
  });
  socket.on("data", (chunk: Uint8Array) => {
    try {
      if (!take(chunk.length)) throw refuse("database.protocol", { reason: "its answers are too long" });
      check(chunk);
    } catch (error) {
      end(error instanceof Refusal ? error : refuse("database.protocol", { reason: "an answer out of place" }));
    }
  });
};

/** The driver connects its sockets itself; this one says that it is. */
const connected = (socket: TLSSocket): TLSSocket =>
  Object.assign(socket, {
    connect: () => {
      setImmediate(() => socket.emit("connect"));
      return socket;
    },
  });

/** Values as the server writes them. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };
