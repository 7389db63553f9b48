/**
 * Key nodes on other machines: each dials this server over TLS, says with a token that it may, and carries the very
 * channel that a child process has (`entente keynode join`). It knows the server by its certificate's fingerprint; the
 * server knows the node by what it signs with the key on the ledger.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { z } from "zod";
import { generateKey } from "#crypto";
import { type Clock, DAY } from "../base/clock.ts";
import { Tag } from "../rules/key-node.ts";
import { createChannel } from "../tee/protocol/channel.ts";
import { keyToPem } from "../trust/keys.ts";
import { certificateToPem, parseCertificate } from "../trust/x509/certificate.ts";
import { createCa, randomSerial } from "../trust/x509/issue.ts";
import { refuse } from "./errors.ts";
import { readGreeting, sayGreeting } from "./greeting.ts";
import type { Link } from "./node-host.ts";

/** What a node says first. */
const Joins = z.strictObject({
  token: z.string().max(512),
  tag: Tag,
  /** Where other nodes reach it; without a port, the one that it listens on. */
  host: z.string().regex(/^[A-Za-z0-9.:-]{1,255}$/),
  port: z.int().min(1).max(65_535).optional(),
});

export interface JoiningOptions {
  readonly token: string;
  /** Keeps the server's certificate and its key. */
  readonly file: string;
  /** Verifier key of the ledger, which the node is to follow. */
  readonly ledger: string;
  readonly clock: Clock;
  /** A node with a tag is there; `next` takes this connection, and those that it comes with later. */
  readonly onJoin: (tag: string, next: () => Promise<Link>) => void;
  readonly log: (line: string) => void;
}

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Made on the first start: nodes know it by its fingerprint. */
const identityOf = (file: string, clock: Clock): { key: string; cert: string } => {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as { key: string; cert: string };
  const key = generateKey("P-256");
  const validity = { notBefore: clock.now() - DAY, notAfter: clock.now() + 3_650 * DAY };
  const certificate = createCa({ name: { commonName: "Entente" }, key, ...validity, serial: randomSerial() });
  const made = { key: keyToPem(key), cert: certificateToPem(certificate) };
  writeFileSync(file, JSON.stringify(made), { mode: 0o600, flag: "wx", flush: true });
  return made;
};

export const createJoining = ({ token, file, ledger, clock, onJoin, log }: JoiningOptions) => {
  const identity = identityOf(file, clock);
  /** Links that nobody has taken yet, and those who wait for one. */
  const waiting = new Map<string, { resolve: (link: Link) => void; reject: (error: Error) => void }>();
  const arrived = new Map<string, Link>();
  const sockets = new Set<TLSSocket>();

  /** The next connection of the node with this tag, whenever it comes. */
  const next = (tag: string) => (): Promise<Link> => {
    const link = arrived.get(tag);
    arrived.delete(tag);
    if (link) return Promise.resolve(link);
    return new Promise((resolve, reject) => {
      waiting.get(tag)?.reject(refuse("key-node.unavailable", { node: tag, reason: "it is waited for anew" }));
      waiting.set(tag, { resolve, reject });
    });
  };

  const accept = async (socket: TLSSocket): Promise<void> => {
    const said = Joins.safeParse(await readGreeting(socket));
    if (!said.success || !timingSafeEqual(hashOf(said.data.token), hashOf(token))) {
      sayGreeting(socket, { refused: "token" });
      socket.end();
      return;
    }
    const { tag, host, port } = said.data;
    sayGreeting(socket, { ledger });
    const channel = createChannel(socket, socket, {}, 0);
    const ended = channel.closed.then(() => void socket.destroy());
    const link: Link = {
      ...{ channel, host, port, isRemote: true as const },
      async stop() {
        channel.close("the server lets it go");
        await ended;
      },
    };
    const taker = waiting.get(tag);
    waiting.delete(tag);
    if (taker) return taker.resolve(link);
    // Whoever came before under this tag, and was taken by nobody, makes room.
    await arrived.get(tag)?.stop();
    arrived.set(tag, link);
    onJoin(tag, next(tag));
    // A node of this machine has the tag.
    if (arrived.delete(tag)) await link.stop();
  };

  const server = createServer({ ...identity, minVersion: "TLSv1.3" }, (socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    accept(socket).catch((error: unknown) => {
      log(String(error));
      socket.destroy();
    });
  });

  return {
    /** SHA-256 (hex) of the certificate. */
    fingerprint: parseCertificate(identity.cert).fingerprint,
    async listen(where: { host: string; port: number }): Promise<number> {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(where, resolve);
      });
      return (server.address() as AddressInfo).port;
    },
    port: (): number => (server.address() as AddressInfo | null)?.port ?? 0,
    async close(): Promise<void> {
      for (const [tag, { reject }] of waiting)
        reject(refuse("key-node.unavailable", { node: tag, reason: "the server is shutting down" }));
      waiting.clear();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
