/**
 * `entente keynode join`: runs a key node on this machine for a platform elsewhere. It dials the platform, so nothing
 * has to be let in here but other nodes; and it starts the program again whenever the connection was lost.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { z } from "zod";
import { toBase64url, utf8 } from "../base/bytes.ts";
import type { Configuration } from "../keynode/protocol/configuration.ts";
import { readGreeting, sayGreeting } from "../keys/greeting.ts";
import { acceptsLostStore } from "../keys/lost-store.ts";
import { keptProgram, NODE_OPTIONS } from "../keys/programs.ts";
import { refuse } from "./errors.ts";

export interface JoinOptions {
  /** host:port of the platform's door for nodes. */
  readonly server: string;
  /** SHA-256 (hex) of its certificate. */
  readonly fingerprint: string;
  readonly token: string;
  readonly tag: string;
  /** The program of today; a node that was founded with another one keeps that. */
  readonly program: string;
  readonly data: string;
  /** Where it listens for other nodes, host:port; port 0 takes a free one. */
  readonly listen: string;
  /** Where those reach it, where that is another address: host:port. */
  readonly advertise?: string | undefined;
  readonly attestation: string;
  readonly attestationOptions: Readonly<Record<string, string>>;
}

const Welcome = z.object({ ledger: z.string().max(256) });
const FIRST_WAIT = 500;
const LAST_WAIT = 30_000;

const splitAddress = (address: string): { host: string; port: number } => {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) };
};

/** A connection with whoever has the certificate that is expected. @throws Refusal keynode.server */
const dial = (server: string, fingerprint: string, told: Promise<void>): Promise<TLSSocket> =>
  new Promise((done, failed) => {
    const socket = connect({ ...splitAddress(server), minVersion: "TLSv1.3", rejectUnauthorized: false }, () => {
      const found = socket.getPeerCertificate().fingerprint256?.replaceAll(":", "").toLowerCase() ?? "";
      if (found === fingerprint.replaceAll(":", "").toLowerCase()) return done(socket.setNoDelay(true));
      socket.destroy();
      failed(refuse("keynode.server", { server, found }));
    });
    // It stays: an error may come at any time, and ends the connection.
    socket.on("error", failed);
    socket.once("close", () => failed(new Error("The connection was closed.")));
    void told.then(() => socket.destroy());
  });

/** The program behind a connection, until it has ended. */
const run = async (options: JoinOptions, ledger: string, socket: TLSSocket, closed: Promise<unknown>) => {
  const { tag, attestation } = options;
  const data = resolve(options.data);
  const directory = join(data, tag);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const configuration: Configuration = {
    ...{ directory, tag, ledger, acceptLostStore: await acceptsLostStore(directory) },
    attestation: { provider: attestation, options: { ...options.attestationOptions } },
    listen: splitAddress(options.listen),
  };
  const program = await keptProgram({ directory: data, tag, program: options.program });
  const child = spawn(process.execPath, [...NODE_OPTIONS, program, toBase64url(utf8(JSON.stringify(configuration)))], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {},
  });
  const ended = once(child, "exit");
  child.stdin.on("error", () => socket.destroy());
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
  // The program ends with its channel.
  void closed.then(() => child.stdin.end());
  await ended;
};

/** One connection, from its greeting to its end. */
const serve = async (options: JoinOptions, told: Promise<void>): Promise<void> => {
  const { server, fingerprint, token, tag } = options;
  const socket = await dial(server, fingerprint, told);
  // Asked from here on: it may be gone before there is a program to tell.
  const closed = once(socket, "close").catch(() => undefined);
  try {
    sayGreeting(socket, {
      ...{ token, tag, host: splitAddress(options.listen).host },
      ...(options.advertise !== undefined && splitAddress(options.advertise)),
    });
    const welcome = Welcome.safeParse(await readGreeting(socket));
    if (!welcome.success) throw refuse("keynode.refused", { server });
    await run(options, welcome.data.ledger, socket, closed);
  } finally {
    socket.destroy();
  }
};

/** Until `told` resolves. */
export const joinPlatform = async (
  options: JoinOptions,
  told: Promise<void>,
  say: (line: string) => void,
): Promise<void> => {
  let stopped = false;
  void told.then(() => {
    stopped = true;
  });
  for (let wait = FIRST_WAIT; !stopped; ) {
    const began = Date.now();
    await serve(options, told).catch((error: unknown) => stopped || say(String(error)));
    if (Date.now() - began > LAST_WAIT) wait = FIRST_WAIT;
    await Promise.race([new Promise((done) => setTimeout(done, wait)), told]);
    wait = Math.min(wait * 2, LAST_WAIT);
  }
};
