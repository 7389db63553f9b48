/** What an owner registers is its own file, whatever the server answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256Hex } from "#crypto";
import { utf8 } from "../../base/bytes.ts";
import type { Client } from "../client.ts";
import { csvHeader } from "./csv-header.ts";
import { createAuthority, identityOf, issueLeaf } from "./identity.ts";
import { publishModel } from "./publish-model.ts";
import { prepareSource } from "./register-source.ts";
import type { VerifiedEnclave } from "./verify-enclave.ts";

const now = Date.UTC(2026, 0, 5, 8);
const leaf = issueLeaf(createAuthority("医院", { now }), { commonName: "王芳" }, { now });
const identity = identityOf(leaf, "ab".repeat(32));
const enclave = { id: "cd".repeat(32) } as VerifiedEnclave;
const envelope = utf8("sealed");
const stored = { digest: sha256Hex(envelope), size: envelope.length };
const COLUMNS = [
  { name: "patient", type: "utf8" },
  { name: "age", type: "i32" },
];

const server = (answers: { put?: object; columns?: object[] }): Client => {
  const client: object = {
    blobs: { put: async () => answers.put ?? stored },
    enclaves: { describe: async () => ({ columns: answers.columns ?? COLUMNS, rows: 1 }) },
    models: {},
  };
  return client as Client;
};

const prepare = (client: Client, header?: string[]) =>
  prepareSource(client, identity, envelope, { enclave, type: "csv", header }, () => now);

test("an envelope is registered by the digest computed here", async () => {
  const prepared = await prepare(server({}), ["patient", "age"]);
  assert.deepEqual(prepared.envelope, stored);
  const lies = [{ ...stored, digest: "ee".repeat(32) }, { ...stored, size: 1 }, { size: stored.size }, {}];
  for (const put of lies) await assert.rejects(prepare(server({ put })), { code: "server.stored" });
});

test("columns that the file does not have are not signed for", async () => {
  const [first, second] = COLUMNS;
  const lies = [
    [first],
    [second, first],
    [...COLUMNS, { name: "x", type: "i32" }],
    [first, { ...second, name: "Age" }],
  ];
  for (const columns of lies)
    await assert.rejects(prepare(server({ columns: columns as object[] }), ["patient", "age"]), {
      code: "source.structure",
    });
  assert.equal((await prepare(server({ columns: [first as object] }))).columns.length, 1);
});

test("a model's description is what its author wrote", async () => {
  const model = { name: "m", version: "1", main: "main", permission: { kind: "public" as const }, open: true, enclave };
  const archive = utf8("archive");
  const client = server({ put: { digest: sha256Hex("another"), size: archive.length } });
  await assert.rejects(publishModel(client, "o", { ...model, archive }), { code: "server.stored" });
});

test("the header of a table, however it comes in pieces", async () => {
  const tables: [string, string[]][] = [
    ["a,b\n1,2", ["a", "b"]],
    ["\ufeffa,b\r\n1,2", ["a", "b"]],
    ['"x, ""y""","多\n行", z\r\n', ['x, "y"', "多\n行", " z"]],
    ["a", ["a"]],
    ["a,\n", ["a", ""]],
  ];
  for (const [text, expected] of tables)
    for (const size of [1, 2, 100]) {
      const bytes = utf8(text);
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, i * size + size),
      );
      assert.deepEqual(await csvHeader(pieces), expected);
    }
});
