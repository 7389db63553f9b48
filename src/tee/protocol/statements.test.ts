import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { createChannel } from "./channel.ts";
import { MAX_JSON } from "./frames.ts";
import type { PlacedStatement } from "./messages.ts";
import { decodeStatements, encodeStatements } from "./statements.ts";

const statement = (index: number, size = 100): PlacedStatement => ({
  index,
  time: 1_000 + index,
  jws: "j".repeat(size),
});
const many = (count: number, size?: number) => Array.from({ length: count }, (_, index) => statement(index, size));
async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const encoded = async (statements: PlacedStatement[]) =>
  Buffer.concat(await Array.fromAsync(encodeStatements(statements)));
const framed = (text: string) => {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

test("statements come out as they went in, however they are cut", async () => {
  const statements = many(7);
  const bytes = await encoded(statements);
  for (const size of [1, 3, 113, bytes.length]) assert.deepEqual(await decodeStatements(cut(bytes, size)), statements);
  assert.deepEqual(await decodeStatements(cut(await encoded([]), 1)), []);
});

test("a closure larger than any message passes", async () => {
  const [there, here] = [new PassThrough(), new PassThrough()];
  const run = async (_: unknown, body: AsyncIterable<Uint8Array>) => ({
    result: (await decodeStatements(body)).map(({ index }) => index),
  });
  const enclave = createChannel(there, here, { run }, 1);
  const server = createChannel(here, there, {}, 0);
  const statements = many(Math.ceil((MAX_JSON * 1.1) / 500_000), 500_000);
  const { result } = await server.call("run", {}, encodeStatements(statements));
  assert.deepEqual(
    result,
    statements.map(({ index }) => index),
  );
  server.close();
  await enclave.closed;
});

test("what is no statement is refused", async () => {
  const good = framed(JSON.stringify(statement(1)));
  const tooLong = Buffer.alloc(4);
  tooLong.writeUInt32BE(600_001);
  for (const bytes of [
    framed("{"),
    framed("[]"),
    framed(JSON.stringify({ ...statement(1), more: 1 })),
    framed(JSON.stringify({ ...statement(1), index: -1 })),
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.of(0)]),
    tooLong,
  ])
    await assert.rejects(decodeStatements(cut(bytes, 50)), { code: "channel.malformed" });
});

test("more than the enclave holds is refused before it is held", async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield* encodeStatements(many(100));
  }
  await assert.rejects(decodeStatements(endless(), 1 << 20), { code: "channel.too-large" });
});
