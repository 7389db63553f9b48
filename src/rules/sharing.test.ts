import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { z } from "zod";
import {
  type Consortium,
  consortium,
  model,
  source,
  task,
  taskOf,
  taskPayload,
} from "../../test/support/consortium.ts";
import { act, refused, type Stage, stateOf, worldStage } from "../../test/support/stage.ts";
import { digestOf } from "../trust/digest.ts";
import { ARCHIVE_MAX, DESCRIPTION_MAX, model as modelBook } from "./model.ts";
import { Description, Name, PlainName } from "./shapes.ts";
import { source as sourceBook } from "./source.ts";

const BOOKS = { model: modelBook, source: sourceBook };
const VERSION = { version: "1.1.0", runner: "javascript", main: "main", archive: { digest: digestOf("new"), size: 9 } };

describe("models and data sources", () => {
  let stage: Stage;
  let all: Consortium;
  beforeEach(async () => {
    stage = worldStage();
    all = await consortium(stage);
  });

  for (const what of ["model", "source"] as const) {
    const resource = () => (what === "model" ? all.parts.model : (all.parts.sources[0] as string));
    const owner = () => (what === "model" ? all.institute : all.hospitals[0]);
    const change = () =>
      what === "model"
        ? act(stage, owner(), "model.revised", resource(), { ...VERSION, enclave: all.enclave.id })
        : act(stage, owner(), "source.described", resource(), { structure: structure(), detail: digestOf("new") });
    const structure = () => stateOf(stage, sourceBook, resource()).structure;
    const permit = (permission: unknown) => act(stage, owner(), `${what}.permitted`, resource(), { permission });
    /** A task that hospital 2 creates on it. */
    const use = () => task(stage, all.hospitals[1], all.parts);

    test(`a ${what} is changed by its owner alone`, async () => {
      const stream = resource();
      const other = all.hospitals[1];
      const attempts: [string, unknown][] = [
        [`${what}.permitted`, { permission: { kind: "public" } }],
        [`${what}.withdrawn`, {}],
        what === "model"
          ? ["model.revised", { ...VERSION, enclave: all.enclave.id }]
          : ["source.described", { structure: structure(), detail: digestOf("x") }],
      ];
      for (const [kind, payload] of attempts) {
        await refused(stage, () => act(stage, other, kind, stream, payload), "owner.required");
        await refused(stage, () => act(stage, all.enclave, kind, stream, payload), "statement.principal");
        await act(worldStage(stage.world, stage.clock), owner(), kind, stream, payload);
      }
    });

    test(`a ${what} that was withdrawn stays so`, async () => {
      await act(stage, owner(), `${what}.withdrawn`, resource());
      assert.ok(stateOf<{ withdrawn: boolean }>(stage, BOOKS[what] as typeof modelBook, resource()).withdrawn);
      await refused(stage, change, "resource.withdrawn");
      await refused(stage, () => permit({ kind: "public" }), "resource.withdrawn");
      await refused(stage, () => act(stage, owner(), `${what}.withdrawn`, resource()), "resource.withdrawn");
      await refused(stage, use, "resource.withdrawn");
    });

    test(`a ${what} is used as its permission says`, async () => {
      await permit({ kind: "private" });
      await refused(stage, use, "resource.not-shared", { id: resource() });
      await permit({ kind: "named", members: [all.stranger.id] });
      await refused(stage, use, "resource.not-shared");
      await permit({ kind: "named", members: [all.stranger.id, all.hospitals[1].id] });
      await use();
      await permit({ kind: "private" });
      const ownerUses = () => task(stage, owner(), all.parts);
      await ownerUses();
      await permit({ kind: "public" });
      await use();
    });

    test(`a ${what}'s permission is of its form`, async () => {
      const odd: unknown[] = [
        "public",
        { kind: "everyone" },
        { kind: "public", members: [] },
        { kind: "named" },
        { kind: "named", members: [] },
        { kind: "named", members: ["第一医院"] },
        { kind: "named", members: Array.from({ length: 101 }, (_, i) => digestOf(i)) },
      ];
      for (const permission of odd) await refused(stage, () => permit(permission), "statement.payload");
    });
  }

  test("a model within its limits, and beyond", async () => {
    const attempt = (twist: Record<string, unknown>) => model(stage, all.institute, all.enclave, twist);
    const good = { digest: digestOf("archive"), size: ARCHIVE_MAX };
    await attempt({ archive: good, description: { digest: digestOf("md"), size: DESCRIPTION_MAX } });
    await attempt({ main: "$run_2", envelope: { digest: digestOf("sealed"), size: 1 } });
    const odd: Record<string, unknown>[] = [
      { archive: { ...good, size: ARCHIVE_MAX + 1 } },
      { archive: { ...good, size: 0 } },
      { archive: { ...good, size: 1.5 } },
      { description: { digest: digestOf("md"), size: DESCRIPTION_MAX + 1 } },
      { main: "" },
      { main: "2nd" },
      { main: "a.b" },
      { main: "m".repeat(65) },
      { main: "主函数" },
      { version: "" },
      { version: "1 0" },
      { version: "v".repeat(33) },
      { id: "D202601050800001" },
      { id: "M2026010508000" },
      { id: "M202601050800001234567" },
      { owner: all.stranger.id },
      { withdrawn: true },
    ];
    for (const twist of odd) await refused(stage, () => attempt(twist), "statement.payload");
  });

  test("a source within its limits, and beyond", async () => {
    const attempt = (twist: Record<string, unknown>) => source(stage, all.hospitals[0], all.enclave, twist);
    await attempt({ type: "parquet" });
    const odd: Record<string, unknown>[] = [
      { type: "" },
      { type: "CSV" },
      { type: "../csv" },
      { envelope: undefined },
      { envelope: { digest: "0", size: 1 } },
      { envelope: { digest: digestOf("sealed"), size: -1 } },
      { structure: "" },
      { password: "secret" },
    ];
    for (const twist of odd) await refused(stage, () => attempt(twist), "statement.payload");
  });

  test("a source that is reached otherwise stays the source that it is", async () => {
    const [stream = ""] = all.parts.sources;
    const [owner, other] = all.hospitals;
    const before = stateOf(stage, sourceBook, stream);
    const old = await task(stage, all.institute, all.parts);
    const envelope = { digest: digestOf("another way"), size: 9 };
    const reconnect = (by: typeof owner, payload: object) => act(stage, by, "source.reconnected", stream, payload);
    await refused(stage, () => reconnect(other, { envelope }), "owner.required");
    await refused(
      stage,
      () => act(stage, all.enclave, "source.reconnected", stream, { envelope }),
      "statement.principal",
    );
    for (const odd of [
      {},
      { envelope: "" },
      { envelope: { ...envelope, size: -1 } },
      { envelope, structure: digestOf("x") },
    ])
      await refused(stage, () => reconnect(owner, odd), "statement.payload");
    const asBefore = taskPayload(stage, all.parts).sources;
    await reconnect(owner, { envelope });
    assert.deepEqual(stateOf(stage, sourceBook, stream), { ...before, envelope });
    // What was asked for stands as it was asked for; whoever asks anew names the new envelope.
    assert.equal(taskOf(stage, old).definition.sources[0]?.envelope, before.envelope.digest);
    await refused(stage, () => task(stage, all.institute, all.parts, { sources: asBefore }), "resource.changed");
    await task(stage, all.institute, all.parts);
    await act(stage, owner, "source.withdrawn", stream);
    await refused(stage, () => reconnect(owner, { envelope }), "resource.withdrawn");
  });

  test("a revised model keeps its owner, id and permission", async () => {
    const before = stateOf(stage, modelBook, all.parts.model);
    const envelope = { digest: digestOf("sealed"), size: 5 };
    await act(stage, all.institute, "model.revised", all.parts.model, {
      ...VERSION,
      enclave: all.enclave.id,
      envelope,
    });
    await act(stage, all.institute, "model.revised", all.parts.model, { ...VERSION, enclave: all.enclave.id });
    const after = stateOf(stage, modelBook, all.parts.model);
    assert.equal(after.version, "1.1.0");
    assert.equal(after.envelope, undefined, "the sealed archive of the version before does not linger");
    assert.deepEqual([after.id, after.owner, after.permission], [before.id, before.owner, before.permission]);
  });
});

describe("names", () => {
  const accepts = (shape: z.ZodType, text: string) => shape.safeParse(text).success;

  test("fifty characters, however many bytes each has", () => {
    for (const shape of [Name, PlainName])
      for (const character of ["医", "a", "𠀀"]) {
        assert.ok(accepts(shape, character.repeat(50)));
        assert.ok(!accepts(shape, character.repeat(51)));
      }
    assert.ok(accepts(Description, "述".repeat(100)));
    assert.ok(!accepts(Description, "述".repeat(101)));
    assert.equal(Description.parse(undefined), "");
  });

  test("no name is empty, or has room at either end", () => {
    for (const text of ["", " ", " 医院", "医院 ", "\u3000医院", "医院\u00a0", "\t"]) {
      assert.ok(!accepts(Name, text), JSON.stringify(text));
      assert.ok(!accepts(PlainName, text), JSON.stringify(text));
    }
    assert.ok(accepts(Name, "第一 医院 (北京)"));
  });

  test("nothing that hides, breaks a line or turns the direction of writing", () => {
    for (const character of [
      "\0",
      "\n",
      "\u001b",
      "\u007f",
      "\u0085",
      "\u2028",
      "\u202e",
      "\u2066",
      "\u200b",
      "\ufeff",
      "\ue000",
      "\ud800",
    ])
      for (const shape of [Name, PlainName, Description])
        assert.ok(!accepts(shape, `医${character}院`), `U+${character.charCodeAt(0).toString(16)}`);
    for (const text of ["👩‍⚕️ 诊所", "Zürich", "مستشفى"]) assert.ok(accepts(Name, text), text);
  });

  test("sources and tasks: Chinese characters, letters and digits only", () => {
    for (const text of ["乳腺癌2026", "Table1", "々〇"]) assert.ok(accepts(PlainName, text), text);
    for (const text of ["a b", "a-b", "a_b", "a.b", "数据；", "データ", "Zürich", "٣", "x'--"])
      assert.ok(!accepts(PlainName, text), text);
  });
});
