/** What becomes of keys whose nodes are killed, or away, while they make them: real nodes behind the pillar's own port. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type HeldNode, type KeyNodes, openKeyNodes } from "../../test/support/keynodes.ts";
import { rewritten } from "../../test/support/rewritten.ts";
import { act } from "../../test/support/stage.ts";
import { Refusal } from "../base/refusal.ts";
import { migrate } from "../platform/db/migrate.ts";
import { openDatabase } from "../platform/db/open.ts";
import { epochOf } from "../rules/key-state.ts";
import { createMaking } from "./making.ts";
import { keys0200 } from "./migrations/0200-keys.ts";
import type { KeyNode } from "./node-port.ts";
import { createRunsStore } from "./runs-store.ts";

type Make = KeyNode["make"];

/** @param twist what a node does in place of making, by its place @param isUp of each node, by its place */
const start = async (
  t: TestContext,
  fleet: KeyNodes,
  {
    twist = {},
    isUp = () => true,
  }: { twist?: Record<number, (make: Make) => Make>; isUp?: (place: number) => boolean },
) => {
  const dataDir = mkdtempSync(join(tmpdir(), "entente-making-"));
  const db = openDatabase("", { dataDir });
  await migrate(db, [keys0200], { clock: fleet.clock });
  const placeOf = (node: string) => fleet.nodes.findIndex(({ id }) => id === node);
  const portOf = (place: number): KeyNode => {
    const node = fleet.nodes[place] as HeldNode;
    const make: Make = (key, run) => node.call("make", { key, run, details: fleet.details }, key);
    return { make: twist[place]?.(make) ?? make, show: async () => undefined } as Partial<KeyNode> as KeyNode;
  };
  const errors: string[] = [];
  const reasons = new Map<string, Refusal>();
  const making = createMaking({
    ledger: fleet.ledger,
    blobs: { get: () => assert.fail("nothing is imported") },
    nodes: { of: (node) => portOf(placeOf(node)), isUp: (node) => isUp(placeOf(node)) },
    ...{ runs: createRunsStore(db), concurrency: { all: 2, each: 2 }, now: () => fleet.clock.now() },
    onError: (_, error) => errors.push((error as Refusal).code),
    onMade: () => undefined,
    reasons,
  });
  t.after(async () => {
    making.stop();
    await db.destroy();
    rmSync(dataDir, { recursive: true });
  });
  making.start();
  return { making, errors, reasons };
};
const settled = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 3_000 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(done());
};

test("a node that is killed before it keeps what it made leaves no attempt without an end", async (t) => {
  const fleet = await openKeyNodes(t);
  const third = fleet.nodes[2] as HeldNode;
  let kills = 0;
  /** The others have come to the end of the run; this one is as it was before. */
  const killed: (make: Make) => Make = (make) => async (key, run) => {
    if (kills === 2) return make(key, run);
    kills++;
    const disk = await third.snapshot();
    await make(key, run);
    await third.restart({ directory: disk });
    throw new Refusal("channel.closed", 503, {});
  };
  const { errors } = await start(t, fleet, { twist: { 2: killed } });
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await settled(() => epochOf(fleet.keyOf(key))?.epoch === 1);
  assert.ok(errors.includes("channel.closed"));
  assert.equal(kills, 2);
  await act(fleet.stage, fleet.administrators[0], "key.reshare-requested", key, {
    ...{ epoch: 2, kind: "refresh", threshold: 2, participants: fleet.nodes.map(({ id }) => id) },
  });
  kills = 1;
  await settled(() => epochOf(fleet.keyOf(key))?.epoch === 2);
  const request = await fleet.request(key, [{ kind: "digest", hex: "5f".repeat(32) }]);
  assert.notEqual((await fleet.sign(request, [2, 3])).statement, "");
});

test("nobody is asked to make a share while one of those who get one is away; when it is back, at once", async (t) => {
  const fleet = await openKeyNodes(t);
  let isBack = false;
  let asked = 0;
  const counted: (make: Make) => Make = (make) => (key, run) => {
    asked++;
    return make(key, run);
  };
  const { making, errors } = await start(t, fleet, { twist: { 0: counted }, isUp: (place) => isBack || place !== 1 });
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await settled(() => errors.length > 0);
  assert.deepEqual([[...new Set(errors)], asked], [["key-node.unavailable"], 0]);
  isBack = true;
  making.wake();
  await settled(() => fleet.keyOf(key).status === "enabled");
});

test("a node whose word the rules refuse is named, and keeps nobody else's off the ledger", async (t) => {
  const fleet = await openKeyNodes(t);
  let isHonest = false;
  /** Its statement has another signature. */
  const forged: (make: Make) => Make = (make) => async (key, run) => {
    const said = await make(key, run);
    return isHonest ? said : { ...said, statement: said.statement && rewritten(said.statement) };
  };
  const { making, errors, reasons } = await start(t, fleet, { twist: { 0: forged } });
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await settled(() => errors.includes("key-node.answer"));
  assert.equal(reasons.get(key)?.details.node, fleet.nodes[0]?.id);
  assert.equal(fleet.keyOf(key).attempt?.said.length, 2);
  isHonest = true;
  making.wake();
  await settled(() => fleet.keyOf(key).status === "enabled");
});
