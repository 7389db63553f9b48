import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { generateKey } from "#crypto";
import { createKeyNode, groupPayload, type Vault, vault } from "../../test/support/keys.ts";
import { createOrganisation, type Signatory } from "../../test/support/principals.ts";
import { act, found, refused, type Stage, signed, stateOf, worldStage } from "../../test/support/stage.ts";
import { toBase64 } from "../base/bytes.ts";
import { DAY } from "../base/clock.ts";
import { isOpen, keyGroup, MAX_PROPOSALS, membersOf, POLICIES_MAX } from "./key-group.ts";
import { OPEN_FOR } from "./shapes.ts";

let stage: Stage;
let all: Vault;
let first: Signatory;
let second: Signatory;
let third: Signatory;
beforeEach(async () => {
  stage = worldStage();
  all = await vault(stage);
  [first, second, third] = all.administrators;
});

const group = () => stateOf(stage, keyGroup, all.group);
const newest = () => {
  const found = group().proposals.at(-1);
  assert.ok(found);
  return found;
};
const x25519 = () => toBase64(generateKey("X25519").publicKey.spki);
const policies = (text: string) => [{ id: "one", text }];
const CHANGE = { policies: policies("forbid(principal, action, resource);") };
const propose = async (by: Signatory, change: object = CHANGE): Promise<string> => {
  await act(stage, by, "key-group.change-proposed", all.group, { change });
  return newest().id;
};
const decide = (word: "approved" | "refused", by: Signatory, proposal: string) =>
  act(stage, by, `key-group.change-${word}`, all.group, { proposal });
const approve = (by: Signatory, proposal: string) => decide("approved", by, proposal);
const refuse = (by: Signatory, proposal: string) => decide("refused", by, proposal);
const sorted = (...some: readonly Signatory[]) => some.map(({ id }) => id).sort();

describe("a group", () => {
  test("is founded by one of its administrators, over nodes of the ledger", async () => {
    const { creator, version, nodes, proposals } = group();
    assert.deepEqual([creator, version, proposals], [first.id, all.group, []]);
    assert.deepEqual(nodes, sorted(...all.nodes));
    const everybody = [...all.administrators, all.requester, ...all.approvers];
    assert.deepEqual([...membersOf(group())].sort(), sorted(...everybody));
  });

  test("is refused where it could not work", async () => {
    const [node, other] = all.nodes;
    const make =
      (change: object, by: Signatory = first) =>
      () =>
        act(stage, by, "key-group.founded", "", groupPayload(all, change as Record<string, unknown>));
    const recipient = x25519();
    const wrong: [object, string][] = [
      [{ approvals: 4 }, "key-group.settings"],
      [{ approvals: 0 }, "statement.payload"],
      [{ administrators: [] }, "statement.payload"],
      [{ administrators: sorted(second, third) }, "key-group.settings"],
      [{ nodes: [] }, "statement.payload"],
      [{ nodes: sorted(...all.nodes).reverse() }, "statement.payload"],
      [{ nodes: [node.id, node.id] }, "statement.payload"],
      [{ nodes: ["0".repeat(64)] }, "key-node.unknown"],
      [{ nodes: [first.id] }, "key-node.unknown"],
      [{ requesters: [all.requester.id, all.requester.id] }, "statement.payload"],
      [{ policies: [...policies("a"), ...policies("b")] }, "key-group.settings"],
      [{ policies: [{ id: "A", text: "x" }] }, "statement.payload"],
      [
        {
          policies: [
            { id: "a", text: "字".repeat(12_000) },
            { id: "b", text: "字".repeat(12_000) },
          ],
        },
        "key-group.settings",
      ],
      [{ policies: policies("x".repeat(POLICIES_MAX + 1)) }, "statement.payload"],
      [{ backup: [{ node: first.id, recipient }] }, "key-group.settings"],
      [
        {
          backup: [
            { node: node.id, recipient },
            { node: other.id, recipient },
          ],
        },
        "key-group.settings",
      ],
      [
        {
          backup: [
            { node: node.id, recipient },
            { node: node.id, recipient: x25519() },
          ],
        },
        "key-group.settings",
      ],
      [{ backup: [{ node: node.id, recipient: toBase64(generateKey("P-256").publicKey.spki) }] }, "key.kind"],
      [{ quorum: 2 }, "statement.payload"],
    ];
    for (const [change, code] of wrong) await refused(stage, make(change), code);
    await refused(stage, make({}, all.stranger), "key-group.settings");
    await refused(stage, make({}, node), "statement.principal");
    await act(
      stage,
      first,
      "key-group.founded",
      "",
      groupPayload(all, { policies: [], approvers: [], requesters: [] }),
    );
  });

  test("has no node twice under two names, and none that obeys another ledger", async () => {
    const node = createKeyNode();
    const elsewhere = createKeyNode({ ledger: "entente/other+00000000+AA" });
    const twin = createKeyNode({ key: node.key });
    await found(stage, node, elsewhere, twin);
    const over = (...nodes: Signatory[]) =>
      act(stage, first, "key-group.founded", "", groupPayload(all, { nodes: sorted(...nodes) }));
    await refused(stage, () => over(node, twin), "key-group.settings", { reason: "two of its nodes are one" });
    await refused(stage, () => over(node, elsewhere), "key-group.settings");
    await over(node, all.nodes[0]);
  });
});

describe("a change", () => {
  test("takes effect when as many administrators agree as the group asks for, whoever proposes counting", async () => {
    const before = group();
    const proposal = await propose(first);
    assert.deepEqual([group().policies, group().version], [before.policies, all.group]);
    await approve(second, proposal);
    assert.deepEqual(group().policies, CHANGE.policies);
    assert.equal(group().version, stage.world.streams.get(all.group)?.head);
    assert.deepEqual([newest().state, newest().approved], ["effective", [first.id, second.id]]);
    await refused(stage, () => approve(third, proposal), "key-group.proposal", { state: "effective" });
    await refused(stage, () => refuse(third, proposal), "key-group.proposal", { state: "effective" });
  });

  test("is proposed and decided by administrators only", async () => {
    const [node] = all.nodes;
    for (const member of [all.requester, ...all.approvers, all.stranger]) {
      await refused(stage, () => propose(member), "key.party");
      const proposal = await propose(first);
      await refused(stage, () => approve(member, proposal), "key.party");
      await refused(stage, () => refuse(member, proposal), "key.party");
      await refuse(first, proposal);
    }
    await refused(stage, () => propose(node), "statement.principal");
    const proposal = await propose(first);
    const forged = signed(stage, second, "key-group.change-approved", all.group, { proposal }, { key: first.key });
    await refused(stage, async () => stage.submit(forged), "statement.signature");
  });

  test("is decided once by each", async () => {
    const proposal = await propose(first);
    await refused(stage, () => approve(first, proposal), "key-group.decided");
    await refuse(second, proposal);
    await refused(stage, () => refuse(second, proposal), "key-group.decided");
    await refused(stage, () => approve(second, proposal), "key-group.decided");
    assert.equal(newest().state, "open", "two others can still agree");
    await approve(third, proposal);
    assert.equal(newest().state, "effective");
  });

  test("is refused when too few are left to agree, withdrawn by whoever proposed it, and over after seven days", async () => {
    const refusedByTwo = await propose(first);
    await refuse(second, refusedByTwo);
    await refuse(third, refusedByTwo);
    assert.equal(newest().state, "refused");
    await refused(stage, () => approve(third, refusedByTwo), "key-group.proposal", { state: "refused" });
    const withdrawn = await propose(first);
    await refuse(first, withdrawn);
    await refused(stage, () => approve(second, withdrawn), "key-group.proposal", { state: "withdrawn" });
    const late = await propose(first);
    stage.clock.advance(OPEN_FOR + 1);
    await refused(stage, () => approve(second, late), "key-group.proposal", { state: "expired" });
    assert.ok(!isOpen(newest(), stage.clock.now()));
    await refused(stage, () => approve(second, "0".repeat(64)), "key-group.proposal", { state: "unknown" });
  });

  test("ends all others that are open: nobody's agreement outlives the group that it was given for", async () => {
    const back = await propose(first, { approvers: sorted(...all.approvers) });
    const out = await propose(second, { approvers: [all.approvers[0].id] });
    await approve(third, out);
    await refused(stage, () => approve(third, back), "key-group.proposal", { state: "superseded" });
    assert.deepEqual(group().approvers, [all.approvers[0].id]);
  });

  test("by which an administrator goes takes what it agreed to with it", async () => {
    const own = await propose(third, { approvals: 1 });
    const out = await propose(first, { administrators: sorted(first, second) });
    await approve(second, out);
    await refused(stage, () => approve(second, own), "key-group.proposal", { state: "superseded" });
    await refused(stage, () => propose(third), "key.party");
    await approve(first, await propose(second, { administrators: sorted(second, third) }));
    assert.ok(!membersOf(group()).has(first.id), "nor does its founder see it any more");
  });

  test("leaves a group that works: not fewer administrators than approvals, nor a backup of a node that went", async () => {
    const [node, ...others] = all.nodes;
    await refused(stage, () => propose(first, { administrators: [first.id] }), "key-group.settings");
    await refused(stage, () => propose(first, { approvals: 4 }), "key-group.settings");
    await approve(second, await propose(first, { backup: [{ node: node.id, recipient: x25519() }] }));
    await refused(stage, () => propose(first, { nodes: sorted(...others) }), "key-group.settings");
    await approve(second, await propose(first, { nodes: sorted(...others), backup: [] }));
    assert.deepEqual([group().nodes, group().backup], [sorted(...others), []]);
    await approve(second, await propose(first, { administrators: [first.id], approvals: 1 }));
    await propose(first);
    assert.equal(newest().state, "effective", "one of one takes effect at once");
  });

  test("is of something that a group has", async () => {
    for (const change of [{}, { creator: first.id }, { id: "G202601050800001" }, { nodes: [] }])
      await refused(stage, () => propose(first, change), "statement.payload");
    await refused(stage, () => propose(first, { nodes: ["0".repeat(64)] }), "key-node.unknown");
  });

  test("that lets nodes in again is agreed to like any other, and remembered by the time of the last", async () => {
    const [node, other] = all.nodes;
    await refused(stage, () => propose(first, { pardons: ["0".repeat(64)] }), "key-node.unknown");
    for (const pardons of [[], [node.id, node.id], "all"])
      await refused(stage, () => propose(first, { pardons }), "statement.payload");
    const before = group();
    const proposal = await propose(first, { pardons: sorted(node, other) });
    assert.deepEqual(group().pardons, {}, "one administrator of two lets nobody in");
    await refused(stage, () => approve(all.requester, proposal), "key.party");
    stage.clock.advance(1_000);
    await approve(second, proposal);
    const at = stage.clock.now();
    assert.deepEqual(group().pardons, { [node.id]: at, [other.id]: at });
    assert.deepEqual([group().nodes, group().policies, group().since], [before.nodes, before.policies, before.since]);
    stage.clock.advance(1_000);
    await approve(second, await propose(first, { pardons: [node.id] }));
    assert.deepEqual(group().pardons, { [node.id]: at + 1_000, [other.id]: at });
  });

  test("is not proposed without end by one who is never agreed with", async () => {
    for (let i = 0; i < MAX_PROPOSALS; i++) await refuse(first, await propose(first));
    await refused(stage, () => propose(first), "key-group.proposals");
    await propose(second);
    stage.clock.advance(OPEN_FOR + DAY);
    await propose(first);
    assert.equal(group().proposals.length, 1, "older ones are not kept in mind");
  });

  test("that an administrator of another group agrees to is none of this one's", async () => {
    const other = createOrganisation("外人", { at: stage.clock.now() });
    await found(stage, other);
    const payload = groupPayload(all, { administrators: [other.id], approvals: 1 });
    const foreign = await act(stage, other, "key-group.founded", "", payload);
    const proposal = await propose(first);
    await refused(stage, () => approve(other, proposal), "key.party");
    const there = () => act(stage, other, "key-group.change-approved", foreign, { proposal });
    await refused(stage, there, "key-group.proposal", { state: "unknown" });
  });
});
