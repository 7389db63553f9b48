/**
 * TLS between key nodes (docs/protocols/peers.md section 1): version 1.3, both sides show a certificate, and what makes
 * a peer of whoever is there is that the ledger names the certificate's key. There is no authority and no name to check,
 * so node:tls is told not to look for them; that the other side holds the key, TLS itself proves.
 */
import type { Socket } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { equal } from "../../base/bytes.ts";
import { claimedNode, keyOfCertificate, type TlsIdentity } from "./certificate.ts";

/** SubjectPublicKeyInfo (DER) of a node's TLS key, from the ledger; undefined where it has no such node. */
export type KeyOf = (node: string) => Uint8Array | undefined;

/** Milliseconds that a connection and its handshake may take. */
const HANDSHAKE = 10_000;
/** Connections that have not shown who they are yet: all, and from one address. */
const MAX_STRANGERS = 256;
const MAX_STRANGERS_OF_ADDRESS = 64;

const PROTOCOL = "entente-peer/1";
const options = (identity: TlsIdentity) => ({
  ...identity,
  minVersion: "TLSv1.3" as const,
  sigalgs: "ecdsa_secp256r1_sha256",
  rejectUnauthorized: false,
  ALPNProtocols: [PROTOCOL],
});

/** The node at the other end; undefined unless the ledger names the key that it has proved to hold. */
const authenticated = (socket: TLSSocket, keyOf: KeyOf, expected?: string): string | undefined => {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate || socket.alpnProtocol !== PROTOCOL || socket.isSessionReused()) return undefined;
  const node = claimedNode(certificate);
  const key = node === undefined ? undefined : keyOf(node);
  if (key === undefined || (expected !== undefined && node !== expected)) return undefined;
  return equal(key, keyOfCertificate(certificate)) ? node : undefined;
};

/** Calls `onPeer` for connections of nodes that the ledger names; whoever else comes gets a handshake and no more. */
export const createListener = (
  identity: TlsIdentity,
  keyOf: KeyOf,
  onPeer: (node: string, socket: TLSSocket) => void,
): Server => {
  /** Addresses of those that have not shown who they are, by address and port. */
  const strangers = new Map<string, string>();
  const server = createServer({
    ...options(identity),
    requestCert: true,
    handshakeTimeout: HANDSHAKE,
    noDelay: true,
  });
  server.on("connection", (socket) => {
    const { remoteAddress = "" } = socket;
    const stranger = placeOf(socket);
    const ofAddress = [...strangers.values()].filter((address) => address === remoteAddress).length;
    if (strangers.size >= MAX_STRANGERS || ofAddress >= MAX_STRANGERS_OF_ADDRESS) return socket.destroy();
    strangers.set(stranger, remoteAddress);
    socket.once("close", () => strangers.delete(stranger));
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  server.on("secureConnection", (socket) => {
    strangers.delete(placeOf(socket));
    socket.on("error", () => socket.destroy());
    const node = authenticated(socket, keyOf);
    if (node === undefined) socket.destroy();
    else onPeer(node, socket);
  });
  return server;
};

const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/**
 * Connects to `node`.
 * @param address host:port, as the ledger has it @throws Error when nobody answers, or not the node
 */
export const dial = (node: string, address: string, identity: TlsIdentity, keyOf: KeyOf): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(`tls://${address}`);
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    const socket = connect({ ...options(identity), host, port: Number(port) });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(reason));
    };
    const limit = setTimeout(() => fail("nobody answered in time"), HANDSHAKE);
    socket.on("error", (error) => fail(error.message));
    socket.once("close", () => {
      clearTimeout(limit);
      fail("the connection ended");
    });
    socket.once("secureConnect", () => {
      clearTimeout(limit);
      if (authenticated(socket, keyOf, node) === undefined)
        return fail("whoever answered does not hold the node's key");
      resolve(socket);
    });
  });
