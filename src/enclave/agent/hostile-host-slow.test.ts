/** A host whose disk is slow when that suits it: tasks go to other enclaves and back while an outcome is written. */
import assert from "node:assert/strict";
import disk, { type NoParamCallback } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { type TestContext, test } from "node:test";
import { openFleet } from "../../../test/support/fleet.ts";
import { openRig } from "../../../test/support/hostile-host.ts";
import { parseStatement } from "../../trust/statement.ts";

/** Once, before the first result is durable. */
const beforeResult = (t: TestContext, meanwhile: () => Promise<unknown>) => {
  const { fsync } = disk;
  let done = false;
  const slow = (file: number, callback: NoParamCallback) => {
    const isResult = !done && disk.readlinkSync(`/proc/self/fd/${file}`).includes("/state/results/");
    if (!isResult) return fsync(file, callback);
    done = true;
    meanwhile().then(() => fsync(file, callback), callback);
  };
  disk.fsync = slow as typeof fsync;
  syncBuiltinESMExports();
  t.after(() => {
    disk.fsync = fsync;
    syncBuiltinESMExports();
  });
};

test("one enclave says one thing, also where the task left and came back while its outcome was written", async (t) => {
  const code = `export async function main() { return [{ v: Math.random() }]; }`;
  const rig = await openRig(t, { code });
  const { second, task, delegate } = await openFleet(rig);
  const other = await rig.newTask();
  await rig.authorise(other);
  await rig.follow();
  beforeResult(t, async () => {
    await rig.stage.submit((await delegate(second.id)).statement);
    await rig.follow();
    await rig.stage.submit((await delegate(rig.enclave.id)).statement);
    await rig.follow();
  });
  await assert.rejects(rig.run({ task }), { code: "enclave.moved" });
  const said = async () =>
    (parseStatement(await rig.run({ task })).statement.payload as { result: { digest: string } }).result.digest;
  const first = await said();
  await rig.run({ task: other });
  assert.equal(await said(), first);
});
