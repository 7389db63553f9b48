import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { openStage } from "../../test/support/bundle.ts";
import { consortium, taskOf, taskUpTo } from "../../test/support/consortium.ts";
import { act } from "../../test/support/stage.ts";
import { Refusal } from "../base/refusal.ts";
import { createRuns } from "./runs.ts";

/** A ledger with a task that runs, and an enclave that hears no word to stop before `deaf` of them have come. */
const openRuns = async (t: TestContext, deaf: number) => {
  const { ledger, stage, close } = await openStage();
  t.after(close);
  const all = await consortium(stage);
  const heard = new EventTarget();
  const said: string[] = [];
  let stops = 0;
  const runs = createRuns({
    ledger,
    fleet: {
      of: () =>
        ({
          async run() {
            await once(heard, "stop");
            throw new Refusal("model.stopped", 503, {});
          },
        }) as never,
      async stopRun(_, task) {
        said.push(task);
        if (++stops > deaf) heard.dispatchEvent(new Event("stop"));
      },
      isUp: () => true,
      isLost: () => false,
      streams: () => [all.enclave.id],
    },
    views: { details: async () => new Map() },
    concurrency: 1,
    now: () => stage.clock.now(),
    onProgress: () => undefined,
    onError: () => undefined,
  });
  runs.start();
  t.after(() => runs.stop());
  /** Resolves when no run has a place. */
  const idle = async () => {
    while (runs.active > 0) await new Promise(setImmediate);
  };
  return { stage, all, said, idle };
};

test("a run that is revoked is told to stop until it has: the first word may come before the run does", async (t) => {
  const { stage, all, said, idle } = await openRuns(t, 1);
  const id = await taskUpTo(stage, all, "authorised");
  await act(stage, all.hospitals[0], "task.revoked", id);
  await idle();
  assert.deepEqual(said, [id, id]);
});

test("so is the run of a series that is revoked, and it is asked for again, to say that it has failed", async (t) => {
  const { stage, all, said } = await openRuns(t, 1);
  const series = await taskUpTo(stage, all, "authorised", { schedule: { every: 86_400, runs: 3 } });
  const { id: name } = taskOf(stage, series);
  const run = await act(stage, all.enclave, "task.recurred", "", { id: `${name}-1`, of: series, number: 1 });
  assert.equal(said.length, 0, "it runs as long as it is wanted");
  await act(stage, all.hospitals[0], "task.revoked", series);
  while (said.length < 3) await new Promise(setImmediate);
  assert.deepEqual([...new Set(said)], [run]);
});
