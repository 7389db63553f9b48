/** Random acts by random parties: a refused one changes nothing, and the accepted ones alone give the same world. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  authoriseModel,
  authoriseReceiver,
  authoriseSource,
  type Consortium,
  complete,
  consortium,
  task,
  taskOf,
} from "../../test/support/consortium.ts";
import { plain } from "../../test/support/plain.ts";
import type { Organisation, Signatory } from "../../test/support/principals.ts";
import { act, movableClock, type Stage } from "../../test/support/stage.ts";
import { DAY } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { digestOf } from "../trust/digest.ts";
import { parseStatement } from "../trust/statement.ts";
import { advance, emptyWorld } from "./world.ts";

/** mulberry32: the same numbers for the same seed. */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

interface Recorded {
  readonly jws: string;
  readonly time: number;
}

/** A stage that keeps what was accepted, and looks at the world whenever something is refused. */
const recordingStage = (accepted: Recorded[]): Stage => {
  const clock = movableClock();
  let world = emptyWorld;
  return {
    clock,
    get world() {
      return world;
    },
    async submit(jws) {
      const { streams, ids } = world;
      const heads = [...streams.values()].map(({ head, state }) => [head, state] as const);
      try {
        world = advance(world, parseStatement(jws), clock.now()).world;
        accepted.push({ jws, time: clock.now() });
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        assert.equal(world.streams, streams);
        assert.equal(world.ids, ids);
        for (const [i, { head, state }] of [...streams.values()].entries()) {
          assert.equal(head, heads[i]?.[0]);
          assert.equal(state, heads[i]?.[1]);
        }
        throw error;
      }
    },
  };
};

const STATES = ["receiver-authorising", "source-authorising", "model-authorising", "authorised", "running"];
const ENDED = ["authorisation-failed", "succeeded", "failed"];

/** One random act on one of the tasks, by a random party, in or out of turn. */
const randomAct = async (stage: Stage, all: Consortium, tasks: string[], random: () => number) => {
  const any = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const members: Organisation[] = [all.institute, ...all.hospitals, all.stranger];
  const [by, id] = [any(members), any(tasks)];
  const { model, sources } = all.parts;
  const permission = any([{ kind: "private" }, { kind: "public" }, { kind: "named", members: [any(members).id] }]);
  const twist = any([{}, {}, {}, {}, { key: any(members).key }, { seen: digestOf(random()) }]);
  const plain = (kind: string, stream: string, payload: unknown = {}, signer: Signatory = by) =>
    act(stage, signer, kind, stream, payload, twist);
  await any([
    async () => tasks.push(await task(stage, by, all.parts, { start: any(["automatic", "manual"]) })),
    () => authoriseReceiver(stage, by, id),
    () => authoriseReceiver(stage, all.institute, id),
    ...all.hospitals.map((hospital) => () => authoriseSource(stage, hospital, id)),
    () => authoriseSource(stage, by, id),
    () => authoriseModel(stage, all.institute, id),
    () => authoriseModel(stage, by, id),
    () => complete(stage, all.enclave, id, { result: { rows: any([1, 1_000, 1_001]) } }),
    () => plain("task.refused", id),
    () => plain("task.revoked", id),
    () => plain("task.run-requested", id),
    () => plain("task.run-requested", id, {}, all.institute),
    () => plain("model.permitted", model, { permission }),
    () => plain("source.permitted", any(sources), { permission }),
    () => plain("alliance.invited", all.parts.alliance, { member: any(members).id }),
    () => plain("alliance.joined", all.parts.alliance),
    () => plain("alliance.declined", all.parts.alliance),
    async () => stage.clock.advance(Math.floor(random() ** 6 * 8 * DAY)),
  ])().catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
  });
};

for (const seed of [1, 2, 3, 4, 5])
  test(`random acts, seed ${seed}`, async () => {
    const random = randomFrom(seed);
    const accepted: Recorded[] = [];
    const stage = recordingStage(accepted);
    const all = await consortium(stage);
    const tasks = [await task(stage, all.institute, all.parts)];
    const ended = new Map<string, unknown>();
    for (let i = 0; i < 400; i++) {
      await randomAct(stage, all, tasks, random);
      for (const id of tasks) {
        const now = taskOf(stage, id);
        assert.ok([...STATES, ...ENDED].includes(now.state));
        assert.ok(!ended.has(id) || ended.get(id) === now, "what has ended does not change");
        if (ENDED.includes(now.state)) ended.set(id, now);
        const allConsented = now.decided.receiver && now.decided.model && now.providers.every(Boolean);
        if (["authorised", "running", "succeeded"].includes(now.state)) assert.ok(allConsented, now.state);
      }
    }
    assert.ok(ended.size > 0);

    let again = emptyWorld;
    for (const { jws, time } of accepted) again = advance(again, parseStatement(jws), time).world;
    assert.deepEqual(plain(again), plain(stage.world));
  });
