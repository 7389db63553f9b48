/** A dry run opens the model and no table, and says the same however often it is asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openRig, type Rig } from "../../../test/support/hostile-host.ts";
import { act } from "../../../test/support/stage.ts";
import { fromBase64 } from "../../base/bytes.ts";
import { verifyDryRun } from "../../rules/dry-run.ts";
import { task as taskBook } from "../../rules/task.ts";
import { streamOf } from "../../rules/world.ts";
import { publicKeyFromSpki } from "../../trust/keys.ts";
import { parseStatement } from "../../trust/statement.ts";

const tried = async (rig: Rig) => {
  await rig.follow();
  rig.reads.length = 0;
  return rig.call("dryRun", { task: rig.task, details: rig.details }, await rig.statements());
};

test("before anybody has agreed, without a row of anybody's", async (t) => {
  const rig = await openRig(t);
  const { answer, ...run } = await tried(rig);
  assert.equal(run.failure, null);
  assert.match(run.csv, /^v\r\n-?\d/);
  assert.deepEqual([run.rows, run.made], [1, 1_000]);
  assert.deepEqual(rig.reads, [rig.archive.digest]);
  const { answer: again, ...same } = await tried(rig);
  assert.deepEqual(same, run);

  const { signingKey } = parseStatement(rig.enclave.founding).statement.payload as { signingKey: string };
  const key = publicKeyFromSpki(fromBase64(signingKey));
  const definition = streamOf(rig.stage.world, taskBook, rig.task)?.state.definition;
  assert.ok(definition);
  for (const said of [answer, again]) verifyDryRun(said, rig.task, definition, run, key);
  const lies = [
    { ...run, csv: "v\r\n1\r\n" },
    { ...run, rows: 2 },
    { ...run, log: "harmless" },
  ];
  for (const lie of lies)
    assert.throws(() => verifyDryRun(answer, rig.task, definition, lie, key), { code: "dry-run.other" });
  const other = { ...definition, parameters: { more: 1 } };
  assert.throws(() => verifyDryRun(answer, rig.task, other, run, key), { code: "dry-run.other" });
});

test("a model that fails says how, since there is nothing to be kept from anybody", async (t) => {
  const rig = await openRig(t, { code: "export async function main() { throw new Error('no such column: weight'); }" });
  const { failure, csv } = await tried(rig);
  assert.equal(failure?.code, "model.threw");
  assert.match(failure?.reason ?? "", /no such column: weight/);
  assert.equal(csv, "");
});

test("a model that was withdrawn is not tried", async (t) => {
  const rig = await openRig(t);
  await act(rig.stage, rig.institute, "model.withdrawn", rig.parts.model);
  await assert.rejects(tried(rig), { code: "enclave.withdrawn" });
  assert.deepEqual(rig.reads, []);
});
