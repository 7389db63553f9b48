/** What an operator restricts an enclave to: it runs tasks, is the same enclave, and never goes without in silence. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { createJavascriptRunner } from "../../src/enclave/runners/javascript/index.ts";
import { delegateCgroups } from "../support/cgroups.ts";
import { openPlatform } from "../support/in-process.ts";
import { addModel, addTable, addTask, ally, authorise, ended, join, newReceiverKey } from "../support/members.ts";

test("a task runs under limits, and the enclave is measured as without", { timeout: 120_000 }, async (t) => {
  const given = delegateCgroups();
  if ("skip" in given) return t.skip(given.skip);
  t.after(given.remove);
  const available = await createJavascriptRunner().available();
  if (available !== true) return t.skip(available);
  const limited = await openPlatform({ settings: { "enclave-cgroup": given.folders.join(",") } });
  t.after(() => limited.stop());
  const { measurement } = limited.enclave;
  const [alice, bob] = await Promise.all([join(limited, "甲方"), join(limited, "乙方")]);
  const alliance = await ally(limited, [alice, bob]);
  const model = (await addModel(limited, alice)).id;
  const source = (await addTable(limited, bob)).id;
  const { id } = await addTask(alice, { alliance, receiver: alice.id, model, sources: [source] });
  for (const member of [alice, bob, alice]) await authorise(member, id, newReceiverKey().publicPem);
  assert.equal((await ended(alice, id)).state, "succeeded");
  for (const folder of given.folders)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("entente-")),
      [],
    );
  await limited.halt();
  const plain = await openPlatform();
  t.after(() => plain.stop());
  assert.equal(plain.enclave.measurement, measurement);
});

test("a list of networks that is not understood refuses the start, another is the same enclave", async (t) => {
  await assert.rejects(openPlatform({ settings: { "enclave-networks": "*.example" } }), { code: "enclave.networks" });
  const platforms = await Promise.all(
    ["", "db.example,10.0.0.0/8"].map((networks) => openPlatform({ settings: { "enclave-networks": networks } })),
  );
  t.after(() => Promise.all(platforms.map((one) => one.stop())));
  assert.equal(new Set(platforms.map(({ enclave }) => enclave.measurement)).size, 1);
});

test("limits that the machine does not give, or the sandbox has no use for, refuse the start", async (t) => {
  await assert.rejects(openPlatform({ settings: { "enclave-cgroup": "/proc/self/fd" } }), { code: "enclave.cgroup" });
  await assert.rejects(openPlatform({ settings: { "enclave-cgroup": "/gone" } }), { code: "enclave.cgroup" });
  const given = delegateCgroups();
  if ("skip" in given) return t.skip(given.skip);
  t.after(given.remove);
  const settings = { "enclave-cgroup": given.folders.join(","), sandbox: "quickjs" };
  await assert.rejects(openPlatform({ settings }), { code: "enclave.cgroup" });
});
