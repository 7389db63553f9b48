/** What a hostile program at the other end may send, and what comes of it. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { type Channel, createChannel } from "./channel.ts";
import { WINDOW } from "./flow.ts";
import * as frames from "./frames.ts";

const frame = (type: number, call: number, payload: Uint8Array | string = "") => {
  const bytes = Buffer.from(payload as string);
  return Buffer.concat([frames.encodeHead(type, call, bytes.length), bytes]);
};
const json = (value: unknown) => JSON.stringify(value);
const call = (number: number, body = false, method = "hang") =>
  frame(frames.CALL, number, json({ method, params: {}, body }));
const answer = (number: number, body = false) => frame(frames.ANSWER, number, json({ result: {}, body }));
const failure = (number: number) =>
  frame(frames.FAILURE, number, json({ code: "x.y", status: 400, details: {}, message: "no" }));
const chunk = (number: number, size = 1) => frame(frames.CHUNK, number, new Uint8Array(size));
const end = (number: number) => frame(frames.END, number);

/** An enclave's channel whose other end the test writes by hand. */
const victim = () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  output.resume();
  const channel = createChannel(input, output, { hang: () => new Promise(() => undefined) }, 1);
  return { input, channel };
};

/** What is sent, and how many calls the victim has made before it. */
const malformed: Record<string, [string, Buffer[], { calls?: number }?]> = {
  "an unknown type": ["frame type 9", [frame(9, 0)]],
  "a chunk above its limit": ["type 3", [frames.encodeHead(frames.CHUNK, 0, frames.CHUNK_SIZE + 1)]],
  "a call above its limit": ["type 0", [frames.encodeHead(frames.CALL, 0, frames.MAX_JSON + 1)]],
  "a failure above its limit": ["type 2", [frames.encodeHead(frames.FAILURE, 1, frames.MAX_FAILURE + 1)], { calls: 1 }],
  "an end that carries bytes": ["type 4", [frame(frames.END, 0, "x")]],
  "a call under the victim's parity": ["number of the other side", [call(1)]],
  "a call under a number in use": ["in use", [call(0), call(0)]],
  "a call that is not JSON": ["JSON", [frame(frames.CALL, 0, "{")]],
  "a call without a method": ["members", [frame(frames.CALL, 0, json({ params: {}, body: false }))]],
  "an answer to no call": ["no call", [answer(1)]],
  "an answer to its own call": ["no call", [call(0), answer(0)]],
  "a second answer": ["second answer", [answer(1, true), answer(1, true)], { calls: 1 }],
  "an answer after the end": ["no call", [answer(1), answer(1)], { calls: 1 }],
  "a failure to no call": ["no call", [failure(3)], { calls: 1 }],
  "a failure after the end": ["no call", [answer(1, true), end(1), failure(1)], { calls: 1 }],
  "a body before its answer": ["before its answer", [chunk(1)], { calls: 1 }],
  "a body for a call that said there is none": ["after its end", [call(0, false), chunk(0)]],
  "a chunk after the end": ["after its end", [call(0, true), end(0), chunk(0)]],
  "two ends": ["after its end", [call(0, true), end(0), end(0)]],
  "an empty chunk": ["empty chunk", [call(0, true), chunk(0, 0)]],
  "more chunks of a call than the window": ["more chunks", [call(0, true), ...Array(WINDOW + 1).fill(chunk(0))]],
  "more chunks of an answer than the window": [
    "more chunks",
    [answer(1, true), ...Array(WINDOW + 1).fill(chunk(1))],
    { calls: 1 },
  ],
};

for (const [name, [reason, sent, { calls = 0 } = {}]] of Object.entries(malformed))
  test(`${name} ends the channel`, async () => {
    const { input, channel } = victim();
    const pending = Array.from({ length: calls }, () => channel.call("any", {}).catch((error: unknown) => error));
    input.write(Buffer.concat(sent));
    assert.match(await channel.closed, new RegExp(reason));
    await Promise.all(pending);
  });

test("a chunk acknowledged that was not sent ends the channel", async () => {
  const { input, channel } = victim();
  async function* stalled(): AsyncGenerator<Uint8Array> {
    await new Promise(() => undefined);
  }
  const pending = channel.call("any", {}, stalled()).catch((error: unknown) => error);
  input.write(frame(frames.CREDIT, 1));
  assert.match(await channel.closed, /acknowledged/);
  await pending;
});

test("the stream's end inside a frame is not an end", async () => {
  const { input, channel } = victim();
  input.end(call(0).subarray(0, -1));
  assert.match(await channel.closed, /inside a frame/);
});

test("a failure after the answer fails the body that is under way", async () => {
  const { input, channel } = victim();
  const calling = channel.call("any", {});
  input.write(Buffer.concat([answer(1, true), chunk(1), failure(1)]));
  const { body } = await calling;
  const sizes: number[] = [];
  await assert.rejects(
    async () => {
      for await (const piece of body) sizes.push(piece.length);
    },
    { code: "x.y" },
  );
  assert.deepEqual(sizes, [1]);
  channel.close();
});

test("what is late for a call that has ended is let go", async () => {
  const { input, channel } = victim();
  const late = [chunk(0), end(0), frame(frames.CREDIT, 0), frame(frames.STOP, 0), frame(frames.CREDIT, 1)];
  input.write(Buffer.concat([call(0, true, "no such method")]));
  await new Promise((resolve) => setImmediate(resolve));
  input.write(Buffer.concat(late));
  const calling = channel.call("any", {});
  input.write(answer(1));
  assert.deepEqual((await calling).result, {});
  channel.close();
});

test("frames may come a byte at a time", async () => {
  const { input, channel } = victim();
  const calling = channel.call("any", {});
  const bytes = Buffer.concat([answer(1, true), chunk(1, 3), chunk(1, 2), end(1)]);
  for (const byte of bytes) input.write(Buffer.of(byte));
  const pieces = await Array.fromAsync((await calling).body);
  assert.deepEqual(
    pieces.map(({ length }) => length),
    [3, 2],
  );
  channel.close();
});

/** Numbers from 0 on below a bound, the same in every run (a linear congruential generator). */
const random = (seed: number) => {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

/** Whatever was wrong, every promise settles and nothing escapes. */
const settles = async (channel: Channel, input: PassThrough, bytes: Buffer) => {
  const calls = [1, 2, 3].map(() =>
    channel.call("any", {}).then(
      async ({ body }) => await Array.fromAsync(body).catch((error: unknown) => error),
      (error: unknown) => error,
    ),
  );
  if (!input.destroyed) input.end(bytes);
  await channel.closed;
  await Promise.all(calls);
};

test("any damaged session ends, and leaves nothing behind", async () => {
  const session = [
    call(0, true),
    chunk(0, 5),
    answer(1, true),
    chunk(1, 9),
    call(2),
    answer(3),
    end(0),
    end(1),
    failure(5),
  ];
  const escaped: unknown[] = [];
  const note = (error: unknown) => escaped.push(error);
  process.on("unhandledRejection", note);
  for (let seed = 0; seed < 600; seed++) {
    const below = random(seed);
    const shuffled = [...session].sort(() => below(3) - 1);
    const bytes = Buffer.concat(seed % 3 === 0 ? shuffled : session);
    for (let flips = below(6); flips > 0; flips--) bytes.writeUInt8(below(256), below(bytes.length));
    const { input, channel } = victim();
    await settles(channel, input, bytes.subarray(0, seed % 5 === 0 ? below(bytes.length) : bytes.length));
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  assert.deepEqual(escaped, []);
});
