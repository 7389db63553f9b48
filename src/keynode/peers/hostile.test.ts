/** What a node that the ledger names can do to another with bytes of its own making. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { startNet, startWire, streamOf, type TestNet, until } from "../../../test/support/peers.ts";
import { systemClock } from "../../base/clock.ts";
import { encodeHead } from "../../tee/protocol/frames.ts";
import { createTlsIdentity } from "./certificate.ts";
import { HELLO, LAST, PART, PART_SIZE, SEEN } from "./link.ts";
import type { Peers } from "./peers.ts";
import { encodeReceived, MAX_MESSAGE } from "./session.ts";
import { encodeHello, encodeSpoken, NO_BOOT } from "./wire.ts";

const URGENT = { within: 20_000, lane: "urgent" } as const;

/** Three nodes, of which the last is played by hand. */
const withHostile = async (work: (net: TestNet, a: Peers, b: Peers) => Promise<void>) => {
  const net = await startNet(3);
  const [a, b, c] = net.nodes.map(({ peers }) => peers);
  assert.ok(a && b && c);
  await c.close();
  net.addresses.delete(streamOf(2));
  b.answer("echo", async (_, body) => body);
  a.answer("echo", async (_, body) => body);
  try {
    await work(net, a, b);
  } finally {
    await net.close();
  }
};
const frame = (type: number, number: number, payload: Uint8Array) =>
  Buffer.concat([encodeHead(type, number, payload.length), payload]);
const hello = (boot = randomBytes(16).toString("hex"), of = NO_BOOT, received = { urgent: 0, bulk: 0 }) =>
  frame(HELLO, 0, encodeHello({ boot, of, received }));

const open = async (
  net: TestNet,
  to: Peers,
): Promise<{ socket: TLSSocket; read: () => Buffer; ended: Promise<void> }> => {
  const { node, tlsKey } = net.nodes[2] as (typeof net.nodes)[number];
  const identity = createTlsIdentity(node, tlsKey, systemClock);
  const { host, port } = to.address;
  const ALPNProtocols = ["entente-peer/1"];
  const socket = connect({ host, port, ...identity, rejectUnauthorized: false, ALPNProtocols });
  const pieces: Buffer[] = [];
  socket.on("data", (piece) => pieces.push(piece));
  socket.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => socket.once("secureConnect", resolve));
  return { socket, read: () => Buffer.concat(pieces), ended };
};
const isServed = async (asker: Peers) => {
  const answer = await asker.ask(streamOf(1), "echo", Buffer.from("still there"), URGENT);
  assert.equal(Buffer.from(answer).toString(), "still there");
};

const ask = (body: Uint8Array) => encodeSpoken("ask", 7, body, "echo");
const malformed: Record<string, Buffer[]> = {
  "no hello": [frame(LAST, 0, ask(Buffer.of(1)))],
  "a hello of another version": [frame(HELLO, 0, Buffer.alloc(45, 9))],
  "a short hello": [frame(HELLO, 0, Buffer.alloc(12, 1))],
  "two hellos": [hello(), hello()],
  "a frame of no type": [hello(), frame(9, 0, Buffer.of(1))],
  "a frame that is too large": [hello(), encodeHead(PART, 0, PART_SIZE + 1)],
  "a lane there is not": [hello(), frame(LAST, 2, ask(Buffer.of(1)))],
  "a part of another size": [hello(), frame(PART, 0, Buffer.alloc(10)), frame(LAST, 0, Buffer.alloc(10))],
  "an empty message": [hello(), frame(LAST, 0, Buffer.alloc(0))],
  "a message of no kind": [hello(), frame(LAST, 0, Buffer.of(9, 0, 0, 0, 0, 0))],
  "a message that ends in its topic": [hello(), frame(LAST, 0, Buffer.of(1, 0, 0, 0, 0, 200, 97))],
  "a failure that is no JSON": [hello(), frame(LAST, 0, encodeSpoken("failure", 0, Buffer.from("{")))],
  "an acknowledgement of what was not sent": [hello(), frame(SEEN, 0, encodeReceived({ urgent: 5, bulk: 0 }))],
  "a message without an end": [
    hello(),
    ...Array.from({ length: Math.ceil(MAX_MESSAGE / PART_SIZE) + 1 }, () => frame(PART, 0, Buffer.alloc(PART_SIZE))),
  ],
};
for (const [what, frames] of Object.entries(malformed))
  test(`${what} ends the connection of who sent it, and nobody else's`, () =>
    withHostile(async (net, a, b) => {
      await isServed(a);
      const { socket, ended } = await open(net, b);
      // Where nothing was asked, a failure answers nothing and is let go: ask first.
      if (what.startsWith("a failure")) void b.ask(streamOf(2), "echo", Buffer.of(1), URGENT).catch(() => undefined);
      for (const bytes of frames) socket.write(bytes);
      await ended;
      await isServed(a);
    }));

test("a session that is replayed with what its node said before is answered once for each time it is a new one", () =>
  withHostile(async (net, _, b) => {
    let asked = 0;
    b.answer("count", async () => {
      asked++;
      return Buffer.of(1);
    });
    const boot = randomBytes(16).toString("hex");
    const question = frame(LAST, 0, encodeSpoken("ask", 1, Buffer.of(1), "count"));
    const first = await open(net, b);
    first.socket.write(Buffer.concat([hello(boot), question]));
    await until(() => asked === 1);
    first.socket.destroy();
    // The same process again, as its own hello says: it would only say that all was received. It says the question anew,
    // which is another question then.
    const second = await open(net, b);
    second.socket.write(Buffer.concat([hello(boot, b.boot, { urgent: 0, bulk: 0 }), question]));
    await until(() => asked === 2);
    second.socket.destroy();
    await second.ended;
  }));

test("a flood of frames, of questions and of parts leaves others served", () =>
  withHostile(async (net, a, b) => {
    const floods = [
      frame(4, 0, Buffer.alloc(0)),
      frame(LAST, 0, ask(Buffer.alloc(100))),
      frame(PART, 1, Buffer.alloc(PART_SIZE)),
    ];
    for (const one of floods) {
      const { socket } = await open(net, b);
      socket.write(hello());
      const many = Buffer.concat(Array.from({ length: Math.ceil((1 << 20) / one.length) }, () => one));
      let flooding = true;
      const flood = (async () => {
        while (flooding && !socket.destroyed) {
          if (!socket.write(many)) await new Promise((resolve) => setTimeout(resolve, 1));
        }
      })();
      for (let i = 0; i < 20; i++) await isServed(a);
      flooding = false;
      socket.destroy();
      await flood;
    }
  }));

test("a connection whose other end is silent is given up, and what was said goes over the next one", (t) =>
  withHostile(async (net, a, b) => {
    const wire = await startWire();
    t.after(() => wire.close());
    wire.to = b.address.port;
    net.addresses.set(streamOf(1), `127.0.0.1:${wire.port}`);
    await isServed(a);
    wire.silent = true;
    const asked = isServed(a);
    await until(() => a.bootOf(streamOf(1)) === undefined);
    wire.silent = false;
    await asked;
  }));

test("strangers that say nothing are few at a time, and peers that are there are served", () =>
  withHostile(async (_, a, b) => {
    await isServed(a);
    const { host, port } = b.address;
    let closed = 0;
    const strangers = Array.from({ length: 100 }, () =>
      connectTcp({ host, port })
        .on("error", () => undefined)
        .on("close", () => closed++),
    );
    await until(() => closed >= 100 - 64);
    await isServed(a);
    for (const stranger of strangers) stranger.destroy();
  }));
