/** What an owner registers is its own file, whatever the server answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKey, sha256Hex } from "#crypto";
import { toBase64, utf8 } from "../../base/bytes.ts";
import { signStructure } from "../../rules/structure-request.ts";
import type { Client } from "../client.ts";
import { csvHeader } from "./csv-header.ts";
import { createAuthority, identityOf, issueLeaf } from "./identity.ts";
import { publishModel } from "./publish-model.ts";
import { prepareSource } from "./register-source.ts";
import type { VerifiedEnclave } from "./verify-enclave.ts";

const now = Date.UTC(2026, 0, 5, 8);
const leaf = issueLeaf(createAuthority("医院", { now }), { commonName: "王芳" }, { now });
const identity = identityOf(leaf, "ab".repeat(32));
const enclaveKey = generateKey("P-256");
const enclave = { id: "cd".repeat(32), signingKey: toBase64(enclaveKey.publicKey.spki) } as VerifiedEnclave;
const envelope = utf8("sealed");
const stored = { digest: sha256Hex(envelope), size: envelope.length };
const COLUMNS = [
  { name: "patient", type: "utf8" },
  { name: "age", type: "i32" },
];

type Columns = typeof COLUMNS;
const server = (answers: { put?: object; columns?: Columns; shown?: Columns; key?: typeof enclaveKey }): Client => {
  const { columns = COLUMNS, shown = columns, key = enclaveKey } = answers;
  const about = { envelope: stored.digest, type: "csv" };
  const answer = signStructure({ ...about, columns, rows: 1 }, key);
  const client: object = {
    blobs: { put: async () => answers.put ?? stored },
    enclaves: { describe: async () => ({ columns: shown, rows: 1, answer }) },
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
    await assert.rejects(prepare(server({ columns: columns as Columns }), ["patient", "age"]), {
      code: "source.structure",
    });
  assert.equal((await prepare(server({ columns: [first as Columns[number]] }))).columns.length, 1);
});

test("a structure that the enclave did not sign for this envelope is not registered", async () => {
  const shown = COLUMNS.map((column) => ({ ...column, type: "utf8" }));
  await assert.rejects(prepare(server({ shown })), { code: "structure.answer" });
  await assert.rejects(prepare(server({ key: generateKey("P-256") })), { code: "jws.signature" });
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
