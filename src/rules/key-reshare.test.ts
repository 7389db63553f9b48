/** New shares of a key that is there: who may ask for them, who agrees, and when they take the place of the old ones. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { enabledKey, madePayload, type Vault, vault } from "../../test/support/keys.ts";
import type { Signatory } from "../../test/support/principals.ts";
import { act, refused, type Stage, stateOf, worldStage } from "../../test/support/stage.ts";
import { key } from "./key.ts";
import { keyGroup } from "./key-group.ts";
import { agreementTo, attemptAt, epochOf, groupOf, nodesOf, participantsOf } from "./key-state.ts";
import { OPEN_FOR } from "./shapes.ts";

let stage: Stage;
let all: Vault;
let id: string;
let admin: Signatory;
let second: Signatory;
beforeEach(async () => {
  stage = worldStage();
  all = await vault(stage);
  [admin, second] = all.administrators;
  id = await enabledKey(stage, all);
});

const now = () => stateOf(stage, key, id);
const open = () => {
  const attempt = attemptAt(now(), stage.clock.now());
  assert.ok(attempt);
  return attempt;
};
const nodes = (...places: number[]) => places.map((place) => all.nodes[place]?.id ?? "");
const asks = (change: object = {}) => ({
  epoch: 2,
  kind: "refresh",
  threshold: 2,
  participants: nodes(0, 1, 2),
  ...change,
});
const ask = (change: object = {}, by: Signatory = admin) => act(stage, by, "key.reshare-requested", id, asks(change));
const approve = (by: Signatory, request = open().request) => act(stage, by, "key.reshare-approved", id, { request });
const make = (place: number, change: Record<string, unknown> = {}, parties = 3) => {
  const said = madePayload(open().request, { epoch: open().epoch, ...change }, parties);
  return act(stage, all.nodes[place] as Signatory, "key.made", id, said);
};

describe("a refresh", () => {
  test("takes effect when every participant has its new share, and not before", async () => {
    await ask();
    const [before] = now().epochs;
    await make(0);
    await make(2);
    assert.deepEqual([epochOf(now()), now().epochs.length], [before, 1], "old shares are not erased");
    await make(1);
    assert.deepEqual([epochOf(now())?.epoch, now().epochs.length, now().attempt], [2, 2, undefined]);
    assert.deepEqual(participantsOf(now(), 1), participantsOf(now()));
    assert.equal(now().status, "enabled");
  });

  test("keeps who holds shares and how many sign", async () => {
    for (const change of [
      { participants: nodes(0, 1, 3) },
      { participants: nodes(1, 0, 2) },
      { participants: nodes(0, 1) },
      { threshold: 3 },
      { lost: [1] },
    ])
      await refused(stage, () => ask(change), "key.nodes");
  });

  test("is of the epoch that comes next, and one at a time", async () => {
    for (const epoch of [3, 4]) await refused(stage, () => ask({ epoch }), "key.attempt");
    await refused(stage, () => ask({ epoch: 1 }), "statement.payload");
    await ask();
    await refused(stage, () => ask({}, second), "key.busy");
    stage.clock.advance(OPEN_FOR + 1);
    const { request } = now().attempt ?? {};
    await ask({}, second);
    assert.notEqual(open().request, request);
  });

  test("that failed leaves the key as it was, and what was said of it counts for no other", async () => {
    await ask();
    const { request } = open();
    await make(0);
    const fail = (by: Signatory) =>
      act(stage, by, "key.failed", id, { request, epoch: 2, code: "refresh.share", culprits: [3] });
    await refused(stage, () => fail(all.nodes[3]), "key.party");
    await fail(all.nodes[1]);
    assert.deepEqual([now().status, now().attempt, epochOf(now())?.epoch], ["enabled", undefined, 1]);
    assert.deepEqual(now().failure?.culprits, [3]);
    await ask();
    await refused(stage, () => make(0, { request }), "key.attempt");
    assert.deepEqual(open().said, []);
  });

  test("that would change the key is the fault of whoever says so", async () => {
    for (const change of [{ publicKey: `03${"9".repeat(64)}` }, { chainCode: "9".repeat(64) }]) {
      await ask();
      await make(2, change);
      assert.deepEqual([now().failure?.code, now().failure?.culprits, now().attempt], ["key.unfit", [3], undefined]);
      assert.deepEqual([now().publicKey, now().chainCode], [`02${"a".repeat(64)}`, "c".repeat(64)]);
    }
  });

  test("of a disabled key leaves it disabled; a key that is to be deleted has none", async () => {
    await act(stage, admin, "key.disabled", id);
    await ask();
    for (const place of [0, 1, 2]) await make(place);
    assert.deepEqual([now().status, epochOf(now())?.epoch], ["disabled", 2]);
    await ask({ epoch: 3 });
    const { request } = open();
    await act(stage, admin, "key.deletion-scheduled", id, { days: 7 });
    assert.equal(now().attempt, undefined);
    await act(stage, second, "key.deletion-cancelled", id);
    const late = { ...madePayload(request), epoch: 3 };
    await refused(stage, () => act(stage, all.nodes[0], "key.made", id, late), "key.attempt");
  });
});

describe("a recovery", () => {
  test("gives whoever lost its share a new one, and may put another node in its place", async () => {
    for (const change of [
      {},
      { lost: [4] },
      { lost: [2, 1] },
      { lost: [1, 2], participants: nodes(0, 1, 2) },
      { lost: [1], participants: nodes(0, 3, 2) },
      { lost: [1], threshold: 3 },
      { lost: [1], participants: nodes(0, 1, 2, 3) },
    ])
      await refused(stage, () => ask({ kind: "recover", ...change }), "key.nodes");
    await ask({ kind: "recover", lost: [3] });
    // What its node had counted as spent is lost with it.
    await refused(stage, () => make(0), "key.approvals", { needed: 2, given: 1 });
    await approve(second);
    for (const place of [0, 1, 2]) await make(place);
    assert.equal(epochOf(now())?.epoch, 2);
    await ask({ kind: "recover", epoch: 3, lost: [3], participants: nodes(0, 1, 3) });
    await refused(stage, () => make(0), "key.approvals", { needed: 2, given: 1 });
    await approve(second);
    for (const place of [0, 1, 3]) await make(place);
    assert.deepEqual(participantsOf(now()), nodes(0, 1, 3));
    assert.deepEqual(participantsOf(now(), 2), nodes(0, 1, 2));
  });
});

describe("a resharing", () => {
  const wider = { kind: "reshare", threshold: 3 };
  const asked = () => ask({ ...wider, participants: nodes(3, 2, 1, 0) });

  test("to other nodes or another threshold needs as many administrators as a change of the group", async () => {
    await asked();
    const group = () => stateOf(stage, keyGroup, all.group);
    assert.deepEqual(agreementTo(now(), open(), group()), { needed: 2, given: 1 });
    await refused(stage, () => make(3, {}, 4), "key.approvals");
    for (const member of [all.requester, all.approvers[0], all.stranger])
      await refused(stage, () => approve(member), "key.party");
    await refused(stage, () => approve(admin), "key.said");
    await refused(stage, () => approve(second, "0".repeat(64)), "key.attempt");
    await approve(second);
    assert.deepEqual(agreementTo(now(), open(), group()), { needed: 2, given: 2 });
    for (const place of [0, 1, 2, 3]) await make(place, {}, 4);
    assert.deepEqual([epochOf(now())?.threshold, participantsOf(now())], [3, nodes(3, 2, 1, 0)]);
  });

  test("that nobody agreed to is replaced by whoever asked for it, and by anybody once that one is no administrator", async () => {
    const third = all.administrators[2];
    await asked();
    await refused(stage, () => ask({}, second), "key.busy");
    await asked();
    await approve(second);
    await refused(stage, () => asked(), "key.busy");
    const change = { administrators: [second.id, third.id].sort() };
    await act(stage, second, "key-group.change-proposed", all.group, { change });
    const proposal = stage.world.streams.get(all.group)?.head;
    await act(stage, third, "key-group.change-approved", all.group, { proposal });
    await ask({}, third);
    assert.equal(open().kind, "refresh");
  });

  test("agreed to by an administrator that is none any more waits for another", async () => {
    await asked();
    await approve(second);
    const change = { administrators: [all.administrators[1].id, all.administrators[2].id].sort() };
    await act(stage, second, "key-group.change-proposed", all.group, { change });
    const proposal = stage.world.streams.get(all.group)?.head;
    await act(stage, all.administrators[2], "key-group.change-approved", all.group, { proposal });
    await refused(stage, () => make(0, {}, 4), "key.approvals", { needed: 2, given: 1 });
    await approve(all.administrators[2]);
    await make(0, {}, 4);
  });

  test("agreed to by an administrator that was put out and taken back waits for its word anew", async () => {
    const [, , third] = all.administrators;
    const administrators = (...some: Signatory[]) => ({ administrators: some.map((member) => member.id).sort() });
    const change = async (to: object) => {
      await act(stage, second, "key-group.change-proposed", all.group, { change: to });
      const proposal = stage.world.streams.get(all.group)?.head;
      await act(stage, third, "key-group.change-approved", all.group, { proposal });
    };
    await asked();
    await approve(second);
    await change(administrators(second, third));
    await change(administrators(admin, second, third));
    await refused(stage, () => make(0, {}, 4), "key.approvals", { needed: 2, given: 1 });
    await refused(stage, () => approve(second), "key.said");
    await approve(admin);
    await make(0, {}, 4);
  });

  test("to nodes of the group only, and every node of either epoch may say that it failed", async () => {
    await refused(stage, () => ask({ ...wider, participants: [...nodes(0, 1), admin.id] }), "key.nodes");
    await refused(stage, () => ask({ ...wider, participants: nodes(0, 1) }), "key.nodes");
    await ask({ kind: "reshare", participants: nodes(2, 3) });
    assert.deepEqual(nodesOf(now(), open()), new Set(nodes(0, 1, 2, 3)));
    const { request } = open();
    await refused(stage, () => make(2, {}, 2), "key.approvals");
    await approve(second);
    await refused(stage, () => make(0, {}, 2), "key.party");
    await act(stage, all.nodes[0], "key.failed", id, { request, epoch: 2, code: "node.gone", culprits: [] });
    assert.equal(now().attempt, undefined);
  });

  test("a key's group is found while there is one", () => {
    assert.throws(() => groupOf({ id: "K1", group: "0" }, { stream: () => undefined }), { code: "key.party" });
  });
});
