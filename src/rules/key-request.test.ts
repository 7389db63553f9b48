import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { generateKey } from "#crypto";
import {
  completedPayload,
  enabledKey,
  groupPayload,
  keyPayload,
  madePayload,
  requestPayload,
  type Vault,
  vault,
} from "../../test/support/keys.ts";
import { SALT, type Signatory } from "../../test/support/principals.ts";
import { act, refused, type Stage, signed, stateOf, worldStage } from "../../test/support/stage.ts";
import { toBase64 } from "../base/bytes.ts";
import { DAY, iso } from "../base/clock.ts";
import { digestOf } from "../trust/digest.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import { closureOf } from "./closure.ts";
import { keyGroup } from "./key-group.ts";
import { MAX_MESSAGES, MESSAGES_MAX, RequestDetail } from "./key-messages.ts";
import { completed, founded, keyRequest } from "./key-request.ts";
import { approvalsOf, awaitedOf, type KeyRequestState, mayRequest, requestStateOf } from "./key-request-state.ts";
import { OPEN_FOR } from "./shapes.ts";
import { openDetail } from "./world.ts";

let stage: Stage;
let all: Vault;
let key: string;
let admin: Signatory;
beforeEach(async () => {
  stage = worldStage();
  all = await vault(stage);
  [admin] = all.administrators;
  key = await enabledKey(stage, all);
});

const of = (id: string) => stateOf(stage, keyRequest, id);
const group = () => stateOf(stage, keyGroup, all.group);
const standing = (id: string): KeyRequestState => requestStateOf(of(id), stage.clock.now());
const ask = (change: Record<string, unknown> = {}, by: Signatory = all.requester) =>
  act(stage, by, "key-request.founded", "", requestPayload(stage, key, change));
const say = (by: Signatory, word: string, id: string, payload: object = {}) =>
  act(stage, by, `key-request.${word}`, id, payload);
const approve = (by: Signatory, id: string) => say(by, "approved", id);
const complete = (id: string, by: Signatory = all.nodes[0], change: Record<string, unknown> = {}) =>
  say(by, "completed", id, completedPayload(change));
const decline = (id: string, by: Signatory) => say(by, "failed", id, { code: "policy.denied" });
const govern = async (change: object) => {
  await act(stage, admin, "key-group.change-proposed", all.group, { change });
  const proposal = stage.world.streams.get(all.group)?.head;
  await act(stage, all.administrators[1], "key-group.change-approved", all.group, { proposal });
};

/** How a request gets into each state. */
const into: Record<KeyRequestState, () => Promise<string>> = {
  pending: () => ask(),
  completed: async () => complete(await ask()),
  refused: async () => say(all.approvers[0], "refused", await ask()),
  withdrawn: async () => say(all.requester, "withdrawn", await ask()),
  failed: async () => {
    const id = await ask();
    await decline(id, all.nodes[1]);
    return decline(id, all.nodes[2]);
  },
  expired: async () => {
    const id = await ask();
    stage.clock.advance(DAY + 1);
    return id;
  },
};

const over = { refused: "key-request.state", withdrawn: "key-request.state", expired: "key-request.state" };
/** What each act leads to in each state: the state after, or the code of the refusal. */
const table: Record<string, { act: (id: string) => Promise<unknown>; leads: Record<KeyRequestState, string> }> = {
  "key-request.approved": {
    act: (id) => approve(all.approvers[0], id),
    leads: { pending: "pending", completed: "key-request.state", failed: "key-request.state", ...over },
  },
  "key-request.refused": {
    act: (id) => say(all.approvers[0], "refused", id),
    leads: { pending: "refused", completed: "key-request.state", failed: "key-request.state", ...over },
  },
  "key-request.withdrawn": {
    act: (id) => say(all.requester, "withdrawn", id),
    leads: { pending: "withdrawn", completed: "key-request.state", failed: "key-request.state", ...over },
  },
  "key-request.failed": {
    act: (id) => decline(id, all.nodes[0]),
    leads: { pending: "pending", completed: "key-request.state", failed: "key-request.state", ...over },
  },
  "key-request.completed": {
    act: (id) => complete(id),
    leads: {
      pending: "completed",
      completed: "key-request.state",
      refused: "completed",
      withdrawn: "completed",
      failed: "completed",
      expired: "completed",
    },
  },
};

describe("every act in every state", () => {
  for (const [kind, { act: attempt, leads }] of Object.entries(table))
    for (const [state, leadsTo] of Object.entries(leads) as [KeyRequestState, string][])
      test(`${kind} of a request that is ${state}: ${leadsTo}`, async () => {
        const id = await into[state]();
        assert.equal(standing(id), state);
        if (leadsTo === "key-request.state") return refused(stage, () => attempt(id), leadsTo, { state });
        await attempt(id);
        assert.equal(standing(id), leadsTo);
      });

  test("the table has all of them", () => {
    const kinds = keyRequest.kinds.map(({ name }) => name).filter((name) => name !== founded.name);
    assert.deepEqual(Object.keys(table).sort(), kinds.sort());
  });
});

describe("who may", () => {
  test("ask for signatures: requesters; for the key itself: administrators", async () => {
    const recipient = toBase64(generateKey("X25519").publicKey.spki);
    const whole = { action: "export", count: 0, recipient };
    await ask();
    await ask({}, all.approvers[1]);
    await ask(whole, admin);
    for (const member of [admin, all.approvers[0], all.stranger]) {
      await refused(stage, () => ask({}, member), "key.party");
      assert.equal(mayRequest(group(), "sign", member.id), false);
    }
    for (const member of [all.requester, ...all.approvers, all.stranger])
      await refused(stage, () => ask(whole, member), "key.party");
    await refused(stage, () => ask({}, all.nodes[0]), "statement.principal");
    await refused(stage, () => ask({ key: "0".repeat(64) }), "key.party");
    await refused(stage, () => ask({ key: all.group }), "key.party");
  });

  test("approve: approvers of the key's group but whoever asks, each once", async () => {
    const id = await ask();
    const [one, two] = all.approvers;
    for (const member of [admin, all.requester, all.stranger]) {
      await refused(stage, () => approve(member, id), "key.party");
      await refused(stage, () => say(member, "refused", id), "key.party");
    }
    await approve(one, id);
    await refused(stage, () => approve(one, id), "key.said");
    assert.deepEqual(awaitedOf(of(id), group()), [two.id]);
    await approve(two, id);
    assert.deepEqual(approvalsOf(of(id), group()), [one.id, two.id]);
    const own = await ask({}, two);
    await refused(stage, () => approve(two, own), "key.party");
    assert.deepEqual(awaitedOf(of(own), group()), [one.id]);
    await refused(stage, () => approve(all.nodes[0], own), "statement.principal");
    const forged = signed(stage, one, "key-request.approved", own, {}, { key: all.requester.key });
    await refused(stage, async () => stage.submit(forged), "statement.signature");
  });

  test("approve in one group nothing in another", async () => {
    const { stranger } = all;
    const payload = { administrators: [stranger.id], approvals: 1, requesters: [stranger.id], approvers: [] };
    const elsewhere = await act(stage, stranger, "key-group.founded", "", groupPayload(all, payload));
    const foreign = await act(stage, stranger, "key.founded", "", keyPayload({ ...all, group: elsewhere }));
    await refused(stage, () => ask({ key: foreign }, stranger), "key.state", { state: "pending" });
    const id = await ask();
    await refused(stage, () => approve(stranger, id), "key.party");
  });

  test("withdraw: whoever asked", async () => {
    const id = await ask();
    for (const member of [admin, ...all.approvers, all.stranger])
      await refused(stage, () => say(member, "withdrawn", id), "key.party");
  });

  test("answer for it: nodes with a share, for themselves", async () => {
    const [one, two, , outside] = all.nodes;
    const id = await ask();
    await refused(stage, () => complete(id, outside), "key.party");
    await refused(stage, () => decline(id, outside), "key.party");
    await refused(stage, () => complete(id, admin), "statement.principal");
    const forged = signed(stage, one, "key-request.completed", id, completedPayload(), { key: two.key });
    await refused(stage, async () => stage.submit(forged), "statement.signature");
    await complete(id, two);
    await refused(stage, () => complete(id, one), "key-request.state");
  });
});

describe("a request", () => {
  test("is of a key that is enabled, for messages, until a time within seven days", async () => {
    const recipient = toBase64(generateKey("X25519").publicKey.spki);
    const at = (ms: number) => ({ expires: iso(stage.clock.now() + ms) });
    const wrong: [Record<string, unknown>, string][] = [
      [at(0), "key-request.expires"],
      [at(-1), "key-request.expires"],
      [at(OPEN_FOR + 1), "key-request.expires"],
      [{ expires: "tomorrow" }, "statement.payload"],
      [{ count: 0 }, "statement.payload"],
      [{ count: MAX_MESSAGES + 1 }, "statement.payload"],
      [{ recipient }, "statement.payload"],
      [{ action: "export", recipient }, "statement.payload"],
      [{ action: "export", count: 0 }, "statement.payload"],
      [{ action: "decrypt" }, "statement.payload"],
      [{ messages: [] }, "statement.payload"],
    ];
    for (const [change, code] of wrong) await refused(stage, () => ask(change), code);
    const other = { action: "export", count: 0, recipient: toBase64(generateKey("P-256").publicKey.spki) };
    await refused(stage, () => ask(other, admin), "key.kind");
    await ask(at(OPEN_FOR));
    await act(stage, admin, "key.disabled", key);
    await refused(stage, () => ask(), "key.state", { state: "disabled" });
  });

  test("has an id that nobody else's has, and is no second time what it is", async () => {
    const payload = requestPayload(stage, key);
    await act(stage, all.requester, "key-request.founded", "", payload);
    const again = () => act(stage, all.requester, "key-request.founded", "", payload);
    stage.clock.advance(1);
    await refused(stage, again, "id.taken");
  });

  test("is judged by the group as it is: an approver that went counts no more, one that came may approve", async () => {
    const id = await ask();
    const [one, two] = all.approvers;
    await approve(one, id);
    await govern({ approvers: [two.id, admin.id].sort() });
    assert.deepEqual(approvalsOf(of(id), group()), []);
    await refused(stage, () => say(one, "refused", id), "key.party");
    await approve(admin, id);
    assert.deepEqual(approvalsOf(of(id), group()), [admin.id]);
    await govern({ approvers: all.approvers.map((member) => member.id).sort() });
    assert.deepEqual(approvalsOf(of(id), group()), [], "what was said before counts no more when it is taken back");
    assert.deepEqual(awaitedOf(of(id), group()), all.approvers.map((member) => member.id).sort());
    await approve(one, id);
    assert.deepEqual(approvalsOf(of(id), group()), [one.id]);
    await refused(stage, () => approve(one, id), "key.said");
    await govern({ approvers: all.approvers.map((member) => member.id).sort(), approvals: 1 });
    assert.deepEqual(approvalsOf(of(id), group()), [one.id], "a change that keeps it takes nothing");
  });

  test("may be refused by whoever has approved it", async () => {
    const id = await ask();
    await approve(all.approvers[0], id);
    await say(all.approvers[0], "refused", id);
    assert.deepEqual([standing(id), of(id).ended?.by], ["refused", all.approvers[0].id]);
  });

  test("has failed when fewer nodes are left than it takes, not when one says so", async () => {
    const id = await ask();
    const [one, two] = all.nodes;
    await decline(id, one);
    await refused(stage, () => decline(id, one), "key.said");
    assert.deepEqual([standing(id), of(id).failures.length], ["pending", 1]);
    await decline(id, two);
    assert.deepEqual([standing(id), of(id).ended?.code], ["failed", "policy.denied"]);
  });

  test("is answered for by whoever had a share while it was pending, not by whoever handed its share on before", async () => {
    const [one, two, three, four] = all.nodes;
    const early = await ask();
    stage.clock.advance(1);
    const participants = [two, three, four].map((node) => node.id);
    const asked = { epoch: 2, kind: "reshare", threshold: 2, participants };
    await act(stage, admin, "key.reshare-requested", key, asked);
    const request = stage.world.streams.get(key)?.head ?? "";
    await act(stage, all.administrators[1], "key.reshare-approved", key, { request });
    for (const node of [two, three, four]) await act(stage, node, "key.made", key, madePayload(request, { epoch: 2 }));
    stage.clock.advance(1);
    const late = await ask();
    await refused(stage, () => complete(late, one), "key.party");
    await refused(stage, () => complete(late, two, { signers: [1, 2] }), "key.party");
    await refused(stage, () => decline(late, one), "key.party");
    await complete(late, four, { epoch: 2, signers: [1, 3] });
    await complete(early, one);
  });

  test("was completed by enough nodes of an epoch that there was", async () => {
    const id = await ask();
    const wrong: [Record<string, unknown>, string][] = [
      [{ epoch: 2 }, "key.party"],
      [{ signers: [2, 3] }, "key-request.signers"],
      [{ signers: [1, 4] }, "key-request.signers"],
      [{ signers: [1] }, "statement.payload"],
      [{ signers: [2, 1] }, "statement.payload"],
      [{ signers: [1, 1] }, "statement.payload"],
      [{ checkpoint: { size: 0, root: "0".repeat(64) } }, "statement.payload"],
    ];
    for (const [change, code] of wrong) await refused(stage, () => complete(id, all.nodes[0], change), code);
    await complete(id, all.nodes[2], { signers: [1, 2, 3] });
    assert.deepEqual(of(id).completed?.signers, [1, 2, 3]);
    const strict = await act(stage, admin, "key.founded", "", keyPayload(all, { threshold: 3 }));
    for (const node of all.nodes.slice(0, 3)) await act(stage, node, "key.made", strict, madePayload(strict));
    const next = await ask({ key: strict });
    await refused(stage, () => complete(next), "key-request.signers");
    await decline(next, all.nodes[0]);
    assert.equal(standing(next), "failed", "all three are needed");
  });
});

describe("what is beside the ledger", () => {
  const messages = [
    { kind: "digest", hex: "d".repeat(64) },
    { kind: "transaction", hex: "02f0" },
    { kind: "typed-data", json: "{}" },
    { kind: "message", hex: "" },
  ];
  const parse = (detail: object) => RequestDetail.safeParse({ salt: SALT, messages, ...detail }).success;

  test("is as many messages as were said, of kinds that there are", () => {
    const detail = { salt: SALT, messages, note: "" };
    assert.ok(openDetail(founded, { detail: digestOf(detail), ...{ count: 4 } }, detail));
    for (const count of [3, 5])
      assert.throws(() => openDetail(founded, { detail: digestOf(detail), ...{ count } }, detail), {
        code: "statement.detail",
      });
    const swapped = { ...detail, messages: [...messages].reverse() };
    assert.throws(() => openDetail(founded, { detail: digestOf(detail), ...{ count: 4 } }, swapped), {
      code: "statement.detail",
    });
  });

  test("is bounded, and in one spelling", () => {
    assert.ok(parse({ path: [0, 2 ** 31 - 1] }));
    for (const wrong of [
      { path: [2 ** 31] },
      { path: [-1] },
      { path: Array.from({ length: 9 }, () => 0) },
      { messages: [{ kind: "digest", hex: "D".repeat(64) }] },
      { messages: [{ kind: "digest", hex: "d" }] },
      { messages: [{ kind: "transaction", hex: "" }] },
      { messages: [{ kind: "transaction", hex: "0x02" }] },
      { messages: [{ kind: "wire", hex: "02" }] },
      { messages: Array.from({ length: MAX_MESSAGES + 1 }, () => messages[0]) },
      { messages: Array.from({ length: 3 }, () => ({ kind: "message", hex: "0".repeat(MESSAGES_MAX / 2) })) },
      { note: "\u202e" },
    ])
      assert.ok(!parse(wrong), JSON.stringify(wrong).slice(0, 80));
  });

  test("is signatures, or sealed shares, and not both", () => {
    const signatures = { salt: SALT, signatures: ["0".repeat(128)], publicKey: `02${"a".repeat(64)}` };
    const shares = { salt: SALT, shares: [1, 2].map((index) => ({ index, envelope: "AA" })) };
    for (const detail of [signatures, shares]) assert.ok(completed.detail?.safeParse(detail).success);
    for (const detail of [{ ...signatures, ...shares }, { salt: SALT }, { ...signatures, signatures: [] }])
      assert.ok(!completed.detail?.safeParse(detail).success);
  });
});

test("a replay of a request finds key, group, nodes and whoever signed, and nobody else", async () => {
  const inOrder: SignedStatement[] = [];
  const noted = worldStage();
  const noting: Stage = {
    clock: noted.clock,
    get world() {
      return noted.world;
    },
    submit(jws) {
      inOrder.push(parseStatement(jws));
      return noted.submit(jws);
    },
  };
  const there = await vault(noting);
  const made = await enabledKey(noting, there);
  const id = await act(noting, there.requester, "key-request.founded", "", requestPayload(noting, made));
  await act(noting, there.approvers[0], "key-request.approved", id);
  await act(noting, there.nodes[0], "key-request.completed", id, completedPayload());
  const needed = closureOf(id, (stream) =>
    inOrder.filter(({ statement, digest }) => (statement.stream || digest) === stream),
  );
  const expected = [
    ...[id, made, there.group, there.requester.id, there.approvers[0].id, there.administrators[0].id],
    ...there.nodes.map((node) => node.id),
  ];
  assert.deepEqual([...needed].sort(), expected.sort());
  const replayed = worldStage(undefined, noting.clock);
  for (const { jws, statement, digest } of inOrder)
    if (needed.has(statement.stream || digest)) await replayed.submit(jws.text);
  assert.equal(stateOf(replayed, keyRequest, id).status, "completed");
});
