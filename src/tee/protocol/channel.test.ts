import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { Refusal, refusals } from "../../base/refusal.ts";
import { type Body, type Channel, createChannel, type Handler } from "./channel.ts";
import { WINDOW } from "./flow.ts";
import { CHUNK_SIZE, MAX_JSON } from "./frames.ts";

const MiB = 1 << 20;
const refuse = refusals({
  "test.said-no": { status: 409, en: "No: {why}. Ask another.", zh: "不行：{why}。请换一个。" },
});

const channels: Channel[] = [];
after(() => channels.forEach((channel) => void channel.close("the test is over")));

/** Two programs with a pipe each way. */
const pair = (handlers: Record<string, Handler>, { back = {} as Record<string, Handler>, first = 0 } = {}) => {
  const [there, here] = [new PassThrough(), new PassThrough()];
  const server = createChannel(here, there, back, 0, first);
  const enclave = createChannel(there, here, handlers, 1);
  channels.push(server, enclave);
  return { server, enclave, there };
};
const code = (expected: string) => (error: unknown) => error instanceof Refusal && error.code === expected;
const sizeOf = async (body: Body) => {
  let size = 0;
  for await (const chunk of body) size += chunk.length;
  return size;
};
const turn = () => new Promise((resolve) => setImmediate(resolve));
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await turn();
};
async function* zeros(pieces: number, size = MiB): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < pieces; i++) yield new Uint8Array(size);
}
const never = () => new Promise<never>(() => undefined);

test("calls go both ways at once, and answers find their calls", async () => {
  const double: Handler = async (n) => ({ result: (n as number) * 2 });
  const negate: Handler = async (n) => ({ result: -(n as number) });
  const { server, enclave } = pair({ double }, { back: { negate } });
  const numbers = Array.from({ length: 50 }, (_, n) => n + 1);
  const answers = await Promise.all(
    numbers.flatMap((n) => [server.call("double", n), enclave.call("negate", n)].map((call) => call)),
  );
  assert.deepEqual(
    answers.map(({ result }) => result),
    numbers.flatMap((n) => [n * 2, -n]),
  );
});

test("a call without parameters, an answer without a result", async () => {
  const { server } = pair({ nothing: async (params) => ({ result: params }) });
  assert.equal((await server.call("nothing", undefined)).result, undefined);
});

test("a refusal keeps its code, status and details; anything else is internal", async () => {
  const { server } = pair({
    async no() {
      throw refuse("test.said-no", { why: "late" });
    },
    async broken() {
      throw new TypeError("oops");
    },
  });
  await assert.rejects(server.call("no", {}), (error) => {
    assert.ok(error instanceof Refusal);
    assert.deepEqual([error.code, error.status, error.details], ["test.said-no", 409, { why: "late" }]);
    return true;
  });
  await assert.rejects(server.call("broken", {}), code("internal"));
  await assert.rejects(server.call("constructor", {}), code("channel.method"));
});

test("a refusal too large for its frame still arrives with its code", async () => {
  const { server } = pair({
    async no() {
      throw refuse("test.said-no", { why: "x".repeat(MiB) });
    },
  });
  await assert.rejects(server.call("no", {}), code("test.said-no"));
});

test("200 MB pass through both ways with a few chunks under way", async () => {
  let ahead = 0;
  let most = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of zeros(200)) {
      most = Math.max(most, ++ahead);
      yield piece;
    }
  }
  async function* slowly(body: Body): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      await turn();
      yield chunk;
    }
  }
  const { server } = pair({ echo: async (_, body) => ({ result: {}, body: slowly(body) }) });
  const { body } = await server.call("echo", {}, counted());
  let size = 0;
  for await (const chunk of body) {
    ahead--;
    size += chunk.length;
  }
  assert.equal(size, 200 * MiB);
  assert.ok(most <= 2 * (WINDOW + 2), `${most} chunks were under way`);
});

test("a sender waits for a receiver that does not read", async () => {
  let sent = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of zeros(50)) {
      sent++;
      yield piece;
    }
  }
  const { promise: free, resolve: go } = Promise.withResolvers<void>();
  const { server } = pair({
    async slow(_, body) {
      await free;
      return { result: await sizeOf(body) };
    },
  });
  const answer = server.call("slow", {}, counted());
  await turns(200);
  assert.equal(sent, WINDOW + 1, "the window, and one that waits");
  go();
  assert.equal((await answer).result, 50 * MiB);
});

test("pieces larger than a chunk are cut, empty ones left out", async () => {
  const sizes: number[] = [];
  const { server } = pair({
    async take(_, body) {
      for await (const chunk of body) sizes.push(chunk.length);
      return { result: {} };
    },
  });
  const pieces = [new Uint8Array(0), new Uint8Array(2 * CHUNK_SIZE + 3), new Uint8Array(0)];
  await server.call(
    "take",
    {},
    (async function* () {
      yield* pieces;
    })(),
  );
  assert.deepEqual(sizes, [CHUNK_SIZE, CHUNK_SIZE, 3]);
});

test("a call too large is refused where it is made, and hurts no other", async () => {
  const { promise: free, resolve: go } = Promise.withResolvers<void>();
  const { server } = pair({
    async wait() {
      await free;
      return { result: "done" };
    },
  });
  const other = server.call("wait", {});
  await assert.rejects(server.call("wait", { much: "x".repeat(MAX_JSON) }), code("channel.too-large"));
  go();
  assert.equal((await other).result, "done");
});

test("an answer too large fails its call alone", async () => {
  const { server } = pair({
    much: async () => ({ result: "x".repeat(MAX_JSON) }),
    little: async () => ({ result: "x" }),
  });
  await assert.rejects(server.call("much", {}), code("channel.too-large"));
  assert.equal((await server.call("little", {})).result, "x");
});

test("a body that fails after the answer fails at its reader", async () => {
  const { server } = pair({
    async half() {
      async function* body(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(10);
        throw refuse("test.said-no", { why: "gone" });
      }
      return { result: {}, body: body() };
    },
  });
  const { body } = await server.call("half", {});
  await assert.rejects(sizeOf(body), code("test.said-no"));
});

test("a caller's body that fails is the handler's failure", async () => {
  const { server } = pair({ take: async (_, body) => ({ result: await sizeOf(body) }) });
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw refuse("test.said-no", { why: "gone" });
  }
  await assert.rejects(server.call("take", {}, failing()), code("test.said-no"));
});

/** A body that tells when it was let go. */
const watched = () => {
  const { promise: released, resolve } = Promise.withResolvers<void>();
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* zeros(1_000);
    } finally {
      resolve();
    }
  }
  return { body: body(), released };
};

test("who stops reading an answer lets the sender go", async () => {
  const { body: content, released } = watched();
  const { server } = pair({
    much: async () => ({ result: {}, body: content }),
    ping: async () => ({ result: "pong" }),
  });
  const { body } = await server.call("much", {});
  for await (const chunk of body) {
    assert.equal(chunk.length, MiB);
    break;
  }
  await released;
  assert.equal((await server.call("ping", {})).result, "pong");
});

test("an answer that comes before the whole of the caller's body lets the caller go", async () => {
  const { body, released } = watched();
  const { server } = pair({ early: async () => ({ result: "enough" }) });
  assert.equal((await server.call("early", {}, body)).result, "enough");
  await released;
});

test("a reader that gives up is not held by a sender that stalls", async () => {
  const { server } = pair({
    async stall() {
      async function* body(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(1);
        await never();
      }
      return { result: {}, body: body() };
    },
  });
  const reader = (await server.call("stall", {})).body[Symbol.asyncIterator]();
  await reader.next();
  const pending = reader.next();
  await reader.return?.();
  assert.equal((await pending).done, true);
});

test("the end of the channel in the middle of calls and bodies ends them all", async () => {
  const { promise: served, resolve: serving } = Promise.withResolvers<unknown>();
  const { server, there, enclave } = pair({
    hang: never,
    async take(_, body) {
      serving(await sizeOf(body).catch((error: unknown) => error));
      return { result: {} };
    },
    async give() {
      async function* body(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(1);
        await never();
      }
      return { result: {}, body: body() };
    },
  });
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    await never();
  }
  const { body } = await server.call("give", {});
  const ends = [server.call("hang", {}), server.call("take", {}, endless()), sizeOf(body)];
  await turns(20);
  there.end();
  for (const end of ends) await assert.rejects(end, code("channel.closed"));
  assert.ok(code("channel.closed")(await served));
  assert.equal(await enclave.closed, "end of stream");
  await assert.rejects(server.call("give", {}), code("channel.closed"));
});

test("numbers of calls begin again, past those that are in use", async () => {
  const { promise: free, resolve: go } = Promise.withResolvers<void>();
  const { server } = pair(
    {
      async wait() {
        await free;
        return { result: "waited" };
      },
      now: async (n) => ({ result: n }),
    },
    { first: 0xffff_fffa },
  );
  const waiting = [server.call("wait", {}), server.call("wait", {}), server.call("wait", {})];
  for (let n = 0; n < 10; n++) assert.equal((await server.call("now", n)).result, n);
  go();
  for (const call of waiting) assert.equal((await call).result, "waited");
});

test("more calls than are served at a time are refused, those before go on", async () => {
  const { promise: free, resolve: go } = Promise.withResolvers<void>();
  const { server } = pair({
    async wait() {
      await free;
      return { result: 1 };
    },
  });
  const calls = Array.from({ length: 1_024 }, () => server.call("wait", {}));
  await assert.rejects(server.call("wait", {}), code("channel.busy"));
  go();
  assert.equal((await Promise.all(calls)).length, 1_024);
});
