import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  DETAIL,
  enabledKey,
  groupPayload,
  keyPayload,
  madePayload,
  type Vault,
  vault,
} from "../../test/support/keys.ts";
import type { Signatory } from "../../test/support/principals.ts";
import { act, refused, type Stage, signed, stateOf, worldStage } from "../../test/support/stage.ts";
import { DAY } from "../base/clock.ts";
import { KeyDetail, key } from "./key.ts";
import { attemptAt, epochOf, indexIn, type KeyState, participantsOf, stateOf as stateAt } from "./key-state.ts";

let stage: Stage;
let all: Vault;
let admin: Signatory;
beforeEach(async () => {
  stage = worldStage();
  all = await vault(stage);
  [admin] = all.administrators;
});

const keyOf = (id: string) => stateOf(stage, key, id);
const standing = (id: string): KeyState => stateAt(keyOf(id), stage.clock.now());
const found = (change: Record<string, unknown> = {}, by: Signatory = all.requester) =>
  act(stage, by, "key.founded", "", keyPayload(all, change));
const make = (by: Signatory, id: string, change: Record<string, unknown> = {}, parties = 3) =>
  act(stage, by, "key.made", id, madePayload(id, change, parties));
const fail = (by: Signatory, id: string, change: object = {}) =>
  act(stage, by, "key.failed", id, { request: id, epoch: 1, code: "dkg.proof", culprits: [2], ...change });

/** How a key gets into each state. */
const into: Record<KeyState, () => Promise<string>> = {
  pending: () => found(),
  enabled: () => enabledKey(stage, all),
  disabled: async () => act(stage, admin, "key.disabled", await enabledKey(stage, all)),
  "deletion-scheduled": async () =>
    act(stage, admin, "key.deletion-scheduled", await enabledKey(stage, all), { days: 7 }),
  deleted: async () => {
    const id = await into["deletion-scheduled"]();
    stage.clock.advance(7 * DAY);
    return id;
  },
  failed: async () => fail(all.nodes[0], await found()),
};

/** What each act leads to in each state: the state after, or the code of the refusal. */
const table: Record<string, { act: (id: string) => Promise<unknown>; leads: Record<KeyState, string> }> = {
  "key.made": {
    act: (id) => make(all.nodes[0], id),
    leads: {
      pending: "pending",
      enabled: "key.attempt",
      disabled: "key.attempt",
      "deletion-scheduled": "key.attempt",
      deleted: "key.attempt",
      failed: "key.attempt",
    },
  },
  "key.failed": {
    act: (id) => fail(all.nodes[0], id),
    leads: {
      pending: "failed",
      enabled: "key.attempt",
      disabled: "key.attempt",
      "deletion-scheduled": "key.attempt",
      deleted: "key.attempt",
      failed: "key.attempt",
    },
  },
  "key.described": {
    act: (id) => act(stage, admin, "key.described", id, { detail: "1".repeat(64) }),
    leads: {
      pending: "pending",
      enabled: "enabled",
      disabled: "disabled",
      "deletion-scheduled": "deletion-scheduled",
      deleted: "key.state",
      failed: "key.state",
    },
  },
  "key.disabled": {
    act: (id) => act(stage, admin, "key.disabled", id),
    leads: {
      pending: "key.state",
      enabled: "disabled",
      disabled: "key.state",
      "deletion-scheduled": "key.state",
      deleted: "key.state",
      failed: "key.state",
    },
  },
  "key.enabled": {
    act: (id) => act(stage, admin, "key.enabled", id),
    leads: {
      pending: "key.state",
      enabled: "key.state",
      disabled: "enabled",
      "deletion-scheduled": "key.state",
      deleted: "key.state",
      failed: "key.state",
    },
  },
  "key.deletion-scheduled": {
    act: (id) => act(stage, admin, "key.deletion-scheduled", id, { days: 30 }),
    leads: {
      pending: "key.state",
      enabled: "deletion-scheduled",
      disabled: "deletion-scheduled",
      "deletion-scheduled": "key.state",
      deleted: "key.state",
      failed: "key.state",
    },
  },
  "key.deletion-cancelled": {
    act: (id) => act(stage, admin, "key.deletion-cancelled", id),
    leads: {
      pending: "key.state",
      enabled: "key.state",
      disabled: "key.state",
      "deletion-scheduled": "disabled",
      deleted: "key.state",
      failed: "key.state",
    },
  },
  "key.reshare-requested": {
    act: (id) =>
      act(stage, admin, "key.reshare-requested", id, {
        epoch: 2,
        kind: "refresh",
        threshold: 2,
        participants: keyPayload(all).participants,
      }),
    leads: {
      pending: "key.state",
      enabled: "enabled",
      disabled: "disabled",
      "deletion-scheduled": "key.state",
      deleted: "key.state",
      failed: "key.state",
    },
  },
  "key.reshare-approved": {
    act: (id) => act(stage, all.administrators[1], "key.reshare-approved", id, { request: id }),
    leads: {
      pending: "key.attempt",
      enabled: "key.attempt",
      disabled: "key.attempt",
      "deletion-scheduled": "key.attempt",
      deleted: "key.attempt",
      failed: "key.attempt",
    },
  },
};

describe("every act in every state", () => {
  for (const [kind, { act: attempt, leads }] of Object.entries(table))
    for (const [state, leadsTo] of Object.entries(leads) as [KeyState, string][])
      test(`${kind} of a key that is ${state}: ${leadsTo}`, async () => {
        const id = await into[state]();
        assert.equal(standing(id), state);
        if (leadsTo.startsWith("key.")) return refused(stage, () => attempt(id), leadsTo);
        await attempt(id);
        assert.equal(standing(id), leadsTo);
      });

  test("the table has all of them", () => {
    const kinds = key.kinds.map(({ name }) => name).filter((name) => name !== "key.founded");
    assert.deepEqual(Object.keys(table).sort(), kinds.sort());
  });
});

describe("who may", () => {
  test("found a key: requesters and administrators of the group", async () => {
    for (const member of [all.requester, all.approvers[1], admin]) await found({}, member);
    for (const member of [all.approvers[0], all.stranger]) await refused(stage, () => found({}, member), "key.party");
    await refused(stage, () => found({}, all.nodes[0]), "statement.principal");
    await refused(stage, () => found({ group: "0".repeat(64) }), "key.party");
    const own = groupPayload(all, { administrators: [all.stranger.id], approvals: 1, requesters: [] });
    const foreign = await act(stage, all.stranger, "key-group.founded", "", own);
    await refused(stage, () => found({ group: foreign }), "key.party");
  });

  test("administer a key: administrators of its group as it is now, not whoever founded it", async () => {
    const id = await into.enabled();
    const acts = ["key.described", "key.disabled", "key.deletion-scheduled", "key.reshare-requested"];
    const payloads: Record<string, object> = {
      "key.described": { detail: DETAIL },
      "key.deletion-scheduled": { days: 7 },
      "key.reshare-requested": { epoch: 2, kind: "refresh", threshold: 2, participants: participantsOf(keyOf(id)) },
    };
    for (const kind of acts)
      for (const member of [all.requester, ...all.approvers, all.stranger])
        await refused(stage, () => act(stage, member, kind, id, payloads[kind] ?? {}), "key.party");
    const change = {
      administrators: all.administrators
        .slice(1)
        .map((one) => one.id)
        .sort(),
    };
    await act(stage, admin, "key-group.change-proposed", all.group, { change });
    const proposal = stage.world.streams.get(all.group)?.head;
    await act(stage, all.administrators[1], "key-group.change-approved", all.group, { proposal });
    await refused(stage, () => act(stage, admin, "key.disabled", id), "key.party");
    await act(stage, all.administrators[1], "key.disabled", id);
  });

  test("say that it was made: each participant for itself, once", async () => {
    const [one, two, three, outside] = all.nodes;
    const id = await found();
    await refused(stage, () => make(outside, id), "key.party");
    await refused(stage, () => fail(outside, id), "key.party");
    await refused(stage, () => make(all.requester, id), "statement.principal");
    await make(one, id);
    await refused(stage, () => make(one, id), "key.said");
    const forged = signed(stage, two, "key.made", id, madePayload(id), { key: one.key });
    await refused(stage, async () => stage.submit(forged), "statement.signature");
    await make(three, id);
    assert.equal(standing(id), "pending");
    await make(two, id);
    assert.equal(standing(id), "enabled");
  });
});

describe("a key", () => {
  test("is of nodes of its group, none twice, and of a threshold that they can meet", async () => {
    const [one, two, three, four] = all.nodes.map(({ id }) => id);
    const wrong: [Record<string, unknown>, string][] = [
      [{ threshold: 4 }, "key.nodes"],
      [{ threshold: 1 }, "statement.payload"],
      [{ participants: [one] }, "statement.payload"],
      [{ participants: [one, one, two] }, "key.nodes"],
      [{ participants: [one, two, "0".repeat(64)] }, "key.nodes"],
      [{ participants: [one, two, admin.id] }, "key.nodes"],
      [{ participants: Array.from({ length: 17 }, () => one) }, "statement.payload"],
      [{ scheme: "RSA" }, "statement.payload"],
      [{ id: "T202601050800001" }, "statement.payload"],
    ];
    for (const [change, code] of wrong) await refused(stage, () => found(change), code);
    const id = await found({ participants: [four, one, three, two], threshold: 3 });
    const { attempt } = keyOf(id);
    assert.equal(indexIn(attempt?.participants ?? [], four ?? ""), 1, "the index is the place, whatever the order");
    assert.equal(indexIn(attempt?.participants ?? [], admin.id), 0);
  });

  test("is what all of its nodes say it is", async () => {
    const id = await into.enabled();
    const { publicKey, chainCode, epochs, attempt } = keyOf(id);
    const said = madePayload(id);
    assert.deepEqual([publicKey, chainCode, attempt], [said.publicKey, said.chainCode, undefined]);
    assert.deepEqual(epochs, [
      {
        epoch: 1,
        threshold: 2,
        participants: all.nodes.slice(0, 3).map((node) => node.id),
        verifyingShares: said.verifyingShares,
        since: stage.clock.now(),
      },
    ]);
    assert.deepEqual(participantsOf(keyOf(id), 2), []);
  });

  test("has failed where two say different things, and it is not known who lies", async () => {
    for (const change of [{ publicKey: `03${"b".repeat(64)}` }, { chainCode: "d".repeat(64) }]) {
      const id = await found();
      await make(all.nodes[0], id);
      await make(all.nodes[1], id, change);
      assert.equal(standing(id), "failed");
      const { code, culprits, by } = keyOf(id).failure ?? {};
      assert.deepEqual([code, culprits, by], ["key.conflict", [], all.nodes[1].id]);
      await refused(stage, () => make(all.nodes[2], id), "key.attempt");
    }
  });

  test("has failed by whoever names no share of a participant, one too many, or a point of another curve", async () => {
    const ed25519 = "a".repeat(64);
    for (const [change, parties] of [
      [{}, 2],
      [{}, 4],
      [{ publicKey: ed25519 }, 3],
      [{ verifyingShares: { 1: ed25519, 2: ed25519, 3: ed25519 } }, 3],
      [{ verifyingShares: { 1: `02${ed25519}`, 2: `02${ed25519}`, 4: `02${ed25519}` } }, 3],
    ] as const) {
      const id = await found();
      await make(all.nodes[1], id, change, parties);
      assert.equal(standing(id), "failed");
      assert.deepEqual([keyOf(id).failure?.code, keyOf(id).failure?.culprits], ["key.unfit", [2]]);
    }
  });

  test("is made of what was asked for: this stream, this epoch, within a day", async () => {
    const [one] = all.nodes;
    const [id, other] = [await found(), await found()];
    await refused(stage, () => make(one, id, { request: other }), "key.attempt");
    await refused(stage, () => make(one, id, { epoch: 2 }), "key.attempt");
    await refused(stage, () => fail(one, id, { request: other }), "key.attempt");
    for (const change of [{ publicKey: "x" }, { verifyingShares: { 0: `02${"a".repeat(64)}` } }, { chainCode: "" }])
      await refused(stage, () => make(one, id, change), "statement.payload");
    stage.clock.advance(DAY + 1);
    assert.deepEqual([standing(id), attemptAt(keyOf(id), stage.clock.now())], ["failed", undefined]);
    await refused(stage, () => make(one, id), "key.attempt");
    await refused(stage, () => act(stage, admin, "key.described", id, { detail: DETAIL }), "key.state");
  });

  test("is not made over a node that its group has put out meanwhile", async () => {
    const id = await found();
    const nodes = all.nodes
      .slice(1)
      .map((node) => node.id)
      .sort();
    await act(stage, admin, "key-group.change-proposed", all.group, { change: { nodes } });
    const proposal = stage.world.streams.get(all.group)?.head;
    await act(stage, all.administrators[1], "key-group.change-approved", all.group, { proposal });
    await refused(stage, () => make(all.nodes[1], id), "key.nodes");
    await fail(all.nodes[1], id, { code: "key.nodes", culprits: [] });
    assert.equal(standing(id), "failed");
  });

  test("that was imported is the one that was split, in as many shares as there are nodes", async () => {
    const point = (digit: string) => `02${digit.repeat(64)}`;
    const imported = (change: object = {}) => ({
      origin: {
        kind: "imported",
        publicKey: point("a"),
        commitments: [point("a"), point("b")],
        shares: ["1", "2", "3"].map((digit) => digit.repeat(64)),
        ...change,
      },
    });
    for (const change of [
      { commitments: [point("b"), point("a")] },
      { commitments: [point("a"), point("b"), point("c")] },
      { shares: ["1", "2"].map((digit) => digit.repeat(64)) },
      { shares: ["1", "2", "2"].map((digit) => digit.repeat(64)) },
      { publicKey: "a".repeat(64), commitments: ["a".repeat(64), "b".repeat(64)] },
    ])
      await refused(stage, () => found(imported(change)), "key.import");
    await refused(stage, () => found({ ...imported(), scheme: "EDDSA_ED25519" }), "key.import");
    const id = await found(imported());
    assert.equal(keyOf(id).attempt?.kind, "import");
    await make(all.nodes[0], id, { publicKey: point("f") });
    assert.deepEqual([standing(id), keyOf(id).failure?.culprits], ["failed", [1]]);
  });

  test("is deleted after the days that were said, and comes back disabled before", async () => {
    const id = await into.enabled();
    for (const days of [0, 6, 31, 7.5])
      await refused(stage, () => act(stage, admin, "key.deletion-scheduled", id, { days }), "statement.payload");
    await act(stage, admin, "key.deletion-scheduled", id, { days: 7 });
    stage.clock.advance(7 * DAY - 1);
    await act(stage, all.administrators[2], "key.deletion-cancelled", id);
    assert.deepEqual([standing(id), keyOf(id).deletion], ["disabled", 0]);
    await act(stage, admin, "key.deletion-scheduled", id, { days: 7 });
    stage.clock.advance(7 * DAY);
    assert.equal(standing(id), "deleted");
    await refused(stage, () => act(stage, admin, "key.deletion-cancelled", id), "key.state", { state: "deleted" });
  });

  test("holds its shares since the epoch that is newest", async () => {
    assert.equal(epochOf(keyOf(await found())), undefined);
    assert.equal(epochOf(keyOf(await into.enabled()))?.epoch, 1);
  });
});

test("alias, tags and description are bounded, and plain text", () => {
  const parse = (detail: object) => KeyDetail.safeParse({ salt: "A".repeat(22), ...detail }).success;
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag${i}`, "x"]));
  for (const detail of [{}, { alias: "treasury/hot_1" }, { tags: { 用途: "支付", empty: "" } }, { tags: many(50) }])
    assert.ok(parse(detail), JSON.stringify(detail));
  for (const detail of [
    { alias: "" },
    { alias: "热钱包" },
    { alias: "a".repeat(251) },
    { tags: many(51) },
    { tags: { "": "x" } },
    { tags: { "a\nb": "x" } },
    { tags: { a: "x".repeat(257) } },
    { description: "\u202e" },
    { other: "x" },
  ])
    assert.ok(!parse(detail), JSON.stringify(detail).slice(0, 80));
});
