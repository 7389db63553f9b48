/** TLS to the server: only under the connection's own roots, only with the name that the connection gives. */
import { X509Certificate } from "node:crypto";
import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import type { Refusal } from "../../../base/refusal.ts";
import type { DatabaseConnection } from "../../../rules/connection.ts";
import { BROKEN, refuse } from "../errors.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * The certificates of the connection. Node.js takes the public roots where it finds none in `ca`, so there must be one.
 * @throws Refusal database.tls
 */
export const rootsOf = ({ rootCertificate }: DatabaseConnection): string[] => {
  const roots = rootCertificate.match(CERTIFICATE) ?? [];
  const readable = roots.every((pem) => {
    try {
      return new X509Certificate(pem).raw.length > 0;
    } catch {
      return false;
    }
  });
  if (roots.length === 0 || !readable) {
    throw refuse("database.tls", { reason: "the root certificate of the connection is not a certificate in PEM" });
  }
  return roots;
};

/** Name or IP address that the server's certificate must bear. */
export const expectedName = ({ host, serverName }: DatabaseConnection): string => serverName ?? host;

/** Begins TLS on a socket; `secureConnect` says that all was checked. */
export const startTls = (socket: Socket, connection: DatabaseConnection): TLSSocket => {
  const expected = expectedName(connection);
  return connect({
    socket,
    ca: rootsOf(connection),
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    ...(isIP(expected) === 0 && { servername: expected }),
    // Node.js would compare the name of the socket's peer, which is not there for addresses.
    checkServerIdentity: (_, certificate) => checkServerIdentity(expected, certificate),
  });
};

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate does not lead to the root certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate does not lead to the root certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate does not lead to the root certificate",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate does not lead to the root certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate does not lead to the root certificate",
  CERT_SIGNATURE_FAILURE: "its certificate does not lead to the root certificate",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "it speaks no version from TLS 1.2 on",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it speaks no version from TLS 1.2 on",
  ERR_SSL_WRONG_VERSION_NUMBER: "what it sends is not TLS",
};

/** What went wrong before `secureConnect`. */
export const tlsFailure = (error: Error & { code?: string }, connection: DatabaseConnection): Refusal => {
  if (error.code === "ERR_TLS_CERT_ALTNAME_INVALID" && "cert" in error) {
    const { subject, subjectaltname } = error.cert as { subject?: { CN?: string }; subjectaltname?: string };
    const found = (subjectaltname ?? subject?.CN ?? "nobody").slice(0, 200);
    return refuse("database.host-name", { expected: expectedName(connection), found });
  }
  const code = error.code ?? "";
  if (BROKEN.includes(code)) return refuse("database.lost", { step: "agreeing on TLS" });
  return refuse("database.tls", { reason: REASONS[code] ?? (/^[A-Z0-9_]{1,60}$/.test(code) ? code : "it failed") });
};
