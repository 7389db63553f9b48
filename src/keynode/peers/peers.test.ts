import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { generateKey } from "#crypto";
import { startNet, startWire, streamOf, type TestNet, until } from "../../../test/support/peers.ts";
import { systemClock } from "../../base/clock.ts";
import { Refusal } from "../../base/refusal.ts";
import { createTlsIdentity } from "./certificate.ts";
import type { Peers } from "./peers.ts";

const URGENT = { within: 20_000, lane: "urgent" } as const;
const BULK = { within: 20_000, lane: "bulk" } as const;
const text = (value: string) => Buffer.from(value);

const withNet = async (count: number, work: (net: TestNet, peers: Peers[]) => Promise<void>) => {
  const net = await startNet(count);
  try {
    await work(
      net,
      net.nodes.map(({ peers }) => peers),
    );
  } finally {
    await net.close();
  }
};
const echo = (peers: Peers) => peers.answer("echo", async (_, body) => body);
const code = (expected: string) => (error: unknown) => error instanceof Refusal && error.code === expected;

test("nine nodes ask one another, each over one connection a pair", () =>
  withNet(9, async (net, all) => {
    for (const [at, peers] of all.entries())
      peers.answer("who", async (from, body) => text(`${streamOf(at)} hears ${from}: ${body}`));
    for (const [from, peers] of all.entries())
      for (const { node } of net.nodes)
        if (node !== streamOf(from)) {
          const answer = await peers.ask(node, "who", text("hello"), URGENT);
          assert.equal(Buffer.from(answer).toString(), `${node} hears ${streamOf(from)}: hello`);
        }
    for (const peers of all) {
      assert.equal(peers.status().length, 8);
      assert.ok(peers.status().every(({ connected }) => connected));
    }
  }));

test("a refusal, an error and an unknown topic come back as the other's, and nothing of an error is said", () =>
  withNet(2, async (_, [a, b]) => {
    b?.answer("refuse", async () => {
      throw new Refusal("key.state", 409, { state: "disabled" }, "The key is disabled.");
    });
    b?.answer("break", async () => {
      throw new Error("secret");
    });
    for (const [topic, said] of [
      ["refuse", "key.state"],
      ["break", "internal"],
      ["nothing", "peer.topic"],
    ] as const)
      await assert.rejects(a?.ask(streamOf(1), topic, text(""), URGENT) ?? Promise.resolve(), (error: Refusal) => {
        assert.deepEqual([error.code, error.details], ["peer.refused", { node: streamOf(1), code: said }]);
        return true;
      });
    await assert.rejects(a?.ask(streamOf(7), "echo", text(""), URGENT) ?? Promise.resolve(), code("peer.unknown"));
    const large = Buffer.alloc(17 << 20);
    await assert.rejects(a?.ask(streamOf(1), "echo", large, BULK) ?? Promise.resolve(), code("peer.too-large"));
  }));

test("thousands of questions wait side by side; more than that, or too much of them, is refused", () =>
  withNet(2, async (_, [a, b]) => {
    assert.ok(a && b);
    const waiting: (() => void)[] = [];
    b.answer("wait", (_, body) => new Promise((resolve) => waiting.push(() => resolve(body))));
    const outcomes = (count: number, size: number) =>
      Array.from({ length: count }, () =>
        a.ask(streamOf(1), "wait", Buffer.alloc(size), URGENT).then(
          () => "answered",
          (error: Refusal) => String(error.details.code ?? error.code),
        ),
      );
    for (const [count, size, most] of [
      [4_100, 1, 4_096],
      [5, 15 << 20, 4],
    ] as const) {
      const asked = outcomes(count, size);
      const refused = new Set<string>();
      for (const one of asked) void one.then((outcome) => outcome !== "answered" && refused.add(outcome));
      await until(() => waiting.length === most && refused.size === 1);
      for (const answer of waiting.splice(0)) answer();
      const ended = await Promise.all(asked);
      assert.equal(ended.filter((outcome) => outcome === "answered").length, most);
      assert.deepEqual([...refused], ["peer.busy"]);
    }
  }));

test("large messages arrive whole, and a question overtakes them", () =>
  withNet(2, async (_, [a, b]) => {
    assert.ok(a && b);
    echo(b);
    const heard: string[] = [];
    b.hear("large", (_, body) => void heard.push(createHash("sha256").update(body).digest("hex")));
    await a.ask(streamOf(1), "echo", text("x"), URGENT);
    const messages = Array.from({ length: 3 }, () => randomBytes(15 << 20));
    for (const message of messages) a.tell(streamOf(1), "large", message, BULK);
    await a.ask(streamOf(1), "echo", text("y"), URGENT);
    assert.ok(heard.length < 3, "the question came before the last large message");
    await until(() => heard.length === 3);
    assert.deepEqual(
      heard,
      messages.map((message) => createHash("sha256").update(message).digest("hex")),
    );
  }));

test("every message arrives once and in order, however often the connection is cut", (t) =>
  withNet(2, async (net, [a, b]) => {
    assert.ok(a && b);
    const wire = await startWire();
    t.after(() => wire.close());
    wire.to = b.address.port;
    net.addresses.set(streamOf(1), `127.0.0.1:${wire.port}`);
    const heard = { at1: [] as number[], at0: [] as number[] };
    b.hear("count", (_, body) => void heard.at1.push(Buffer.from(body).readUInt32BE(0)));
    a.hear("count", (_, body) => void heard.at0.push(Buffer.from(body).readUInt32BE(0)));
    b.keep([streamOf(0)]);
    let restarts = 0;
    a.onRestart(() => restarts++);
    const count = 400;
    for (let i = 0; i < count; i++) {
      const body = Buffer.alloc(4 + Math.floor(Math.random() * 100_000));
      body.writeUInt32BE(i);
      a.tell(streamOf(1), "count", body, BULK);
      b.tell(streamOf(0), "count", body, BULK);
      if (i % 25 === 24) wire.cut();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until(() => heard.at0.length >= count && heard.at1.length >= count);
    const expected = Array.from({ length: count }, (_, i) => i);
    assert.deepEqual(heard.at1, expected);
    assert.deepEqual(heard.at0, expected);
    assert.equal(restarts, 0);
  }));

test("what was asked of a node that is started again ends, and what is asked then is answered", () =>
  withNet(2, async (net, [a, b]) => {
    assert.ok(a && b);
    b.answer("never", () => new Promise(() => undefined));
    const forgotten: string[] = [];
    a.onRestart((node) => forgotten.push(node));
    const asked = a.ask(streamOf(1), "never", text(""), URGENT);
    await until(() => a.bootOf(streamOf(1)) !== undefined);
    const before = a.bootOf(streamOf(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [again] = await Promise.all([net.restart(1), assert.rejects(asked, code("peer.restarted"))]);
    assert.deepEqual(forgotten, [streamOf(1)]);
    assert.notEqual(a.bootOf(streamOf(1)), before);
    echo(again);
    assert.equal(Buffer.from(await a.ask(streamOf(1), "echo", text("z"), URGENT)).toString(), "z");
  }));

test("what is asked while a node is away reaches the process that comes back", () =>
  withNet(2, async (net, [a, b]) => {
    assert.ok(a && b);
    echo(b);
    await a.ask(streamOf(1), "echo", text("x"), URGENT);
    await b.close();
    await until(() => a.bootOf(streamOf(1)) === undefined);
    const asked = a.ask(streamOf(1), "echo", text("y"), URGENT);
    echo(await net.restart(1));
    assert.equal(Buffer.from(await asked).toString(), "y");
  }));

test("a node that does not answer is unreachable, and says so by name", () =>
  withNet(2, async (net, [a]) => {
    assert.ok(a);
    net.addresses.set(streamOf(1), "127.0.0.1:1");
    await assert.rejects(
      a.ask(streamOf(1), "echo", text(""), { within: 200, lane: "urgent" }),
      (error: Refusal) => error.code === "peer.unreachable" && String(error.details.nodes) === streamOf(1),
    );
    assert.match(String(a.status()[0]?.reason), /ECONNREFUSED/);
  }));

test("a node whose address is not known yet is found as soon as the ledger has it", () =>
  withNet(2, async (net, [a, b]) => {
    assert.ok(a && b);
    echo(b);
    const there = net.addresses.get(streamOf(1)) as string;
    net.addresses.delete(streamOf(1));
    a.keep([streamOf(1), streamOf(5)]);
    await assert.rejects(a.reach(streamOf(1), 50), code("peer.unreachable"));
    net.addresses.set(streamOf(1), there);
    assert.equal(Buffer.from(await a.ask(streamOf(1), "echo", text("now"), URGENT)).toString(), "now");
  }));

test("a node that moves is found at its new address; one that can't be dialled dials", () =>
  withNet(3, async (net, [a, b, c]) => {
    assert.ok(a && b && c);
    for (const peers of [a, b, c]) echo(peers);
    const there = net.addresses.get(streamOf(1)) as string;
    net.addresses.set(streamOf(1), "127.0.0.1:1");
    const asked = a.ask(streamOf(1), "echo", text("moved"), URGENT);
    await new Promise((resolve) => setTimeout(resolve, 100));
    net.addresses.set(streamOf(1), there);
    assert.equal(Buffer.from(await asked).toString(), "moved");
    net.addresses.delete(streamOf(2));
    const waiting = a.ask(streamOf(2), "echo", text("outbound only"), URGENT);
    c.keep([streamOf(0)]);
    assert.equal(Buffer.from(await waiting).toString(), "outbound only");
  }));

test("200 ms and jitter on the wire: questions are answered side by side", (t) =>
  withNet(2, async (net, [a, b]) => {
    assert.ok(a && b);
    echo(b);
    const wire = await startWire({ delay: 100, jitter: 40 });
    t.after(() => wire.close());
    wire.to = b.address.port;
    net.addresses.set(streamOf(1), `127.0.0.1:${wire.port}`);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => a.ask(streamOf(1), "echo", text(String(i)), URGENT)),
    );
    assert.deepEqual(
      answers.map((answer) => Buffer.from(answer).toString()),
      Array.from({ length: 50 }, (_, i) => String(i)),
    );
  }));

/** A connection as no node of ours would make it. @returns whether the node talked with it */
const isHeard = async (port: number, options: ConnectionOptions): Promise<boolean> => {
  let socket: TLSSocket | undefined;
  const heard = await new Promise<boolean>((resolve) => {
    socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
    socket.on("data", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
  socket?.destroy();
  return heard;
};

test("strangers get a handshake and no more", () =>
  withNet(2, async (net, [a]) => {
    assert.ok(a);
    const ALPNProtocols = ["entente-peer/1"];
    const own = (node: string, key = generateKey("P-256")) => ({
      ...createTlsIdentity(node, key, systemClock),
      ALPNProtocols,
    });
    const { port } = a.address;
    const known = net.nodes[1]?.tlsKey;
    assert.equal(await isHeard(port, own(streamOf(1), known)), true, "the node itself is heard");
    assert.equal(await isHeard(port, { ALPNProtocols }), false, "no certificate");
    assert.equal(await isHeard(port, own(streamOf(1))), false, "the name of a node, another key");
    assert.equal(await isHeard(port, own(streamOf(5), known)), false, "a key of a node, a name of none");
    assert.equal(await isHeard(port, own(streamOf(0), net.nodes[0]?.tlsKey)), false, "itself");
    assert.equal(await isHeard(port, own("x".repeat(64))), false, "no stream");
    assert.equal(await isHeard(port, { ...own(streamOf(1), known), ALPNProtocols: [] }), false, "another protocol");
    assert.equal(await isHeard(port, { ...own(streamOf(1), known), maxVersion: "TLSv1.2" }), false, "TLS 1.2");
    net.keys.delete(streamOf(1));
    assert.equal(await isHeard(port, own(streamOf(1), known)), false, "a node that the ledger doesn't name");
  }));

test("whoever answers at a node's address without its key is not talked to", () =>
  withNet(3, async (net, [a, , c]) => {
    assert.ok(a && c);
    let asked = 0;
    c.answer("echo", async (_, body) => {
      asked++;
      return body;
    });
    net.addresses.set(streamOf(1), net.addresses.get(streamOf(2)) as string);
    const unanswered = a.ask(streamOf(1), "echo", text("secret"), { within: 300, lane: "urgent" });
    await assert.rejects(unanswered, code("peer.unreachable"));
    assert.equal(asked, 0);
    assert.match(String(a.status()[0]?.reason), /does not hold the node's key/);
  }));
