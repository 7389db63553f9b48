import assert from "node:assert/strict";
import { test } from "node:test";
import { runToBundle } from "../../test/support/bundle.ts";
import { enclave as enclaveBook } from "../rules/enclave.ts";
import type { StreamState } from "../rules/rulebook.ts";
import { streamOf } from "../rules/world.ts";
import { requireTrusted } from "./trust.ts";
import { verifyBundle } from "./verify.ts";

test("a pinned platform is that of the enclave that holds the keys, too, not only of the one that ran the task", async (t) => {
  const ran = await runToBundle();
  t.after(() => ran.close());
  const verified = verifyBundle(ran.bytes);
  const { world, task } = verified;
  const first = streamOf(world, enclaveBook, task.definition.enclave);
  assert.ok(first);
  const worker = "0".repeat(64);
  const on = (image: string): StreamState => ({
    ...first,
    state: { ...first.state, attested: { platform: { image } } },
  });
  const between = (holder: string, runner: string) => ({
    ...verified,
    task: { ...task, runner: worker },
    world: {
      ...world,
      streams: world.streams.set(task.definition.enclave, on(holder)).set(worker, on(runner)),
    },
  });
  const { provider, measurement } = first.state;
  const enclaves = [{ provider, measurement, platform: { image: "known" } }];
  requireTrusted(between("known", "known"), { enclaves });
  assert.throws(() => requireTrusted(between("known", "another"), { enclaves }), { code: "bundle.trust" });
  assert.throws(() => requireTrusted(between("another", "known"), { enclaves }), { code: "bundle.trust" });
  const tookBack = between("known", "another");
  const ended = { ...tookBack, task: { ...task, runners: [task.definition.enclave, worker] } };
  assert.throws(() => requireTrusted(ended, { enclaves }), { code: "bundle.trust" }, "it had the keys for a while");
  const lost = "1".repeat(64);
  const by = (image: string) => {
    const found = between("known", "known");
    return {
      ...found,
      task: { ...found.task, runners: [task.definition.enclave, lost] },
      world: { ...found.world, streams: found.world.streams.set(lost, on(image)) },
    };
  };
  requireTrusted(by("known"), { enclaves });
  assert.throws(() => requireTrusted(by("another"), { enclaves }), { code: "bundle.trust" }, "it had the keys before");
});
