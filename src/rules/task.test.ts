import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { generateKey } from "#crypto";
import {
  authoriseModel,
  authoriseReceiver,
  authoriseSource,
  type Consortium,
  complete,
  consortium,
  DELIVERY,
  digestOfTask,
  RESULT,
  source,
  task,
  taskOf,
  taskUpTo,
} from "../../test/support/consortium.ts";
import { createEnclave } from "../../test/support/principals.ts";
import { act, found, refused, type Stage, worldStage } from "../../test/support/stage.ts";
import { iso } from "../base/clock.ts";
import { digestOf } from "../trust/digest.ts";
import { keyToPem, publicKeyToPem } from "../trust/keys.ts";
import { OPEN_FOR } from "./shapes.ts";
import { taskDigest } from "./task-definition.ts";
import { deciders, partiesOf, stateAt } from "./task-state.ts";

let stage: Stage;
let all: Consortium;
beforeEach(async () => {
  stage = worldStage();
  all = await consortium(stage);
});
const refuseIt = (by: Parameters<typeof act>[1], id: string) => act(stage, by, "task.refused", id);
const revoke = (by: Parameters<typeof act>[1], id: string) => act(stage, by, "task.revoked", id);
const run = (by: Parameters<typeof act>[1], id: string) => act(stage, by, "task.run-requested", id);
const fail = (id: string, by: Parameters<typeof act>[1] = all.enclave, task = digestOfTask(stage, id)) =>
  act(stage, by, "task.failed", id, { task, code: "model.threw" });
const state = (id: string) => taskOf(stage, id).state;

describe("authorisation in order", () => {
  test("1 request, 2 receiver, 3 every provider, 4 model, 5 complete; the result is accepted once", async () => {
    const { institute, hospitals, enclave, parts } = all;
    const id = await task(stage, institute, parts);
    assert.equal(state(id), "receiver-authorising");
    assert.deepEqual(deciders(taskOf(stage, id)), [institute.id]);
    await authoriseReceiver(stage, institute, id);
    assert.equal(state(id), "source-authorising");
    assert.deepEqual(new Set(deciders(taskOf(stage, id))), new Set(hospitals.map((hospital) => hospital.id)));
    await authoriseSource(stage, hospitals[1], id);
    assert.equal(state(id), "source-authorising");
    assert.deepEqual(deciders(taskOf(stage, id)), [hospitals[0].id]);
    await authoriseSource(stage, hospitals[0], id);
    assert.equal(state(id), "model-authorising");
    await authoriseModel(stage, institute, id);
    assert.equal(state(id), "running");
    await complete(stage, enclave, id);
    const done = taskOf(stage, id);
    assert.equal(done.state, "succeeded");
    assert.deepEqual(done.result, RESULT);
    assert.equal(done.ended?.by, enclave.id);
    assert.deepEqual(partiesOf(done), new Set([institute, ...hospitals].map((member) => member.id)));
    await refused(stage, () => complete(stage, enclave, id), "task.state");
    await refused(stage, () => fail(id), "task.state");
  });

  test("nobody before their turn", async () => {
    const { institute, hospitals, enclave } = all;
    const id = await taskUpTo(stage, all, "created");
    await refused(stage, () => authoriseSource(stage, hospitals[0], id), "task.state", {
      state: "receiver-authorising",
    });
    await refused(stage, () => authoriseModel(stage, institute, id), "task.state");
    await refused(stage, () => complete(stage, enclave, id), "task.state");
    await refused(stage, () => fail(id), "task.state");
    await authoriseReceiver(stage, institute, id);
    await refused(stage, () => authoriseModel(stage, institute, id), "task.state");
    await authoriseSource(stage, hospitals[0], id);
    await refused(stage, () => authoriseModel(stage, institute, id), "task.state");
    await refused(stage, () => complete(stage, enclave, id), "task.state");
  });

  test("nobody twice", async () => {
    const { institute, hospitals } = all;
    const id = await taskUpTo(stage, all, "receiver");
    await refused(stage, () => authoriseReceiver(stage, institute, id), "task.state");
    await authoriseSource(stage, hospitals[0], id);
    await refused(stage, () => authoriseSource(stage, hospitals[0], id), "task.decided", { id: taskOf(stage, id).id });
    await authoriseSource(stage, hospitals[1], id);
    await refused(stage, () => authoriseSource(stage, hospitals[1], id), "task.state");
    await authoriseModel(stage, institute, id);
    await refused(stage, () => authoriseModel(stage, institute, id), "task.state");
  });

  test("a member of two parts decides on each; an owner of two sources once for both", async () => {
    const { hospitals, enclave, parts } = all;
    const more = await source(stage, hospitals[0], enclave);
    const mine = { ...parts, receiver: hospitals[0], sources: [...parts.sources, more] };
    const id = await task(stage, hospitals[0], mine);
    assert.equal(taskOf(stage, id).providers.size, 2);
    await authoriseReceiver(stage, hospitals[0], id);
    await authoriseSource(stage, hospitals[0], id);
    await authoriseSource(stage, hospitals[1], id);
    assert.equal(state(id), "model-authorising");
  });

  test("nobody else: strangers, other parties, the creator for others, the enclave", async () => {
    const { institute, hospitals, stranger, enclave } = all;
    const id = await taskUpTo(stage, all, "created");
    for (const other of [stranger, hospitals[0]])
      await refused(stage, () => authoriseReceiver(stage, other, id), "task.party");
    await authoriseReceiver(stage, institute, id);
    for (const other of [stranger, institute])
      await refused(stage, () => authoriseSource(stage, other, id), "task.party");
    for (const hospital of hospitals) await authoriseSource(stage, hospital, id);
    for (const other of [stranger, hospitals[0]])
      await refused(stage, () => authoriseModel(stage, other, id), "task.party");
    const digest = { task: digestOfTask(stage, id) };
    await refused(stage, () => act(stage, enclave, "task.model-authorised", id, digest), "statement.principal");
  });

  test("every signature is over the task as it will run", async () => {
    const { institute, hospitals } = all;
    const id = await taskUpTo(stage, all, "created");
    const { definition } = taskOf(stage, id);
    const other = { ...DELIVERY, cipher: "SM4GCM" as const };
    const twisted = { delivery: DELIVERY, task: taskDigest(id, definition, other) };
    await refused(stage, () => authoriseReceiver(stage, institute, id, twisted), "task.digest");
    await authoriseReceiver(stage, institute, id);
    const expected = digestOfTask(stage, id);
    for (const changed of [
      { ...definition, parameters: {} },
      { ...definition, limits: { ...definition.limits, rows: 1 } },
      { ...definition, receiver: all.stranger.id },
    ]) {
      const digest = taskDigest(id, changed, DELIVERY);
      await refused(stage, () => authoriseSource(stage, hospitals[0], id, digest), "task.digest", { expected });
    }
    for (const hospital of hospitals) await authoriseSource(stage, hospital, id);
    await refused(stage, () => authoriseModel(stage, institute, id, digestOf("?")), "task.digest", { expected });
    await authoriseModel(stage, institute, id);
    await refused(stage, () => fail(id, all.enclave, digestOf("?")), "task.digest", { expected });
  });

  test("the result's key is one that a result can be sealed to", async () => {
    const { institute } = all;
    const id = await taskUpTo(stage, all, "created");
    const attempt = (key: string) => () => authoriseReceiver(stage, institute, id, { delivery: { ...DELIVERY, key } });
    await refused(stage, attempt(keyToPem(generateKey("P-256"))), "receiver-key.private");
    await refused(stage, attempt(publicKeyToPem(generateKey("Ed25519").publicKey)), "key.kind");
    await refused(stage, attempt("no PEM"), "key.not-pem");
    await refused(stage, attempt(""), "key.not-pem");
    await refused(stage, attempt("A".repeat(8_193)), "statement.payload");
    for (const kind of ["X25519", "SM2"] as const) {
      const delivery = { ...DELIVERY, key: publicKeyToPem(generateKey(kind).publicKey) };
      await authoriseReceiver(worldStage(stage.world, stage.clock), institute, id, { delivery });
    }
  });
});

describe("refusal", () => {
  test("by whoever decides now ends it for all", async () => {
    const { institute, hospitals } = all;
    for (const [step, by] of [
      ["created", institute],
      ["receiver", hospitals[0]],
      ["sources", institute],
    ] as const) {
      const id = await taskUpTo(stage, all, step);
      await refuseIt(by, id);
      assert.equal(state(id), "authorisation-failed");
      assert.deepEqual(taskOf(stage, id).ended, { by: by.id, time: stage.clock.now(), code: "refused" });
      assert.deepEqual(deciders(taskOf(stage, id)), []);
      await refused(stage, () => refuseIt(by, id), "task.state");
      await refused(stage, () => authoriseModel(stage, institute, id), "task.state");
      await refused(stage, () => run(institute, id), "task.state");
    }
  });

  test("not by strangers, not out of turn, not after one's own yes", async () => {
    const { institute, hospitals, stranger } = all;
    const id = await taskUpTo(stage, all, "created");
    await refused(stage, () => refuseIt(stranger, id), "task.party");
    await refused(stage, () => refuseIt(hospitals[0], id), "task.party");
    await refused(stage, () => act(stage, all.enclave, "task.refused", id), "statement.principal");
    await authoriseReceiver(stage, institute, id);
    await authoriseSource(stage, hospitals[0], id);
    await refused(stage, () => refuseIt(hospitals[0], id), "task.party");
    await refuseIt(hospitals[1], id);
  });
});

describe("expiry", () => {
  test("an open request lives seven days to the millisecond, then it has failed", async () => {
    const { institute, hospitals } = all;
    const id = await taskUpTo(stage, all, "receiver");
    const { expires } = taskOf(stage, id);
    assert.equal(expires, stage.clock.now() + OPEN_FOR);
    stage.clock.advance(OPEN_FOR);
    assert.equal(stateAt(taskOf(stage, id), expires), "source-authorising");
    await authoriseSource(worldStage(stage.world, stage.clock), hospitals[0], id);
    stage.clock.advance(1);
    assert.equal(stateAt(taskOf(stage, id), expires + 1), "authorisation-failed");
    const details = { expires: iso(expires) };
    await refused(stage, () => authoriseSource(stage, hospitals[0], id), "task.expired", details);
    await refused(stage, () => refuseIt(hospitals[0], id), "task.expired", details);
    await refused(stage, () => revoke(institute, id), "task.expired", details);
    await refused(stage, () => authoriseSource(stage, all.stranger, id), "task.party");
  });

  test("at every step", async () => {
    const created = await taskUpTo(stage, all, "created");
    const sources = await taskUpTo(stage, all, "sources");
    stage.clock.advance(OPEN_FOR + 1);
    await refused(stage, () => authoriseReceiver(stage, all.institute, created), "task.expired");
    await refused(stage, () => authoriseModel(stage, all.institute, sources), "task.expired");
  });

  test("what was authorised at the last moment has as long to run, and no longer", async () => {
    const [id, late] = [await taskUpTo(stage, all, "sources"), await taskUpTo(stage, all, "sources")];
    stage.clock.advance(OPEN_FOR - 1_000);
    await authoriseModel(stage, all.institute, id);
    await authoriseModel(stage, all.institute, late);
    stage.clock.advance(OPEN_FOR - 1_000);
    assert.equal(stateAt(taskOf(stage, id), stage.clock.now()), "running");
    await complete(stage, all.enclave, id);
    stage.clock.advance(2_000);
    assert.equal(stateAt(taskOf(stage, late), stage.clock.now()), "failed");
    await refused(stage, () => complete(stage, all.enclave, late), "task.expired");
  });
});

describe("revocation of a consent", () => {
  test("until the result is there, by each who gave one", async () => {
    const { institute, hospitals } = all;
    const cases = [
      ["receiver", institute, "authorisation-failed"],
      ["sources", hospitals[1], "authorisation-failed"],
      ["authorised", hospitals[0], "failed"],
      ["authorised", institute, "failed"],
    ] as const;
    for (const [step, by, ended] of cases) {
      const id = await taskUpTo(stage, all, step);
      await revoke(by, id);
      assert.equal(state(id), ended);
      assert.equal(taskOf(stage, id).ended?.code, "revoked");
      await refused(stage, () => complete(stage, all.enclave, id), "task.state");
      await refused(stage, () => revoke(by, id), "task.state");
    }
  });

  test("of a task that waits for its start", async () => {
    const id = await taskUpTo(stage, all, "authorised", { start: "manual" });
    await revoke(all.hospitals[0], id);
    assert.equal(state(id), "failed");
    await refused(stage, () => run(all.institute, id), "task.state");
  });

  test("not by who gave none, not after the end", async () => {
    const { institute, hospitals, stranger, enclave } = all;
    const created = await taskUpTo(stage, all, "created");
    for (const by of [institute, hospitals[0], stranger]) await refused(stage, () => revoke(by, created), "task.party");
    const open = await taskUpTo(stage, all, "receiver");
    await refused(stage, () => revoke(hospitals[0], open), "task.party");
    const done = await taskUpTo(stage, all, "completed");
    await refused(stage, () => revoke(hospitals[0], done), "task.state");
    await refused(stage, () => act(stage, enclave, "task.revoked", open), "statement.principal");
  });
});

describe("start", () => {
  test("by hand: the creator asks, nobody else, once", async () => {
    const { institute, hospitals, enclave, stranger } = all;
    const id = await taskUpTo(stage, all, "sources", { start: "manual" });
    await refused(stage, () => run(institute, id), "task.state");
    await authoriseModel(stage, institute, id);
    assert.equal(state(id), "authorised");
    await refused(stage, () => complete(stage, enclave, id), "task.state", { state: "authorised" });
    for (const by of [...hospitals, stranger]) await refused(stage, () => run(by, id), "task.party");
    await run(institute, id);
    assert.equal(state(id), "running");
    await refused(stage, () => run(institute, id), "task.state");
    await complete(stage, enclave, id);
  });

  test("of itself: there is nothing to ask for", async () => {
    const id = await taskUpTo(stage, all, "authorised");
    await refused(stage, () => run(all.institute, id), "task.state", { state: "running" });
  });
});

describe("the enclave's word", () => {
  test("a receipt that does not fit, member by member", async () => {
    const { enclave } = all;
    const id = await taskUpTo(stage, all, "authorised");
    const [first, second] = taskOf(stage, id).definition.sources.map(({ stream, envelope }) => ({
      stream,
      envelope,
      rows: 1,
    }));
    assert.ok(first && second);
    const attempt =
      (receipt: Record<string, unknown>, result: Record<string, unknown> = {}) =>
      () =>
        complete(stage, enclave, id, { receipt, result });
    const misfits: [Record<string, unknown>, string][] = [
      [{ measurement: "0".repeat(96) }, "measurement"],
      [{ isolation: "quickjs" }, "isolation"],
      [{ started: "2026-01-05T09:00:00.000Z", finished: "2026-01-05T08:00:00.000Z" }, "times"],
      [{ model: digestOf("another archive") }, "model"],
      [{ sources: [first] }, "sources"],
      [{ sources: [first, second, second] }, "sources"],
      [{ sources: [second, first] }, "sources"],
      [{ sources: [first, { ...second, envelope: first.envelope }] }, "sources"],
      [{ sources: [first, { ...second, stream: first.stream }] }, "sources"],
    ];
    for (const [receipt, reason] of misfits) await refused(stage, attempt(receipt), "task.receipt", { reason });
    await refused(stage, attempt({}, { rows: 1_001 }), "task.receipt", { reason: "rows" });
    await refused(stage, attempt({ task: digestOf("another task") }), "task.digest");
    const malformed: [Record<string, unknown>, Record<string, unknown>?][] = [
      [{ started: "yesterday" }],
      [{ finished: undefined }],
      [{ checkpoint: { size: 0, root: digestOf("") } }],
      [{ heads: { [id]: "head" } }],
      [{ heads: { id: digestOf("") } }],
      [{ isolation: "none".repeat(9) }],
      [{ sources: [{ ...first, rows: -1 }, second] }],
      [{ more: 1 }],
      [{}, { size: 0 }],
      [{}, { digest: "0" }],
      [{}, { rows: 0.5 }],
    ];
    for (const [receipt, result] of malformed) await refused(stage, attempt(receipt, result), "statement.payload");
    await complete(stage, enclave, id, { result: { rows: 1_000 } });
  });

  test("of another enclave, or of a member, is none", async () => {
    const other = createEnclave();
    await found(stage, other);
    const id = await taskUpTo(stage, all, "authorised");
    await refused(stage, () => complete(stage, other, id), "task.party");
    await refused(stage, () => fail(id, other), "task.party");
    const { key } = all.institute;
    const forged = { task: digestOfTask(stage, id), code: "x" };
    await refused(stage, () => act(stage, all.institute, "task.failed", id, forged), "statement.principal");
    await refused(stage, () => act(stage, all.enclave, "task.failed", id, forged, { key }), "statement.signature");
  });

  test("that it failed ends the task", async () => {
    const id = await taskUpTo(stage, all, "authorised");
    const odd = { task: digestOfTask(stage, id), code: "Not a code!" };
    await refused(stage, () => act(stage, all.enclave, "task.failed", id, odd), "statement.payload");
    await fail(id);
    assert.equal(state(id), "failed");
    assert.equal(taskOf(stage, id).ended?.code, "model.threw");
    await refused(stage, () => complete(stage, all.enclave, id), "task.state");
  });
});
