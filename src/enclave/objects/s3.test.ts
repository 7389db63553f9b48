import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { parquetWriteBuffer } from "hyparquet-writer";
import { BUCKET, CREDENTIALS, startObjectStore, type TestObjectStore } from "../../../test/support/object-store.ts";
import { utf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { createRoot } from "../../cli/demo/machines/certificates.ts";
import { rowsOf, type Schema } from "../columns/batch.ts";
import { restrictNetwork } from "../network.ts";
import { createS3 } from "./index.ts";

const s3 = createS3({ patience: 500, pause: 1 });
const SCHEMA: Schema = [
  { name: "id", type: "i32" },
  { name: "name", type: "utf8" },
];
const ROWS = 60_000;
const line = (id: number) => `${id},病人 ${id}\r\n`;
const CSV = `id,name\r\n${Array.from({ length: ROWS }, (_, id) => line(id)).join("")}`;

describe("objects", () => {
  let store: TestObjectStore;
  before(async () => {
    store = await startObjectStore();
    await store.put("visits.csv", CSV);
    const ids = Array.from({ length: 3 }, (_, id) => id);
    const columnData = [
      { name: "id", data: ids, type: "INT32" as const },
      { name: "name", data: ids.map((id) => `病人 ${id}`), type: "STRING" as const },
    ];
    await store.put("2026/病例 (1)+%.parquet", new Uint8Array(parquetWriteBuffer({ columnData })));
  });
  after(async () => await store.stop());
  beforeEach(() => store.intercept(() => false));

  const sealed = (more: object = {}) => {
    const location = {
      endpoint: store.endpoint,
      region: "us-east-1",
      bucket: BUCKET,
      key: "visits.csv",
      format: "csv",
      ...CREDENTIALS,
      pathStyle: true,
      rootCertificate: store.root.certificate,
      ...more,
    };
    return one(JSON.stringify(location));
  };
  const read = async (more: object = {}) => {
    const rows: unknown[] = [];
    for await (const batch of s3.read(sealed(more), SCHEMA, ["name", "id"])) rows.push(...rowsOf(batch));
    return rows;
  };
  const refuses = async (code: string, more: object = {}) =>
    await assert.rejects(read(more), (error) => error instanceof Refusal && error.code === code);
  /** Lets so much of the next answer through; then the connection is cut. */
  const cut = (bytes: number, times = 1, then?: () => Promise<void>) => {
    let left = times;
    store.intercept((_, response) => {
      if (left-- > 0) cutAfter(response, bytes, then);
      return false;
    });
  };

  test("a store that the enclave may not connect to gets no request", async (t) => {
    t.after(() => restrictNetwork([]));
    let requests = 0;
    store.intercept(() => {
      requests++;
      return false;
    });
    for (const entries of [["store.example"], ["10.0.0.0/8", "store.example"]]) {
      restrictNetwork(entries);
      await refuses("enclave.network");
      await refuses("enclave.network", { endpoint: store.endpoint.replace("localhost", "127.0.0.1") });
      await refuses("enclave.network", { endpoint: "https://[::1]:443" });
      await refuses("enclave.network", { pathStyle: false });
    }
    assert.equal(requests, 0);
    restrictNetwork(["127.0.0.0/8", "::1"]);
    assert.equal((await s3.describe(sealed())).rows, ROWS);
    restrictNetwork(["localhost"]);
    assert.equal((await s3.describe(sealed())).rows, ROWS);
  });

  test("a CSV object is described and read", async () => {
    assert.deepEqual(await s3.describe(sealed()), { columns: SCHEMA, rows: ROWS });
    const rows = await read();
    assert.equal(rows.length, ROWS);
    assert.deepEqual(rows.at(-1), { name: `病人 ${ROWS - 1}`, id: ROWS - 1 });
  });

  test("a Parquet object is described and read, whatever its key", async () => {
    const parquet = { key: "2026/病例 (1)+%.parquet", format: "parquet" };
    assert.deepEqual(await s3.describe(sealed(parquet)), { columns: SCHEMA, rows: 3 });
    assert.deepEqual((await read(parquet))[2], { name: "病人 2", id: 2 });
  });

  test("an empty object", async () => {
    await store.put("empty.csv", "");
    await assert.rejects(s3.describe(sealed({ key: "empty.csv" })), /the file is empty/);
  });

  test("what is not there, or not allowed", async () => {
    await refuses("object.unknown", { key: "nothing.csv" });
    await refuses("object.unknown", { bucket: "no-such-bucket" });
    await refuses("object.denied", { secretAccessKey: "wrong" });
    await refuses("object.denied", { accessKeyId: "WRONG" });
  });

  test("a read that breaks goes on where it broke", async () => {
    store.requests.length = 0;
    cut(200_000);
    assert.equal((await read()).length, ROWS);
    const [first, second, ...more] = store.requests;
    assert.deepEqual([first, more.length], ["whole", 0]);
    assert.match(second ?? "", /^bytes=[1-9]\d*-$/);
  });

  test("an object that was replaced meanwhile is not gone on with", async () => {
    const replace = () => store.put("visits.csv", CSV.replaceAll("病人", "患者"));
    try {
      cut(200_000, 1, replace);
      await refuses("object.changed");
    } finally {
      await store.put("visits.csv", CSV);
    }
    let requests = 0;
    store.intercept((request, response) => {
      if (requests++ === 0) cutAfter(response, 200_000);
      else if (request.headers["if-match"]?.startsWith('"')) response.writeHead(412).end();
      else response.writeHead(500).end();
      return requests > 1;
    });
    await refuses("object.changed");
  });

  test("a store that always breaks off, is busy or says nothing is given up", async () => {
    cut(0, Number.POSITIVE_INFINITY);
    await refuses("object.lost");
    let requests = 0;
    store.intercept((_, response) => {
      response.writeHead(503).end();
      return ++requests > 0;
    });
    await refuses("object.lost");
    assert.equal(requests, 4);
    store.intercept(() => true);
    await refuses("object.lost");
    let silent = 0;
    store.intercept((request, response) => {
      const status = request.headers.range ? 503 : 200;
      response.writeHead(status, { "content-length": 100, etag: '"1"' }).write("id,name\r\n");
      return ++silent > 0;
    });
    await refuses("object.lost");
    assert.ok(silent >= 4);
  });

  test("a busy store is asked again", async () => {
    let requests = 0;
    store.intercept((_, response) => {
      if (requests++ > 1) return false;
      response.writeHead(503).end();
      return true;
    });
    assert.equal((await read()).length, ROWS);
  });

  test("answers that are not understood", async () => {
    const answers: [number, Record<string, string | number>][] = [
      [301, { location: "https://elsewhere.example/" }],
      [400, {}],
      [206, { "content-range": "bytes 0-1/2", "content-length": 2 }],
      [200, { "transfer-encoding": "chunked" }],
    ];
    for (const [status, headers] of answers) {
      store.intercept((_, response) => {
        response.writeHead(status, headers).end();
        return true;
      });
      await refuses("object.answer");
    }
  });

  test("another range than the one that was asked for", async () => {
    let requests = 0;
    store.intercept((_, response) => {
      if (requests++ === 0) {
        response.writeHead(200, { "content-length": 10, etag: '"1"' });
        cutAfter(response, 5);
        response.write("id,");
        response.write("name\r\n");
      } else
        response.writeHead(206, { "content-range": "bytes 0-6/10", "content-length": 7, etag: '"1"' }).end("id,name");
      return true;
    });
    await refuses("object.answer");
  });

  test("the store has to be the one that was named", async () => {
    await refuses("object.tls", { rootCertificate: createRoot().certificate });
    await refuses("object.tls", { rootCertificate: undefined });
    const port = new URL(store.endpoint).port;
    await refuses("object.tls", { endpoint: `https://127.0.0.1:${port}` });
    const { issue } = store.root;
    try {
      store.useCertificate(issue(["DNS:localhost"], -1));
      await refuses("object.tls");
    } finally {
      store.useCertificate(issue(["DNS:localhost"]));
    }
    assert.equal((await read()).length, ROWS);
    await refuses("object.unreachable", { endpoint: "https://localhost:1" });
  });

  test("what was sealed is not usable", async () => {
    await refuses("object.configuration", { endpoint: "http://localhost" });
    await refuses("object.configuration", {
      rootCertificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    });
    await refuses("object.configuration", { key: undefined });
    for (const text of ["", "null", "{", "x".repeat(300_000)])
      await assert.rejects(
        s3.describe(one(text)),
        (error) => error instanceof Refusal && error.code === "object.configuration",
      );
  });

  test("no secret is in a refusal", async () => {
    const secret = "c2VjcmV0";
    for (const more of [{ secretAccessKey: secret }, { secretAccessKey: secret, region: 1 }, { [secret]: 1, key: 1 }])
      await assert.rejects(
        read(more),
        (error) => error instanceof Refusal && !JSON.stringify([error.message, error.details]).includes(secret),
      );
  });
});

async function* one(text: string) {
  yield utf8(text);
}

const cutAfter = (response: ServerResponse, bytes: number, then?: () => Promise<void>) => {
  const write = response.write.bind(response) as (chunk: Buffer) => boolean;
  let sent = 0;
  let over = false;
  const stop = async () => {
    await then?.();
    // What was written before is to arrive.
    setTimeout(() => response.socket?.destroy(), 50);
    return false;
  };
  response.write = (chunk: Buffer) => {
    sent += chunk.length;
    if (sent <= bytes) return write(chunk);
    if (!over) void stop();
    over = true;
    return false;
  };
};
