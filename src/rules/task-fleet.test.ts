import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  type Consortium,
  complete,
  consortium,
  digestOfTask,
  task,
  taskOf,
  taskPayload,
  taskUpTo,
} from "../../test/support/consortium.ts";
import { createEnclave, type Enclave } from "../../test/support/principals.ts";
import { act, found, refused, type Stage, worldStage } from "../../test/support/stage.ts";
import { digestOf } from "../trust/digest.ts";

const KEYS = digestOf("keys");

describe("a task that several enclaves may run", () => {
  let stage: Stage;
  let all: Consortium;
  let workers: Enclave[];
  beforeEach(async () => {
    stage = worldStage();
    all = await consortium(stage);
    workers = [createEnclave(), createEnclave()].sort((a, b) => (a.id < b.id ? -1 : 1));
    await found(stage, ...workers);
  });
  const ids = () => workers.map(({ id }) => id);
  const create = (workers: unknown) => task(stage, all.institute, all.parts, { workers });
  const running = () => taskUpTo(stage, all, "authorised", { workers: ids() });
  const delegate = (id: string, payload: Record<string, unknown>, by: Enclave = all.enclave) =>
    act(stage, by, "task.delegated", id, { task: digestOfTask(stage, id), ...payload });

  test("names those that are alike, each once and in order", async () => {
    assert.deepEqual(taskOf(stage, await create(ids())).definition.workers, ids());
    await refused(stage, () => create([...ids()].reverse()), "statement.payload");
    await refused(stage, () => create([ids()[0], ids()[0]]), "statement.payload");
    await refused(stage, () => create([]), "statement.payload");
    await refused(stage, () => create([all.enclave.id]), "task.worker");
    await refused(stage, () => create(["0".repeat(64)]), "enclave.unknown");
    await refused(stage, () => create([all.institute.id]), "enclave.unknown");
    const other = createEnclave({ components: { program: "0d".repeat(48) } });
    await found(stage, other);
    await refused(stage, () => create([other.id]), "task.worker");
  });

  test("is run by the one that the first has said, and by no other", async () => {
    const id = await running();
    const [second, third] = workers as [Enclave, Enclave];
    await delegate(id, { enclave: second.id, keys: KEYS });
    assert.deepEqual([taskOf(stage, id).runner, taskOf(stage, id).keys], [second.id, KEYS]);
    await refused(stage, () => complete(stage, all.enclave, id), "task.party");
    await refused(stage, () => complete(stage, third, id), "task.party");
    const failure = { task: digestOfTask(stage, id), code: "model.failed" };
    await refused(stage, () => act(stage, all.enclave, "task.failed", id, failure), "task.party");
    await complete(stage, second, id);
    assert.equal(taskOf(stage, id).state, "succeeded");
    assert.equal(taskOf(stage, id).ended?.by, second.id);
  });

  test("is taken back without keys, and then is the first's again", async () => {
    const id = await running();
    const [second] = workers as [Enclave, Enclave];
    await delegate(id, { enclave: second.id, keys: KEYS });
    await refused(stage, () => delegate(id, { enclave: all.enclave.id, keys: KEYS }), "task.worker");
    await delegate(id, { enclave: all.enclave.id });
    await refused(stage, () => complete(stage, second, id), "task.party");
    await complete(stage, all.enclave, id);
  });

  test("goes to nobody who is not named, and only while it runs", async () => {
    const [second, third] = workers as [Enclave, Enclave];
    const id = await running();
    const to = { enclave: second.id, keys: KEYS };
    await refused(stage, () => delegate(id, to, second), "task.party");
    await refused(stage, () => delegate(id, { ...to, enclave: all.institute.id }), "task.worker");
    await refused(stage, () => delegate(id, { enclave: second.id }), "task.worker");
    await refused(stage, () => delegate(id, { enclave: all.enclave.id }), "task.worker");
    await refused(stage, () => delegate(id, { ...to, task: digestOf("another") }), "task.digest");
    await delegate(id, to);
    await refused(stage, () => delegate(id, to), "task.worker");
    await delegate(id, { enclave: third.id, keys: KEYS });
    await complete(stage, third, id);
    await refused(stage, () => delegate(id, to), "task.state");
    const waiting = await taskUpTo(stage, all, "sources", { workers: ids() });
    await refused(stage, () => delegate(waiting, to), "task.state");
    const alone = await taskUpTo(stage, all, "authorised");
    await refused(stage, () => delegate(alone, to), "task.worker");
    await assert.rejects(act(stage, all.institute, "task.delegated", alone, to));
  });

  test("goes round four times", async () => {
    const [second, third] = workers as [Enclave, Enclave];
    const id = await running();
    for (const { id: enclave } of [second, third, second, third]) await delegate(id, { enclave, keys: KEYS });
    await refused(stage, () => delegate(id, { enclave: all.enclave.id }), "task.delegations");
  });

  test("comes under a grant that names these enclaves too", async () => {
    const [hospital] = all.hospitals;
    const [stream = ""] = all.parts.sources;
    const parts = { ...all.parts, sources: [stream] };
    const payload = taskPayload(stage, parts, { workers: ids() });
    const terms = {
      member: all.institute.id,
      receiver: all.institute.id,
      model: all.parts.model,
      archive: payload.model.archive,
      main: payload.model.main,
      table: "table_0",
      rows: 1_000,
      runs: 5,
      expires: new Date(stage.clock.now() + 86_400_000).toISOString(),
    };
    const grant = async (workers?: string[]) => {
      await act(stage, hospital, "source.granted", stream, { ...terms, ...(workers && { workers }) });
      return stage.world.streams.get(stream)?.head;
    };
    const [named] = payload.sources;
    const under = (grant: unknown) =>
      task(stage, all.institute, parts, { workers: ids(), sources: [{ ...named, grant }] });
    const [none, some, both] = [await grant(), await grant(ids().slice(1)), await grant(ids())];
    await refused(stage, () => under(none), "task.grant");
    await refused(stage, () => under(some), "task.grant");
    await under(both);
  });
});
