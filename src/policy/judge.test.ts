/** From what stands on the ledger to what is judged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALICE, BOB, CAROL, DAVE, NOON, permit, policies, send } from "../../test/support/policies.ts";
import { keyGroup } from "../rules/key-group.ts";
import { requestStreams } from "../rules/key-request-state.ts";
import { keyStreams } from "../rules/key-state.ts";
import { judgeSigning, rolesOf, signingAsked } from "./judge.ts";
import { NOTHING_SPENT } from "./spending.ts";

const detail = { salt: "s".repeat(22), alias: "treasury", tags: { env: "test" }, description: "" };
const key = { ...keyStreams.initial, id: "K1", publicKey: `02${"79".repeat(32)}` };
const group = {
  ...keyGroup.initial,
  id: "G1",
  administrators: [ALICE],
  requesters: [ALICE],
  approvers: [ALICE, BOB, CAROL],
  since: { administrators: {}, approvers: { [ALICE]: "g", [BOB]: "g", [CAROL]: "taken back" } },
};
const request = {
  ...requestStreams.initial,
  stream: "f".repeat(64),
  requester: ALICE,
  approvals: [ALICE, BOB, CAROL, DAVE].map((by) => ({ by, time: NOON, since: "g" })),
};

test("roles are the group's", () => {
  assert.deepEqual(rolesOf(group, ALICE), ["administrator", "approver", "requester"]);
  assert.deepEqual(rolesOf(group, BOB), ["approver"]);
  assert.deepEqual(rolesOf(group, DAVE), []);
});

test("approvals count of those who have been approvers ever since, and nobody's of its own request", () => {
  const asked = signingAsked(request, { messages: [send()] }, key, detail, group, NOON);
  assert.deepEqual(asked.approvers, [BOB]);
  const approved = (count: number) =>
    judgeSigning(policies(permit(`context.approvals >= ${count}`)), asked, NOTHING_SPENT).allowed;
  assert.deepEqual([approved(1), approved(2)], [true, false]);
});

test("a request is judged with its key's names and its path", () => {
  const asked = signingAsked(request, { path: [0, 7], messages: [send()] }, key, detail, group, NOON);
  const when =
    'context.path == "m/0/7" && resource has alias && resource.alias == "treasury" && resource in Group::"G1"';
  const verdict = judgeSigning(policies(permit(when, `principal == Member::"${ALICE}"`)), asked, NOTHING_SPENT);
  assert.equal(verdict.allowed, true);
  assert.deepEqual(verdict.account.requests, [[request.stream, { hour: NOON, day: NOON, week: NOON, month: NOON }]]);
  assert.equal(verdict.messages[0]?.what.sign.length, 32);
});

test("a clock that was set ahead for one request empties no period", () => {
  const limited = policies(permit("context.spent.day.signatures <= 3"));
  const asked = (name: string, time: number) =>
    signingAsked({ ...request, stream: name.repeat(64) }, { messages: [send()] }, key, detail, group, time);
  const week = 7 * 86_400_000;
  let account = NOTHING_SPENT;
  for (const [name, clock] of [
    ["a", 0],
    ["b", 0],
    ["c", week],
  ] as const) {
    const verdict = judgeSigning(limited, asked(name, NOON + clock), account, NOON);
    assert.equal(verdict.allowed, true);
    account = verdict.account;
  }
  assert.equal(judgeSigning(limited, asked("d", NOON), account, NOON).allowed, false);
});
