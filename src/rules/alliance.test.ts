import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { type Consortium, consortium, alliance as found } from "../../test/support/consortium.ts";
import { createEnclave, type Organisation } from "../../test/support/principals.ts";
import { act, refused, type Stage, stateOf, worldStage } from "../../test/support/stage.ts";
import { DAY, iso } from "../base/clock.ts";
import { digestOf } from "../trust/digest.ts";
import { alliance } from "./alliance.ts";
import { OPEN_FOR } from "./shapes.ts";

describe("an alliance", () => {
  let stage: Stage;
  let all: Consortium;
  let id: string;
  beforeEach(async () => {
    stage = worldStage();
    all = await consortium(stage);
    id = all.parts.alliance;
  });
  const invite = (by: Organisation, member: { id: string }) =>
    act(stage, by, "alliance.invited", id, { member: member.id });
  const join = (by: Organisation) => act(stage, by, "alliance.joined", id);
  const decline = (by: Organisation) => act(stage, by, "alliance.declined", id);

  test("has its creator and whoever accepted an invitation", () => {
    const { creator, members } = stateOf(stage, alliance, id);
    assert.equal(creator, all.institute.id);
    assert.deepEqual([...members.keys()].sort(), [all.institute, ...all.hospitals].map((m) => m.id).sort());
  });

  test("is bound to an enclave of this ledger", async () => {
    await refused(stage, () => found(stage, createEnclave(), [all.institute]), "enclave.unknown");
    const payload = { network: "evidence", enclave: all.institute.id, detail: digestOf("texts") };
    await refused(stage, () => act(stage, all.institute, "alliance.founded", "", payload), "enclave.unknown");
  });

  test("any member invites; a stranger may neither invite nor join", async () => {
    await refused(stage, () => invite(all.stranger, all.stranger), "member.required");
    await refused(stage, () => join(all.stranger), "invitation.unknown");
    await refused(stage, () => decline(all.stranger), "invitation.unknown");
    await invite(all.hospitals[0], all.stranger);
    await join(all.stranger);
    assert.ok(stateOf(stage, alliance, id).members.has(all.stranger.id));
  });

  test("nobody is invited twice, and no member", async () => {
    await refused(stage, () => invite(all.institute, { id: "name" }), "statement.payload");
    await refused(stage, () => invite(all.institute, all.hospitals[0]), "member.exists");
    await refused(stage, () => invite(all.institute, all.institute), "member.exists");
    await invite(all.institute, all.stranger);
    const expires = iso(stage.clock.now() + OPEN_FOR);
    await refused(stage, () => invite(all.hospitals[1], all.stranger), "invitation.open", { expires });
  });

  test("an invitation is answered once", async () => {
    await invite(all.institute, all.stranger);
    await decline(all.stranger);
    await refused(stage, () => join(all.stranger), "invitation.unknown");
    await refused(stage, () => decline(all.stranger), "invitation.unknown");
    await invite(all.institute, all.stranger);
    await join(all.stranger);
    await refused(stage, () => join(all.stranger), "invitation.unknown");
    await refused(stage, () => decline(all.stranger), "invitation.unknown");
    assert.ok(stateOf(stage, alliance, id).members.has(all.stranger.id));
  });

  test("who has declined three times is left in peace for a while", async () => {
    for (let round = 0; round < 3; round++) {
      await invite(all.institute, all.stranger);
      await decline(all.stranger);
    }
    await refused(stage, () => invite(all.institute, all.stranger), "invitation.open");
    stage.clock.advance(OPEN_FOR + 1);
    await invite(all.institute, all.stranger);
  });

  test("an invitation is open for seven days, to the millisecond", async () => {
    assert.equal(OPEN_FOR, 7 * DAY);
    await invite(all.institute, all.stranger);
    stage.clock.advance(OPEN_FOR);
    const last = worldStage(stage.world, stage.clock);
    await act(last, all.stranger, "alliance.joined", id);
    await refused(stage, () => invite(all.institute, all.stranger), "invitation.open");
    stage.clock.advance(1);
    await refused(stage, () => join(all.stranger), "invitation.expired");
    await refused(stage, () => decline(all.stranger), "invitation.expired");
    await invite(all.institute, all.stranger);
    await join(all.stranger);
  });

  test("the enclave is no member, and speaks in no alliance", async () => {
    for (const kind of ["alliance.joined", "alliance.declined"])
      await refused(stage, () => act(stage, all.enclave, kind, id), "statement.principal");
    const payload = { network: "evidence", enclave: all.enclave.id, detail: digestOf("texts") };
    await refused(stage, () => act(stage, all.enclave, "alliance.founded", "", payload), "statement.principal");
  });
});
