import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { alliance, type Consortium, consortium, model, source, task, taskOf } from "../../test/support/consortium.ts";
import { createEnclave } from "../../test/support/principals.ts";
import { act, found, refused, type Stage, worldStage } from "../../test/support/stage.ts";
import { digestOf } from "../trust/digest.ts";

describe("a task is created", () => {
  let stage: Stage;
  let all: Consortium;
  beforeEach(async () => {
    stage = worldStage();
    all = await consortium(stage);
  });
  const create = (parts = {}, twist: Record<string, unknown> = {}, by = all.institute) =>
    task(stage, by, { ...all.parts, ...parts }, twist);

  test("from one to five sources, each under a table of its own", async () => {
    const more = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((i) => source(stage, all.hospitals[i % 2 === 0 ? 0 : 1], all.enclave)),
    );
    await create({ sources: more.slice(0, 1) });
    const five = await create({ sources: more.slice(0, 5) });
    assert.equal(taskOf(stage, five).definition.sources.length, 5);
    await refused(stage, () => create({ sources: more }), "task.sources", { count: 6 });
    await refused(stage, () => create({ sources: [] }), "task.sources", { count: 0 });
    await refused(stage, () => create({ sources: [more[0], more[0]] }), "task.sources", { count: 2 });
    const [first] = taskOf(stage, five).definition.sources;
    const [, second] = taskOf(stage, five).definition.sources;
    const sameTable = { sources: [first, { ...second, table: first?.table }] };
    await refused(stage, () => create({}, sameTable), "task.sources");
  });

  test("within an alliance that all parties belong to", async () => {
    const { stranger, enclave, hospitals } = all;
    await refused(stage, () => create({}, {}, stranger), "member.required");
    await refused(stage, () => create({ alliance: "0".repeat(64) }), "member.required");
    await refused(stage, () => create({ alliance: all.parts.model }), "member.required");
    await refused(stage, () => create({ receiver: stranger }), "resource.not-shared", { id: stranger.id });
    const theirModel = await model(stage, stranger, enclave);
    await refused(stage, () => create({ model: theirModel }), "resource.not-shared", { id: theirModel });
    const theirSource = await source(stage, stranger, enclave);
    await refused(stage, () => create({ sources: [theirSource] }), "resource.not-shared", { id: theirSource });
    const alone = await alliance(stage, enclave, [hospitals[0]]);
    await refused(stage, () => create({ alliance: alone }), "member.required");
  });

  test("what does not exist answers as what is not shared", async () => {
    const nowhere = "0".repeat(64);
    await refused(stage, () => create({ model: nowhere }), "resource.not-shared", { id: nowhere });
    await refused(stage, () => create({ sources: [nowhere] }), "resource.not-shared", { id: nowhere });
    await refused(stage, () => create({ model: all.parts.sources[0] }), "resource.not-shared");
    await refused(stage, () => create({ sources: [all.parts.model] }), "resource.not-shared");
    const receiver = { ...all.institute, id: nowhere };
    await refused(stage, () => create({ receiver }), "resource.not-shared", { id: nowhere });
  });

  test("in the alliance's enclave, for which everything was sealed", async () => {
    const { institute, hospitals, parts } = all;
    const other = createEnclave({ components: { program: "0d".repeat(48) } });
    await found(stage, other);
    await refused(stage, () => create({ enclave: other }), "enclave.mismatch", { enclave: other.id });
    await refused(stage, () => create({}, { measurement: other.measurement }), "enclave.unknown");
    const elsewhere = await alliance(stage, other, [institute, ...hospitals]);
    const there = { alliance: elsewhere, enclave: other };
    await refused(stage, () => create(there), "enclave.mismatch");
    const moved = await model(stage, institute, other);
    await refused(stage, () => create({ ...there, model: moved }), "enclave.mismatch");
    const resealed = await source(stage, hospitals[0], other);
    await create({ ...there, model: moved, sources: [resealed] });
    await refused(stage, () => create({ model: moved }), "enclave.mismatch");
    await refused(stage, () => create({ sources: [resealed, parts.sources[1]] }), "enclave.mismatch");
  });

  test("on model and sources as they are now", async () => {
    const { institute, hospitals, enclave, parts } = all;
    const before = taskOf(stage, await create()).definition;
    const version = {
      version: "2",
      runner: "javascript",
      main: "other",
      archive: { digest: digestOf("new"), size: 9 },
      enclave: enclave.id,
    };
    await act(stage, institute, "model.revised", parts.model, version);
    await refused(stage, () => create({}, { model: before.model }), "resource.changed");
    await refused(
      stage,
      () => create({}, { model: { ...before.model, archive: digestOf("new") } }),
      "resource.changed",
    );
    await create();
    const [first, second] = before.sources;
    const twisted = [
      [{ ...first, envelope: digestOf("other") }, second],
      [first, { ...second, structure: digestOf("other") }],
      [first, { ...second, envelope: first?.envelope }],
    ];
    for (const sources of twisted) await refused(stage, () => create({}, { sources }), "resource.changed");
    const [stream] = parts.sources;
    assert.ok(stream);
    const described = { structure: digestOf("wider"), detail: digestOf("texts") };
    const redescribe = () => act(stage, hospitals[0], "source.described", stream, described);
    await refused(stage, redescribe, "resource.changed");
  });

  test("what has been authorised stays what it was when others change theirs", async () => {
    const id = await create();
    const before = taskOf(stage, id).definition;
    const version = {
      version: "2",
      runner: "javascript",
      main: "x",
      archive: { digest: digestOf("new"), size: 9 },
      enclave: all.enclave.id,
    };
    await act(stage, all.institute, "model.revised", all.parts.model, version);
    assert.equal(taskOf(stage, id).definition, before);
  });

  test("of its form", async () => {
    const odd: Record<string, unknown>[] = [
      { id: "M202601050800001" },
      { type: "federated" },
      { start: "now" },
      { measurement: "0" },
      { parameters: { nested: { a: 1 } } },
      { parameters: { ["k".repeat(65)]: 1 } },
      { parameters: { text: "x".repeat(1_025) } },
      { parameters: [] },
      { limits: { rows: 0 } },
      { limits: { rows: 10_000_001 } },
      { limits: { seconds: 86_401 } },
      { limits: { memory: 63 } },
      { limits: { rows: 1, threads: 4 } },
      { limits: undefined },
      { sources: [{ stream: all.parts.sources[0], table: "a b", envelope: digestOf(""), structure: digestOf("") }] },
      { expires: 1 },
      { state: "running" },
    ];
    for (const twist of odd) await refused(stage, () => create({}, twist), "statement.payload");
    const id = await create({}, { limits: {} });
    assert.deepEqual(taskOf(stage, id).definition.limits, { rows: 10_000, seconds: 600, memory: 1_024 });
  });

  test("a parameter that validators pass over is refused, not dropped", async () => {
    const parameters = JSON.parse('{"__proto__":"own","folds":5}');
    await refused(stage, () => create({}, { parameters }), "statement.malformed");
  });
});
