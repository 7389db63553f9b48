/**
 * From a connection's record to a session: TCP, the server's greeting, TLS, the login. mysql2 does the login and
 * nothing else; the socket is taken from it before a single row is asked for.
 */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import mysql2 from "mysql2";
import { Refusal } from "../../../base/refusal.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { destroyOn } from "../../abort.ts";
import { routeTo } from "../../network.ts";
import { refuse } from "../errors.ts";
import { failure } from "./failures.ts";
import type { Limits } from "./limits.ts";
import { createPackets, HEADER_BYTES, malformed } from "./packets.ts";
import { createSession, type Session } from "./session.ts";
import { expectedName, rootsOf, startTls, tlsFailure } from "./tls.ts";

/** The server's greeting is some 100 bytes. */
const MAX_GREETING = 1_024;
const PROTOCOL_10 = 10;
const ERR = 0xff;
/** Bytes that a login may take, so that a server can't fill the memory with it. */
const MAX_LOGIN = 1 << 16;

/**
 * Capabilities that mysql2 would offer and that are not wanted: files of this machine on the server's demand, several
 * results, attributes that change what commands look like, telling who we are.
 */
const FLAGS = [
  "-LOCAL_FILES",
  "-MULTI_RESULTS",
  "-FOUND_ROWS",
  "-ODBC",
  "-IGNORE_SPACE",
  "-SESSION_TRACK",
  "-CONNECT_ATTRS",
  "-CLIENT_QUERY_ATTRIBUTES",
];

/** Whatever the server's defaults are: UTC, UTF-8, nothing cut off in silence, patience with a slow reader. */
const SETTINGS = [
  "NAMES utf8mb4",
  "time_zone = '+00:00'",
  "sql_mode = 'STRICT_ALL_TABLES,STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
  "sql_select_limit = 18446744073709551615",
  "net_write_timeout = 28800",
  "net_read_timeout = 3600",
  "autocommit = 1",
];

/**
 * A session that is logged in and has its settings.
 * @throws Refusal database.unreachable, database.timeout, database.tls, database.host-name, database.login,
 *   database.unknown, database.protocol
 */
export const connect = async (
  connection: DatabaseConnection,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Session> => {
  rootsOf(connection);
  const { host, port } = connection;
  const socket = connectTcp({ host, port, noDelay: true, keepAlive: true, ...routeTo(host) });
  destroyOn(signal, socket);
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined);
  let reached = false;
  const timer = setTimeout(() => {
    const seconds = limits.connecting / 1_000;
    const reason = `no answer within ${seconds} seconds`;
    late.reject(
      reached
        ? refuse("database.timeout", { seconds, step: "logging in" })
        : refuse("database.unreachable", { host, port, reason }),
    );
  }, limits.connecting);
  try {
    await Promise.race([reach(socket, connection), late.promise]);
    reached = true;
    await Promise.race([readGreeting(socket, connection), late.promise]);
    const secure = await Promise.race([login(socket, connection), late.promise]);
    const session = createSession(createPackets(secure, limits.silence), connection);
    try {
      await Promise.race([session.command(`SET ${SETTINGS.join(", ")}`, "preparing the session"), late.promise]);
    } catch (error) {
      session.packets.close();
      throw error;
    }
    return session;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection is refused",
  ENOTFOUND: "the host's name is not known",
  EAI_AGAIN: "the host's name can't be looked up",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the host",
  ETIMEDOUT: "no answer",
};

const reach = async (socket: Socket, { host, port }: DatabaseConnection): Promise<void> => {
  try {
    await once(socket, "connect");
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const code = String((error as NodeJS.ErrnoException).code);
    throw refuse("database.unreachable", { host, port, reason: NETWORK[code] ?? code });
  }
};

/**
 * Reads the greeting (Protocol::Handshake) and puts it back for mysql2. It comes in the clear: exactly one packet may,
 * or whoever sits between could answer for the server before TLS begins.
 */
const readGreeting = async (socket: Socket, connection: DatabaseConnection): Promise<void> => {
  const { host, port } = connection;
  let bytes = Buffer.alloc(0);
  const lost = new AbortController();
  const end = () => lost.abort();
  socket.once("end", end).once("close", end).once("error", end);
  try {
    while (bytes.length < HEADER_BYTES || bytes.length < HEADER_BYTES + bytes.readUIntLE(0, 3)) {
      if (bytes.length >= HEADER_BYTES && bytes.readUIntLE(0, 3) > MAX_GREETING) throw malformed("it is not MySQL");
      const chunk: Buffer | null = socket.read();
      if (chunk) bytes = Buffer.concat([bytes, chunk]);
      else await once(socket, "readable", { signal: lost.signal });
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw refuse("database.unreachable", { host, port, reason: "it hangs up without a greeting" });
  } finally {
    socket.off("end", end).off("close", end).off("error", end);
  }
  if (bytes.length !== HEADER_BYTES + bytes.readUIntLE(0, 3)) throw malformed("it goes on talking after its greeting");
  if (bytes[HEADER_BYTES] === ERR && bytes.length >= HEADER_BYTES + 3) {
    throw failure(bytes.readUInt16LE(HEADER_BYTES + 1), "logging in", connection);
  }
  if (bytes[HEADER_BYTES] !== PROTOCOL_10) throw malformed("it is not MySQL");
  socket.unshift(bytes);
};

/** Parts of mysql2's connection that its types do not show. */
interface Innards {
  stream: unknown;
  packetParser: { execute(chunk: Buffer): void };
}

/** Logs in over TLS and takes the socket back. */
const login = async (socket: Socket, connection: DatabaseConnection): Promise<TLSSocket> => {
  let secure: TLSSocket | undefined;
  let failedTls: Refusal | undefined;
  const client = mysql2.createConnection({
    stream: socket,
    host: expectedName(connection),
    user: connection.username,
    password: connection.password,
    database: connection.database,
    // Not used while `startTLS` is ours; should it ever not be, these hold.
    ssl: { ca: rootsOf(connection), verifyIdentity: true, minVersion: "TLSv1.2" },
    flags: FLAGS,
    charset: "UTF8MB4_UNICODE_CI",
    connectTimeout: 0,
    disableEval: true,
    enableCleartextPlugin: false,
  }) as mysql2.Connection & Innards;
  Object.assign(client, {
    startTLS(onSecure: (error?: Error) => void) {
      socket.removeAllListeners("data");
      const tls = startTls(socket, connection);
      let received = 0;
      tls.once("secureConnect", () => onSecure());
      tls.on("error", (error) => {
        failedTls ??= error instanceof Refusal ? error : tlsFailure(error, connection);
        // mysql2 writes into the error that it is given.
        onSecure(new Error("TLS"));
      });
      tls.on("data", (chunk: Buffer) => {
        received += chunk.length;
        if (received > MAX_LOGIN) tls.destroy(malformed("its login does not end"));
        else client.packetParser.execute(chunk);
      });
      client.stream = tls;
      secure = tls;
    },
  });
  const outcome = new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    // It says so again for every command in its queue, of which there are none after the login.
    client.on("error", reject);
  });
  socket.resume();
  try {
    await outcome;
  } catch (error) {
    throw failedTls ?? loginFailure(error, connection);
  }
  if (!secure || client.stream !== secure || !secure.authorized) {
    throw refuse("database.tls", { reason: "the login went around it" });
  }
  secure.removeAllListeners("data").removeAllListeners("error");
  return secure;
};

const loginFailure = (error: unknown, connection: DatabaseConnection): Error => {
  if (error instanceof Refusal) return error;
  const { code, errno } = error as { code?: string; errno?: number };
  if (code === "HANDSHAKE_NO_SSL_SUPPORT") return refuse("database.tls", { reason: "the server does not offer it" });
  if (code === "AUTH_SWITCH_PLUGIN_ERROR" || code === "MYSQL_CLEAR_PASSWORD_NOT_ENABLED") {
    return refuse("database.login.method");
  }
  if (typeof errno === "number" && errno > 1_000) return failure(errno, "logging in", connection);
  if (code === "PROTOCOL_CONNECTION_LOST" || code === "ECONNRESET" || code === "EPIPE") {
    return refuse("database.lost", { step: "logging in" });
  }
  return malformed("its login is not that of MySQL");
};
