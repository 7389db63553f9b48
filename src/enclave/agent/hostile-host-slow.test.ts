/** A host whose disk is slow when that suits it: tasks go to other enclaves and back while an outcome is written. */
import assert from "node:assert/strict";
import disk from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { type TestContext, test } from "node:test";
import { openFleet } from "../../../test/support/fleet.ts";
import { openRig } from "../../../test/support/hostile-host.ts";
import { parseStatement } from "../../trust/statement.ts";

/** Once, before the first result is put on the disk. */
const beforeResult = (t: TestContext, meanwhile: () => Promise<unknown>) => {
  const { open } = disk;
  let done = false;
  const slow = async (path: string, ...rest: never[]) => {
    if (!done && path.includes("/state/results/")) {
      done = true;
      await meanwhile();
    }
    return open(path, ...rest);
  };
  disk.open = slow as typeof open;
  syncBuiltinESMExports();
  t.after(() => {
    disk.open = open;
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
