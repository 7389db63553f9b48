/** An owner who gives its columns new words does not sign for other columns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOrganisation, digestOfJws, START } from "../../../test/support/principals.ts";
import { iso } from "../../base/clock.ts";
import { structureDigest } from "../../rules/source.ts";
import { signStatementWith } from "../../trust/statement.ts";
import type { Client } from "../client.ts";
import { describeSource } from "./describe-source.ts";

const owner = createOrganisation("医院");
const COLUMNS = [{ name: "age", type: "i32", description: "" }];
const ID = "D202601010000001";

const server = (columns: object[], by = owner) => {
  const payload = { id: ID, structure: structureDigest(COLUMNS) };
  const statement = signStatementWith(
    { kind: "source.registered", stream: "", seen: "", by: by.id, at: iso(START), payload },
    by.key,
    by.leaf.der,
  );
  const stream = digestOfJws(statement);
  const signed: unknown[][] = [];
  const client: object = {
    signer: { by: owner.id },
    sources: {
      get: async () => ({ id: ID, stream, name: "n", description: "", metadata: "", columns }),
      describe: async (...given: unknown[]) => signed.push(given),
    },
    streams: { get: async () => ({ items: [{ statement }], next: null }) },
  };
  return { client: client as Client, signed, stream };
};
const words = { descriptions: () => ({ age: "岁" }) };

test("the columns stay those that were registered", async () => {
  const { client, signed, stream } = server(COLUMNS);
  await describeSource(client, ID, words);
  assert.deepEqual(signed, [
    [
      ID,
      {
        structure: structureDigest(COLUMNS),
        detail: { name: "n", description: "", metadata: "", columns: [{ ...COLUMNS[0], description: "岁" }] },
      },
      { at: { stream, head: stream } },
    ],
  ]);
});

test("other columns, another source, another's source: nothing is signed", async () => {
  const lies: [ReturnType<typeof server>, string, string][] = [
    [server([...COLUMNS, { name: "x", type: "i32" }]), ID, "source.structure"],
    [server([{ name: "age", type: "utf8" }]), ID, "source.structure"],
    [server(COLUMNS), "D202601010000002", "task.other"],
    [server(COLUMNS, createOrganisation("陌生人")), ID, "server.history"],
  ];
  for (const [{ client, signed }, id, code] of lies) {
    await assert.rejects(describeSource(client, id, words), { code });
    assert.deepEqual(signed, []);
  }
});
