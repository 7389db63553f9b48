/** What carries moved tables on from where it stopped, whatever became of the enclaves between. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EnclaveHost } from "../../src/compute/enclave-host.ts";
import { createMoves } from "../../src/compute/moves.ts";
import type { PlacedStatement } from "../../src/tee/protocol/messages.ts";
import { openRig } from "../support/hostile-host.ts";
import {
  agreed,
  firstOf,
  handOver,
  moveAll,
  openSecond,
  release,
  runAt,
  type Side,
  sourceOf,
} from "../support/moving.ts";

import { act } from "../support/stage.ts";

type Rig = Awaited<ReturnType<typeof openRig>>;

/** An enclave as the server's host of it. */
const hostOf = (rig: Rig, side: Side): EnclaveHost => {
  const shown = async (gather: (until: number) => Promise<PlacedStatement[]>) => {
    await side.follow();
    return gather(rig.ledger.size);
  };
  return {
    stream: () => side.id,
    isUp: () => true,
    release: async (resource: string, gather: Parameters<typeof shown>[0]) =>
      side.call("release", { resource }, await shown(gather)),
    adopt: async (
      resource: string,
      { size, ...given }: { from: string; release: string; size: number },
      gather: Parameters<typeof shown>[0],
    ) => {
      const statements = await shown(gather);
      const consistency = rig.ledger
        .consistency(size, rig.ledger.size)
        .map((one) => Buffer.from(one).toString("base64"));
      return side.call("adopt", { resource, ...given, consistency }, statements);
    },
    holdings: () => side.call("holdings", {}),
    stop: async () => undefined,
  } as unknown as EnclaveHost;
};

/** Carries once, with these enclaves to be had. @returns what went wrong */
const carried = async (rig: Rig, running: Side, former: readonly Side[]): Promise<unknown[]> => {
  const errors: unknown[] = [];
  const host = hostOf(rig, running);
  const passed = Promise.withResolvers<void>();
  const moves = createMoves({
    ledger: rig.ledger,
    fleet: { of: () => host, streams: () => [running.id] },
    former: {
      async open(id) {
        const side = former.find((one) => one.id === id);
        if (!side) throw new Error(`there is no ${id} any more`);
        // They are stopped when a pass is over.
        return { ...hostOf(rig, side), stop: async () => passed.resolve() };
      },
    },
    onError(_, error) {
      errors.push(error);
      passed.resolve();
    },
  });
  moves.start();
  await passed.promise;
  await moves.stop();
  return errors;
};

const heldBy = async (rig: Rig, side: Side) =>
  (await side.call("holdings", {})).holdings.find(({ resource }) => resource === sourceOf(rig))?.held;

test("a move that was taken back after its release, and before anybody adopted it, is carried there and back", async (t) => {
  const rig = await openRig(t);
  const [first, second, third] = [firstOf(rig), await openSecond(rig), await openSecond(rig, "a broken program")];
  await moveAll(rig, first, second);
  await handOver(rig, first, second);
  // The upgrade after that: released, and then the machine is gone, or the server killed. The owner goes back.
  await moveAll(rig, second, third);
  await release(rig, second);
  const back = await moveAll(rig, third, second);
  assert.deepEqual(await carried(rig, second, [first, third]), []);
  assert.equal(await heldBy(rig, second), true);
  await runAt(rig, second, await agreed(rig, back));
});

test("a table goes on from the enclave that holds it, when those before it are there no more", async (t) => {
  const rig = await openRig(t);
  const [first, second, third] = [firstOf(rig), await openSecond(rig), await openSecond(rig, "a third program")];
  await moveAll(rig, first, second);
  await handOver(rig, first, second);
  await moveAll(rig, second, third);
  assert.deepEqual(await carried(rig, third, [second]), []);
  assert.equal(await heldBy(rig, third), true);
});

test("what cannot be carried is tried again once a pause, however often its owner changes it meanwhile", async (t) => {
  const rig = await openRig(t);
  const [first, second] = [firstOf(rig), await openSecond(rig)];
  await moveAll(rig, first, second);
  let passes = 0;
  let passed = Promise.withResolvers<void>();
  const moves = createMoves({
    ledger: rig.ledger,
    fleet: {
      of() {
        passes++;
        throw new Error("it is away");
      },
      streams: () => [second.id],
    },
    former: { open: () => Promise.reject(new Error("it is away")) },
    onError: () => passed.resolve(),
  });
  const pass = async (cause: () => unknown) => {
    passed = Promise.withResolvers();
    await cause();
    await passed.promise;
    // What follows the refusal, up to the timer.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  };
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await pass(() => moves.start());
  const govern = () => act(rig.stage, rig.hospital, "source.governed", sourceOf(rig), {});
  for (let time = 0; time < 5; time++) await pass(govern);
  const hour = async () => {
    const before = passes;
    for (let second = 0; second < 3_600; second += 10) {
      t.mock.timers.tick(10_000);
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    }
    return passes - before;
  };
  await hour();
  assert.equal(await hour(), 6, "every ten minutes");
  await moves.stop();
});
