/** What a node makes of statements that come late, early, in part, or in another order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HeldNode, openKeyNodes } from "../../test/support/keynodes.ts";
import { act } from "../../test/support/stage.ts";
import { Refusal } from "../base/refusal.ts";
import { replayable } from "../evidence/export.ts";

const DIGEST = [{ kind: "digest", hex: "5f".repeat(32) }] as const;
const APPROVED = [{ id: "approved", text: "permit(principal, action, resource) when { context.approvals > 0 };" }];
const MAKE = [{ id: "make", text: 'permit(principal, action == Action::"createKey", resource);' }];

const isRefused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

test("streams come in any order; each statement is judged where it stands on the ledger", async (t) => {
  const fleet = await openKeyNodes(t, { policies: [...APPROVED, ...MAKE], patience: 2_000 });
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const [early, late] = [await fleet.request(key, DIGEST), await fleet.request(key, DIGEST)];
  const [riskControl, finance] = fleet.approvers;
  await fleet.approve(early, riskControl);
  await fleet.approve(late, finance);
  // Founded and approved later, shown first.
  await fleet.stage.submit((await fleet.sign(late, [1, 2])).statement);
  // Who had the right to approve when it did has it no more: that it did is true, that it counts is not.
  const change = { approvers: [finance.id] };
  await act(fleet.stage, fleet.administrators[0], "key-group.change-proposed", fleet.group, { change });
  await fleet.nodes[0]?.call("show", {}, early);
  const params = { request: early, signers: [1, 2], details: fleet.details };
  assert.match(JSON.stringify(await refusalOf(fleet.nodes[0] as HeldNode, params, early)), /keynode.policy/);
  await fleet.approve(early, finance);
  await fleet.stage.submit((await fleet.sign(early, [1, 2])).statement);
});

test("a statement that is missing, twice, or out of order changes nothing", async (t) => {
  const fleet = await openKeyNodes(t);
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  const [first] = fleet.nodes as [HeldNode];
  // The same node, which was shown nothing but leaves.
  await first.fork([...fleet.ledger.leaves(0, fleet.ledger.size)]);
  const all = await replayable(fleet.ledger, key);
  for (const i of all.keys().take(all.length - 1))
    await assert.rejects(
      first.raw("show", {}, all.toSpliced(i, 1)),
      (error) => error instanceof Refusal,
      `without ${i}`,
    );
  await assert.rejects(first.raw("show", {}, all.toReversed()), (error) => error instanceof Refusal);
  const [one, two] = all.slice(-2);
  assert.ok(one && two);
  await assert.rejects(first.raw("show", {}, [...all, two]), isRefused("enclave.statement.hidden"));
  const moved = all.with(-1, { ...two, time: two.time + 1 });
  await assert.rejects(first.raw("show", {}, moved), isRefused("keynode.statements"));
  await first.raw("show", {}, all);
  await first.raw("show", {}, all);
  await first.raw("show", {}, [two]);
});

const refusalOf = (node: HeldNode, params: object, on: string) =>
  node.call("sign", params, on).then(
    () => undefined,
    (error: unknown) => (error as Refusal).code,
  );
