/** A result is what the enclave signed that the receiver itself has authorised, whatever the server says. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generateKey, sha256Hex } from "#crypto";
import { type Ran, runToBundle } from "../../../test/support/bundle.ts";
import { createOrganisation } from "../../../test/support/principals.ts";
import { utf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { task as taskBook } from "../../rules/task.ts";
import { taskDigest } from "../../rules/task-definition.ts";
import { streamOf } from "../../rules/world.ts";
import { resultContext } from "../../trust/envelope/contexts.ts";
import { sealBytes } from "../../trust/envelope/envelope.ts";
import { receiverKey } from "../../trust/envelope/recipient.ts";
import { keyToPem, publicKeyToPem } from "../../trust/keys.ts";
import type { Client } from "../client.ts";
import { openResult } from "./open-result.ts";

let ran: Ran;
let other: Ran;
before(async () => {
  ran = await runToBundle();
  other = await runToBundle();
});
after(() => Promise.all([ran.close(), other.close()]));

const key = generateKey("P-256");
const pem = keyToPem(key);

/** The server's own file, sealed to the receiver for this very task. */
const forgery = (of = ran): Promise<Uint8Array> => {
  const state = streamOf(of.stage.world, taskBook, of.task)?.state;
  assert.ok(state?.delivery);
  const context = resultContext(taskDigest(of.task, state.definition, state.delivery));
  return sealBytes(utf8("v\r\nFORGED\r\n"), { to: receiverKey(publicKeyToPem(key.publicKey)), context });
};

const server = async ({ bundle = ran.bytes }: { bundle?: Uint8Array } = {}): Promise<Client> => {
  const file = await forgery();
  const tasks = {
    get: async () => ({ state: "succeeded", result: { digest: sha256Hex(file), size: file.length, rows: 1 } }),
    bundle: async () => ({ bytes: async () => bundle }),
    result: async () => ({ bytes: async () => file }),
  };
  return { tasks } as object as Client;
};

test("a file that the enclave never signed is refused, however well it is sealed", async () => {
  const me = ran.parties[0]?.id ?? "";
  const signed = streamOf(ran.stage.world, taskBook, ran.task)?.state.result?.digest;
  await assert.rejects(openResult(await server(), ran.task, pem, { me }), (error: unknown) => {
    assert.ok(error instanceof Refusal);
    assert.deepEqual([error.code, error.details.expected], ["result.other", signed]);
    return true;
  });
});

test("evidence of another task, for another receiver, or damaged, proves nothing", async () => {
  const me = ran.parties[0]?.id ?? "";
  const evidence = { code: "result.evidence" };
  await assert.rejects(openResult(await server({ bundle: other.bytes }), ran.task, pem, { me }), evidence);
  await assert.rejects(openResult(await server(), "T202601010000009", pem, { me }), evidence);
  // The whole story made up, other organisations in it: only the receiver's own id is not for others to give.
  await assert.rejects(openResult(await server(), ran.task, pem, { me: createOrganisation("研究所").id }), evidence);
  const damaged = ran.bytes.slice();
  damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
  await assert.rejects(openResult(await server({ bundle: damaged }), ran.task, pem, { me }));
  await assert.rejects(openResult(await server(), ran.task, pem), { code: "result.receiver" });
});

test("what is known from elsewhere holds for results too", async () => {
  const me = ran.parties[0]?.id ?? "";
  const { measurement } = ran.enclave;
  for (const trust of [
    { ledger: other.ledger.verifierKey },
    { enclaves: [{ provider: "tdx", measurement }] },
    { enclaves: [{ provider: "simulated", measurement: "ab".repeat(48) }] },
  ])
    await assert.rejects(openResult(await server(), ran.task, pem, { me, trust }), { code: "bundle.trust" });
  const enclaves = [{ provider: "simulated", measurement }];
  await assert.rejects(openResult(await server(), ran.task, pem, { me, trust: { enclaves } }), {
    code: "result.other",
  });
});
