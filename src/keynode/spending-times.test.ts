/** Limits of a period hold whatever time the operator's ledger says, and whatever was counted and held back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes } from "#crypto";
import { forked } from "../../test/support/forked.ts";
import { type HeldNode, type KeyNodes, openKeyNodes } from "../../test/support/keynodes.ts";
import { toHex } from "../base/bytes.ts";
import { DAY, HOUR, iso, MINUTE } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import { replayable } from "../evidence/export.ts";
import type { PlacedStatement } from "../tee/protocol/messages.ts";
import { parseStatement } from "../trust/statement.ts";

const DIGEST = [{ kind: "digest", hex: "5f".repeat(32) }] as const;
const limited = (window: string, most: number) => [
  { id: "all", text: "permit(principal, action, resource);" },
  {
    id: "limit",
    text: `forbid(principal, action == Action::"sign", resource) when { context.spent.${window}.signatures > ${most} };`,
  },
];
/** A key of all three, so that each counts everything. */
const openFleet = async (t: Parameters<typeof openKeyNodes>[0], window: string, most: number, patience: number) => {
  const fleet = await openKeyNodes(t, { patience, policies: limited(window, most) });
  const key = await fleet.foundKey("EDDSA_ED25519", 3);
  await fleet.make(key);
  return { fleet, key };
};
const signed = (work: Promise<{ statement: string }>): Promise<boolean> =>
  work.then(
    ({ statement }) => statement !== "" && parseStatement(statement).statement.kind === "key-request.completed",
    (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      return false;
    },
  );
const asked = ({ details }: KeyNodes, request: string) => ({ request, signers: [1, 2, 3], details });
/** Whether all of them together sign. @param shown what a node is shown, where it is not what the ledger has */
const sign = async (fleet: KeyNodes, request: string, shown?: readonly PlacedStatement[]): Promise<boolean> => {
  const ask = (node: HeldNode) =>
    shown ? node.raw("sign", asked(fleet, request), shown) : node.call("sign", asked(fleet, request), request);
  return (await Promise.all(fleet.nodes.map((node) => signed(ask(node))))).includes(true);
};

test("a leaf that is dated ahead empties no period", async (t) => {
  const { fleet, key } = await openFleet(t, "day", 2, 3_000);
  const requests: string[] = [];
  for (let i = 0; i < 4; i++)
    requests.push(await fleet.request(key, DIGEST, { expires: iso(fleet.clock.now() + 7 * DAY - HOUR) }));
  const shown = await Promise.all(requests.map((one) => replayable(fleet.ledger, one)));
  for (const node of fleet.nodes) await node.follow();
  const outcomes: boolean[] = [];
  for (const [i, request] of requests.entries()) {
    if (i === 2) {
      const statement = toHex(randomBytes(32));
      const ahead = { seq: 0, statement, stream: statement, time: fleet.clock.now() + DAY + HOUR };
      const step = forked(fleet, fleet.ledger.size, [ahead]);
      for (const node of fleet.nodes) await node.raw("follow", step);
    }
    outcomes.push(await sign(fleet, request, shown[i]));
  }
  assert.deepEqual(outcomes, [true, true, false, false]);
});

test("what was counted in one period and held back is not released in another", async (t) => {
  const { fleet, key } = await openFleet(t, "hour", 1, 400);
  const requests: string[] = [];
  for (let i = 0; i < 3; i++) {
    const request = await fleet.request(key, DIGEST);
    requests.push(request);
    // One after the other: each judges and counts, none meets another.
    for (const node of fleet.nodes)
      assert.equal(await signed(node.call("sign", asked(fleet, request), request)), false);
    fleet.clock.advance(HOUR + 5 * MINUTE);
  }
  const outcomes: boolean[] = [];
  for (const request of requests) outcomes.push(await sign(fleet, request));
  assert.equal(outcomes.filter(Boolean).length, 1);
});
