import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { streamingFetch } from "./streaming-fetch.ts";

const serve = async <T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

const PIECE = new Uint8Array(2 ** 20);
/** Many pieces, and how many have been asked for. */
const pieces = (many: number) => {
  const given = { count: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (given.count++ < many) controller.enqueue(PIECE);
        else controller.close();
      },
    },
    { highWaterMark: 1 },
  );
  return { given, stream };
};
const post = (url: string, body: ReadableStream<Uint8Array>) => {
  const init: RequestInit & { duplex: "half" } = { method: "POST", headers: { "x-a": "b" }, body, duplex: "half" };
  return streamingFetch(url, init);
};

test("a streamed body arrives whole, with its headers", async () => {
  const size = await serve(
    (request, response) => {
      let length = 0;
      request.on("data", (chunk: Buffer) => {
        length += chunk.length;
      });
      request.on("end", () => response.end(JSON.stringify({ length, a: request.headers["x-a"] })));
    },
    async (url) => (await post(url, pieces(20).stream)).json(),
  );
  assert.deepEqual(size, { length: 20 * PIECE.length, a: "b" });
});

test("what the server does not take is not read", async () => {
  const { given, stream } = pieces(2_000);
  await serve(
    // Reads nothing, then answers.
    (request, response) => {
      request.pause();
      setTimeout(() => response.writeHead(413, { connection: "close" }).end("too much"), 300);
    },
    async (url) => {
      const response = await post(url, stream);
      assert.deepEqual([response.status, await response.text()], [413, "too much"]);
    },
  );
  assert.ok(given.count < 100, `${given.count} of 2000 MiB were read`);
});

test("no server is an error, as with fetch", async () => {
  await assert.rejects(post("http://127.0.0.1:1/", pieces(2).stream), /ECONNREFUSED/);
});
