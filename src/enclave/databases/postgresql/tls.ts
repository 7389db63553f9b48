/** TLS to a PostgreSQL server (manual, 55.2.10): asked for in the clear with eight bytes, and never done without. */
import { connect, isIP, type Socket } from "node:net";
import { checkServerIdentity, type TLSSocket, connect as tlsConnect } from "node:tls";
import { Refusal } from "../../../base/refusal.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { destroyOn } from "../../abort.ts";
import { routeTo } from "../../network.ts";
import { pinnedRoots } from "../../roots.ts";
import { BROKEN, refuse } from "../errors.ts";

const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);
const YES = 0x53;

/**
 * A TLS connection (1.2 or later) to a server whose certificate leads to the connection's own roots and bears its name.
 * @param patience milliseconds for all of it
 * @throws Refusal database.unreachable, database.lost, database.tls, database.host-name, database.timeout
 */
export const connectTls = async (
  connection: DatabaseConnection,
  patience: number,
  signal?: AbortSignal,
): Promise<TLSSocket> => {
  const { host, port, serverName = host } = connection;
  const ca = pinnedRoots(connection.rootCertificate);
  if (!ca) throw refuse("database.tls", { reason: "the root certificate is not a certificate in PEM" });
  const plain = connect({ host, port, ...routeTo(host) });
  destroyOn(signal, plain);
  let secure: TLSSocket | undefined;
  let late: Refusal | undefined;
  const timer = setTimeout(() => {
    late = refuse("database.timeout", { seconds: patience / 1_000, step: "logging in" });
    plain.destroy(late);
  }, patience);
  try {
    await event(plain, "connect", (error) => refuse("database.unreachable", { host, port, reason: codeOf(error) }));
    plain.setNoDelay(true);
    plain.write(SSL_REQUEST);
    const answer = await event(plain, "data", (error) => tlsFailure(error, serverName));
    plain.pause();
    // More than the one byte was sent by somebody between: nothing in the clear belongs behind it (CVE-2021-23214).
    if (answer.length !== 1 || answer[0] !== YES)
      throw refuse("database.tls", { reason: "the server does not offer TLS" });
    secure = tlsConnect({
      socket: plain,
      ca,
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
      ...(isIP(serverName) === 0 && { servername: serverName }),
      checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
    });
    await event(secure, "secureConnect", (error) => tlsFailure(error, serverName));
    return secure;
  } catch (error) {
    secure?.destroy();
    plain.destroy();
    throw late ?? error;
  } finally {
    clearTimeout(timer);
  }
};

const CLOSED = new Error("closed");

/** The first event of the name. @throws Refusal at an error or the end before it */
const event = (socket: Socket, name: string, failure: (error: Error) => Refusal): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(error instanceof Refusal ? error : failure(error));
    const close = () => fail(CLOSED);
    socket.once(name, (value) => {
      socket.off("close", close);
      // An error later is followed by the end, which whoever reads will notice.
      resolve(value);
    });
    socket.on("error", fail);
    socket.once("close", close);
  });

const codeOf = (error: unknown): string => {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message.slice(0, 100) : "unknown";
};

const tlsFailure = (error: Error, expected: string): Refusal => {
  if (error === CLOSED || BROKEN.includes(codeOf(error))) return refuse("database.lost", { step: "agreeing on TLS" });
  if (codeOf(error) !== "ERR_TLS_CERT_ALTNAME_INVALID") return refuse("database.tls", { reason: codeOf(error) });
  const { subject, subjectaltname } = (error as Error & { cert: { subject: { CN?: string }; subjectaltname?: string } })
    .cert;
  const found = (subjectaltname ?? subject.CN ?? "nobody").slice(0, 200);
  return refuse("database.host-name", { found, expected });
};
