/** Key nodes in the hands of a server that is out to cheat them: what it shows, to whom, when, and what lies on its disk. */
import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type FleetOptions, type HeldNode, type KeyNodes, openKeyNodes } from "../../test/support/keynodes.ts";
import { SALT } from "../../test/support/principals.ts";
import { rewritten } from "../../test/support/rewritten.ts";
import { act } from "../../test/support/stage.ts";
import { DAY, HOUR } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { replayable } from "../evidence/export.ts";
import { parseStatement } from "../trust/statement.ts";

const DIGEST = [{ kind: "digest", hex: "5f".repeat(32) }] as const;
const APPROVED = [
  {
    id: "approved",
    text: 'permit(principal, action, resource) unless { action == Action::"sign" && context.approvals < 1 };',
  },
];

type Nodes = [HeldNode, HeldNode, HeldNode];
/** A fleet of three with a key that any two sign with; EdDSA, which needs no set-up. */
const openFleet = async (t: Parameters<typeof openKeyNodes>[0], options: FleetOptions = {}, threshold = 2) => {
  const fleet = await openKeyNodes(t, { patience: 3_000, ...options });
  const key = await fleet.foundKey("EDDSA_ED25519", threshold);
  await fleet.make(key);
  return { fleet, key, nodes: fleet.nodes as Nodes };
};
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      return error.code;
    },
  );
/** What each of the signers says, in order. */
const outcomes = async (fleet: KeyNodes, request: string, signers: readonly number[], over = fleet.nodes) =>
  Promise.all(
    signers.map((index) =>
      codeOf((over[index - 1] as HeldNode).call("sign", { request, signers, details: fleet.details }, request)),
    ),
  );

test("what is signed is what the ledger's request commits to", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  const [first] = nodes;
  const request = await fleet.request(key, DIGEST);
  const digest = Object.keys(fleet.details).at(-1) ?? "";
  const swapped = { salt: SALT, messages: [{ kind: "digest", hex: "66".repeat(32) }], note: "" };
  for (const details of [{}, { ...fleet.details, [digest]: swapped }, { ...fleet.details, [digest]: null }])
    assert.equal(await codeOf(first.call("sign", { request, signers: [1, 2], details }, request)), "keynode.detail");
  const { [fleet.keyOf(key).detail]: _, ...without } = fleet.details;
  assert.equal(
    await codeOf(first.call("sign", { request, signers: [1, 2], details: without }, request)),
    "keynode.detail",
  );
  const miscounted = await fleet.request(key, DIGEST, { count: 2 });
  assert.deepEqual(await outcomes(fleet, miscounted, [1, 2]), ["keynode.detail", "keynode.detail"]);
});

test("signers are as many as the threshold, each once, this node among them", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  const request = await fleet.request(key, DIGEST);
  for (const signers of [
    [1, 2, 3],
    [1, 1],
    [2, 1],
    [2, 3],
    [1, 4],
  ])
    assert.equal(
      await codeOf(nodes[0].call("sign", { request, signers, details: fleet.details }, request)),
      "keynode.signers",
      signers.join(),
    );
});

test("nobody approves but an approver, whatever the operator puts on its ledger", async (t) => {
  const { fleet, key, nodes } = await openFleet(t, { policies: APPROVED });
  const [first] = nodes;
  const request = await fleet.request(key, DIGEST);
  assert.deepEqual(await outcomes(fleet, request, [1, 2]), ["keynode.policy", "keynode.policy"]);
  const { ledger, stage, requester, approvers, administrators } = fleet;
  const forged = [
    // In an approver's name, by another's key; by the requester itself; by an administrator, who is no approver.
    fleet.signedAs({ ...requester, id: approvers[0].id }, "key-request.approved", request),
    fleet.signedAs(requester, "key-request.approved", request),
    fleet.signedAs(administrators[0], "key-request.approved", request),
  ];
  const honest = [...ledger.leaves(0, ledger.size)];
  const shown = await replayable(ledger, request);
  for (const jws of forged) {
    const time = stage.clock.now();
    const { digest: statement } = parseStatement(jws);
    await first.fork([...honest, { seq: 1, statement, stream: request, time }]);
    const statements = [...shown, { index: honest.length, time, jws }];
    const params = { request, signers: [1, 2], details: fleet.details };
    assert.match(await codeOf(first.raw("sign", params, statements)), /^(statement\.|certificate\.|key\.party)/);
  }
  await first.restart();
  await fleet.approve(request, approvers[0]);
  assert.deepEqual(await outcomes(fleet, request, [2, 3]), ["done", "done"]);
});

test("a key that was disabled, a group that was changed: what is on the ledger cannot be left out", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  const [first] = nodes;
  const request = await fleet.request(key, DIGEST);
  const before = await replayable(fleet.ledger, request);
  await act(fleet.stage, fleet.administrators[0], "key.disabled", key);
  await first.follow();
  const params = { request, signers: [1, 2], details: fleet.details };
  assert.equal(await codeOf(first.raw("sign", params, before)), "keynode.statements");
  assert.equal(await codeOf(first.call("sign", params, request)), "keynode.key");
  await act(fleet.stage, fleet.administrators[0], "key.enabled", key);
  const change = { policies: [{ id: "none", text: "forbid(principal, action, resource);" }] };
  const known = await replayable(fleet.ledger, request);
  await act(fleet.stage, fleet.administrators[0], "key-group.change-proposed", fleet.group, { change });
  await first.follow();
  assert.equal(await codeOf(first.raw("sign", params, known)), "keynode.statements");
  assert.equal(await codeOf(first.call("sign", params, request)), "done", "it says that it never will");
  await first.fork([...fleet.ledger.leaves(0, fleet.ledger.size - 1)]);
  assert.equal(await codeOf(first.raw("sign", params)), "enclave.ledger.stale", "what was seen is not unseen");
});

test("a request is good for one purpose, once, in its time", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  const request = await fleet.request(key, DIGEST);
  const said = await fleet.sign(request, [1, 2]);
  const again = fleet.nodes[0]?.call("sign", { request, signers: [1, 2], details: fleet.details }, request);
  assert.deepEqual((await again)?.detail, said.detail, "the same, over the request as it stands");
  await fleet.stage.submit(said.statement);
  assert.deepEqual(await outcomes(fleet, request, [1, 2]), ["keynode.request", "keynode.request"]);
  assert.deepEqual(await outcomes(fleet, request, [2, 3]), ["keynode.request", "keynode.request"]);

  // The same words under the twin of their signature are no second request.
  const [founding] = (await replayable(fleet.ledger, request)).filter(
    ({ jws }) => parseStatement(jws).digest === request,
  );
  const twin = rewritten(founding?.jws ?? "");
  const { digest: stream } = parseStatement(twin);
  const index = fleet.ledger.size;
  const time = fleet.clock.now();
  await nodes[2].fork([...fleet.ledger.leaves(0, index), { seq: 0, statement: stream, stream, time }]);
  const statements = [...(await replayable(fleet.ledger, request)), { index, time, jws: twin }];
  const params = { request: stream, signers: [2, 3], details: fleet.details };
  assert.equal(await codeOf(nodes[2].raw("sign", params, statements)), "statement.signature");
  await nodes[2].restart();

  const late = await fleet.request(key, DIGEST);
  fleet.clock.advance(DAY + HOUR);
  assert.deepEqual(await outcomes(fleet, late, [1, 2]), ["keynode.request", "keynode.request"]);
  const taken = await fleet.request(key, DIGEST);
  await act(fleet.stage, fleet.requester, "key-request.withdrawn", taken);
  assert.deepEqual(await outcomes(fleet, taken, [1, 2]), ["keynode.request", "keynode.request"]);
});

test("a request that was refused is none under the twin of its signature, where that alone is shown", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  const request = await fleet.request(key, DIGEST);
  await act(fleet.stage, fleet.approvers[0], "key-request.refused", request);
  const founding = (await replayable(fleet.ledger, request)).find(({ jws }) => parseStatement(jws).digest === request);
  const twin = await fleet.goOn(rewritten(founding?.jws ?? ""));
  const statements = [...(await replayable(fleet.ledger, key)), twin];
  const params = { request: parseStatement(twin.jws).digest, signers: [1, 2], details: fleet.details };
  for (const said of await Promise.all(nodes.slice(0, 2).map((node) => codeOf(node.raw("sign", params, statements)))))
    assert.equal(said, "statement.signature");
});

/** What is on the ledger beside the request, and what a node says that has seen it. */
const AGAINST: Readonly<
  Record<string, readonly [(fleet: KeyNodes, key: string, request: string) => Promise<unknown>, string]>
> = {
  "its key was disabled": [
    (fleet, key) => act(fleet.stage, fleet.administrators[0], "key.disabled", key),
    "keynode.key",
  ],
  "its group forbids it": [
    (fleet) =>
      act(fleet.stage, fleet.administrators[0], "key-group.change-proposed", fleet.group, {
        change: { policies: [{ id: "none", text: "forbid(principal, action, resource);" }] },
      }),
    "key-request.failed",
  ],
  "an approver refused it": [
    (fleet, _, request) => act(fleet.stage, fleet.approvers[0], "key-request.refused", request),
    "keynode.request",
  ],
  "its requester withdrew it": [
    (fleet, _, request) => act(fleet.stage, fleet.requester, "key-request.withdrawn", request),
    "keynode.request",
  ],
};
/** The code of its refusal, or the kind of what it says. */
const saidBy = async (work: Promise<{ statement: string }>): Promise<string> => {
  let kind = "nothing";
  const code = await codeOf(
    work.then(({ statement }) => {
      if (statement !== "") kind = parseStatement(statement).statement.kind;
    }),
  );
  return code === "done" ? kind : code;
};

for (const [what, [speak, expected]] of Object.entries(AGAINST))
  test(`any one honest node keeps the others from signing what it should not: ${what}`, async (t) => {
    const { fleet, key, nodes } = await openFleet(t, { patience: 1_500 }, 3);
    const request = await fleet.request(key, DIGEST);
    const until = fleet.ledger.size;
    const shown = await replayable(fleet.ledger, request);
    // What a node sees from here on is forgotten with its disk, where its operator takes that back.
    const disks = await Promise.all(nodes.map((node) => node.snapshot()));
    await speak(fleet, key, request);
    const params = { request, signers: [1, 2, 3], details: fleet.details };
    for (const honest of nodes) {
      for (const [i, node] of nodes.entries())
        if (node === honest) await node.restart();
        else await node.fork([...fleet.ledger.leaves(0, until)], disks[i]);
      const ended = await Promise.all(
        nodes.map((node) =>
          saidBy(node === honest ? node.call("sign", params, request) : node.raw("sign", params, shown)),
        ),
      );
      assert.equal(ended[nodes.indexOf(honest)], expected);
      assert.ok(!ended.includes("key-request.completed"), ended.join());
    }
  });

test("what was spent stays spent, over restarts and whoever leads", async (t) => {
  const limit = [
    { id: "all", text: "permit(principal, action, resource);" },
    {
      id: "two-a-day",
      text: 'forbid(principal, action == Action::"sign", resource) when { context.spent.day.signatures > 2 };',
    },
  ];
  const { fleet, key, nodes } = await openFleet(t, { policies: limit });
  for (const signers of [
    [1, 2],
    [1, 2],
  ])
    await fleet.stage.submit((await fleet.sign(await fleet.request(key, DIGEST), signers)).statement);
  const third = await fleet.request(key, DIGEST);
  const [first, second] = nodes;
  await first.restart();
  await second.restart();
  const said = await first.call("sign", { request: third, signers: [1, 3], details: fleet.details }, third);
  assert.equal(parseStatement(said.statement).statement.kind, "key-request.failed");
  const other = await fleet.request(key, DIGEST);
  const batch = await second.call("sign", { request: other, signers: [2, 3], details: fleet.details }, other);
  assert.equal(parseStatement(batch.statement).statement.kind, "key-request.failed");
});

test("a store that was rolled back is not taken up; its shares come back from their backup", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  const [first] = nodes;
  const file = join(first.directory, "store.db");
  await first.stop();
  copyFileSync(file, `${file}.older`);
  await first.restart();
  await act(fleet.stage, fleet.administrators[0], "key.reshare-requested", key, {
    ...{ epoch: 2, kind: "refresh", threshold: 2, participants: fleet.nodes.map(({ id }) => id) },
  });
  await fleet.make(key);
  await first.call("show", {}, key);
  await first.stop();
  for (const spoil of [() => copyFileSync(`${file}.older`, file), () => rmSync(file)]) {
    spoil();
    rmSync(`${file}-wal`, { force: true });
    assert.equal(await codeOf(first.restart()), "keynode.store.rolled-back");
  }
  await first.restart({ acceptLostStore: true });
  const request = await fleet.request(key, DIGEST);
  const ended = await outcomes(fleet, request, [1, 2]);
  assert.equal(ended[0], "keynode.not-held");
});

test("a server that tells each node of other dealers gets nobody named", async (t) => {
  const { fleet, key, nodes } = await openFleet(t);
  await act(fleet.stage, fleet.administrators[0], "key.reshare-requested", key, {
    ...{ epoch: 2, kind: "reshare", threshold: 2, participants: nodes.map(({ id }) => id) },
  });
  const run = "5d".repeat(32);
  const dealers = [
    [1, 2],
    [1, 2],
    [1, 3],
  ] as const;
  const said = await Promise.all(
    nodes.map((node, i) =>
      node.call("make", { key, run, details: fleet.details, dealers: dealers[i] }, key).then(
        ({ statement }) => parseStatement(statement).statement.kind,
        (error: unknown) => (error as Refusal).code,
      ),
    ),
  );
  for (const one of said) assert.match(one, /^run\./, said.join());
  await fleet.make(key);
  assert.equal(fleet.keyOf(key).epochs.at(-1)?.epoch, 2);
});
