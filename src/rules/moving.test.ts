import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  authoriseModel,
  authoriseReceiver,
  authoriseSource,
  type Consortium,
  consortium,
  task,
  taskUpTo,
} from "../../test/support/consortium.ts";
import { createEnclave, type Enclave } from "../../test/support/principals.ts";
import { act, found, refused, type Stage, stateOf, worldStage } from "../../test/support/stage.ts";
import { digestOf } from "../trust/digest.ts";
import { alliance } from "./alliance.ts";
import { type EnclaveState, enclave as enclaveBook } from "./enclave.ts";
import { model as modelBook } from "./model.ts";
import { hasLeft, requireSuccessor } from "./moving.ts";
import type { Rulebook } from "./rulebook.ts";
import { source as sourceBook } from "./source.ts";

const BOOKS = { model: modelBook, source: sourceBook };
const successor = ({ id, measurement }: Enclave) => ({ enclave: id, measurement });

describe("moving to another enclave", () => {
  let stage: Stage;
  let all: Consortium;
  let next: Enclave;
  beforeEach(async () => {
    stage = worldStage();
    all = await consortium(stage);
    next = createEnclave({ at: stage.clock.now(), components: { program: "7a".repeat(48) } });
    await found(stage, next);
  });

  for (const what of ["model", "source"] as const) {
    const resource = () => (what === "model" ? all.parts.model : (all.parts.sources[0] as string));
    const owner = () => (what === "model" ? all.institute : all.hospitals[0]);
    const move = (twist: object = {}, by = owner()) =>
      act(stage, by, `${what}.moved`, resource(), { from: all.enclave.id, ...successor(next), ...twist });
    const state = () => stateOf(stage, BOOKS[what] as typeof sourceBook, resource());

    test(`a ${what} is moved by its owner, and stays sealed to where it was sealed`, async () => {
      await move();
      assert.deepEqual([state().enclave, state().sealedTo], [next.id, all.enclave.id]);
      assert.deepEqual([hasLeft(state(), all.enclave.id), hasLeft(state(), next.id)], [true, false]);
      await move({ from: next.id, ...successor(all.enclave) });
      assert.deepEqual([state().enclave, state().sealedTo], [all.enclave.id, all.enclave.id]);
      assert.deepEqual([hasLeft(state(), all.enclave.id), hasLeft(state(), next.id)], [false, true]);
    });

    test(`nobody else moves a ${what}, and nobody one that was withdrawn`, async () => {
      await refused(stage, () => move({}, all.hospitals[1]), "owner.required");
      await act(stage, owner(), `${what}.withdrawn`, resource());
      await refused(stage, () => move(), "resource.withdrawn");
    });

    test(`a ${what} moves to an enclave that is there and is measured as said`, async () => {
      await refused(stage, () => move({ enclave: digestOf("none") }), "enclave.unknown");
      await refused(stage, () => move({ enclave: resource() }), "enclave.unknown");
      await refused(stage, () => move({ measurement: all.enclave.measurement }), "enclave.unknown");
      await refused(stage, () => move({ measurement: "" }), "statement.payload");
      await refused(stage, () => move({ from: next.id }), "resource.changed", { id: state().id });
      await refused(stage, () => move(successor(all.enclave)), "enclave.here");
      await refused(stage, () => move({ allowWeaker: true }), "statement.payload");
    });
  }

  test("a new version of a model is sealed where it says, wherever the one before was", async () => {
    const { institute, parts, enclave } = all;
    await act(stage, institute, "model.moved", parts.model, { from: enclave.id, ...successor(next) });
    const version = { version: "2", runner: "javascript", main: "main", archive: { digest: digestOf("2"), size: 9 } };
    await act(stage, institute, "model.revised", parts.model, { ...version, enclave: next.id });
    const state = stateOf(stage, modelBook, parts.model);
    assert.deepEqual([state.enclave, state.sealedTo], [next.id, next.id]);
    assert(hasLeft(state, enclave.id), "what is open at the former enclave does not run there");
  });

  test("what an open task rests on was moved: nobody agrees to it any more", async () => {
    const { institute, hospitals, enclave, parts } = all;
    const [created, asked, last] = [
      await taskUpTo(stage, all, "created"),
      await taskUpTo(stage, all, "receiver"),
      await taskUpTo(stage, all, "sources"),
    ];
    await act(stage, hospitals[0], "source.moved", parts.sources[0] ?? "", { from: enclave.id, ...successor(next) });
    const id = stateOf(stage, sourceBook, parts.sources[0] ?? "").id;
    await refused(stage, () => authoriseReceiver(stage, institute, created), "enclave.mismatch", { id });
    await refused(stage, () => authoriseSource(stage, hospitals[1], asked), "enclave.mismatch", { id });
    await refused(stage, () => authoriseModel(stage, institute, last), "enclave.mismatch", { id });
    await refused(stage, () => task(stage, institute, parts), "enclave.mismatch", { id });
    // It can still be refused, and moves back.
    await act(stage, institute, "task.refused", created);
    await act(stage, hospitals[0], "source.moved", parts.sources[0] ?? "", { from: next.id, ...successor(enclave) });
    await authoriseModel(stage, institute, last);
  });

  test("a task is created where everything has moved to", async () => {
    const { institute, hospitals, enclave, parts } = all;
    const there = { ...parts, enclave: next };
    await refused(stage, () => task(stage, institute, there), "enclave.mismatch", { id: parts.alliance });
    await refused(
      stage,
      () => act(stage, hospitals[0], "alliance.moved", parts.alliance, successor(next)),
      "owner.required",
    );
    await refused(
      stage,
      () => act(stage, institute, "alliance.moved", parts.alliance, successor(enclave)),
      "enclave.here",
    );
    await act(stage, institute, "alliance.moved", parts.alliance, successor(next));
    assert.equal(stateOf(stage, alliance, parts.alliance).enclave, next.id);
    await refused(stage, () => task(stage, institute, there), "enclave.mismatch");
    const from = enclave.id;
    await act(stage, institute, "model.moved", parts.model, { from, ...successor(next) });
    for (const [i, stream] of parts.sources.entries())
      await act(stage, hospitals[i === 0 ? 0 : 1], "source.moved", stream, { from, ...successor(next) });
    await task(stage, institute, there);
  });
});

test("what was sealed does not move to where less is closed, nor to another ledger's enclave", () => {
  const state = { ...enclaveBook.initial, measurement: "ab".repeat(48), isolation: "bubblewrap", ledger: "one" };
  const verdict = (before: Partial<EnclaveState>, after: Partial<EnclaveState>) => {
    const states: Record<string, EnclaveState> = { from: { ...state, ...before }, to: { ...state, ...after } };
    const stream = <S>(_: Rulebook<S>, id: string) => ({
      state: states[id] as S,
      book: "",
      length: 1,
      size: 0,
      head: "",
    });
    try {
      requireSuccessor({ stream }, "from", { enclave: "to", measurement: state.measurement });
      return "moved";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const order = ["simulated", "swtpm", "tpm2", "sev-snp", "tdx"];
  const strength = [0, 0, 1, 2, 2];
  for (const [i, before] of order.entries())
    for (const [j, after] of order.entries()) {
      const expected = (strength[j] ?? 0) < (strength[i] ?? 0) ? "enclave.weaker" : "moved";
      assert.equal(verdict({ provider: before }, { provider: after }), expected, `${before} to ${after}`);
    }
  const provider = "tdx";
  assert.equal(verdict({ provider }, { provider, isolation: "quickjs" }), "enclave.weaker");
  assert.equal(verdict({ provider, isolation: "quickjs" }, { provider }), "moved");
  assert.equal(verdict({ provider }, { provider, ledger: "another" }), "enclave.weaker");
  assert.equal(verdict({ provider }, { provider: "unheard-of" }), "enclave.weaker");
});
