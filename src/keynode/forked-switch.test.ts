/** The platform and one node of three: two honest nodes are shown two ends of one attempt. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { randomBytes } from "#crypto";
import { sha384Hex } from "../../test/support/hostile-host.ts";
import { type HeldNode, openKeyNodes } from "../../test/support/keynodes.ts";
import { act } from "../../test/support/stage.ts";
import { toHex } from "../base/bytes.ts";
import { iso } from "../base/clock.ts";
import { replayable } from "../evidence/export.ts";
import { openSimulated } from "../tee/attestation/simulated.ts";
import { measurementOf } from "../trust/attestation/measurement.ts";
import { parseStatement, signStatementWith } from "../trust/statement.ts";
import { openNodeState } from "./state.ts";

test("honest nodes keep shares of one epoch that go together, whichever end of a fork they are shown", async (t) => {
  const fleet = await openKeyNodes(t);
  const { ledger, stage, clock } = fleet;
  const [a, b, c] = fleet.nodes as [HeldNode, HeldNode, HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  await act(stage, fleet.administrators[0], "key.reshare-requested", key, {
    ...{ epoch: 2, kind: "refresh", threshold: 2, participants: fleet.nodes.map(({ id }) => id) },
  });
  const params = { key, run: toHex(randomBytes(32)), details: fleet.details };
  await Promise.all([a, b, c].map((node) => node.call("make", params, key)));
  for (const node of [a, b]) await stage.submit((await node.call("make", params, key)).statement);
  const made = (await c.call("make", params, key)).statement;

  const { attempt } = fleet.keyOf(key);
  assert.ok(attempt);
  const measurement = measurementOf({ program: sha384Hex("key node") });
  const stolen = (await openNodeState(c.directory, await openSimulated(c.directory), measurement)).loaded;
  assert.ok(stolen);
  const { seen } = parseStatement(made).statement;
  const payload = { request: attempt.request, epoch: 2, code: "share", culprits: [] };
  const failed = signStatementWith(
    { kind: "key.failed", stream: key, seen, by: c.id, at: iso(clock.now()), payload },
    stolen.signingKey,
  );

  const { size } = ledger;
  const before = ledger.leaves(0, size);
  const shown = await replayable(ledger, key, size);
  const leaf = { seq: before.filter(({ stream }) => stream === key).length, stream: key, time: clock.now() };
  await a.fork([...before, { ...leaf, statement: parseStatement(failed).digest }]);
  await a.raw("show", {}, [...shown, { index: size, time: leaf.time, jws: failed }]);
  await stage.submit(made);
  await b.call("show", {}, key);

  const epochsIn = async (node: HeldNode, directory: string) => {
    await node.stop();
    const rows = new DatabaseSync(`${directory}/store.db`).prepare("SELECT name FROM rows WHERE name LIKE 'share/%'");
    return rows.all().map(({ name }) => String(name).split("/")[2]);
  };
  const forked = readdirSync(fleet.directory).find((name) => name.startsWith(`${a.tag}.`));
  const [ofA, ofB] = [await epochsIn(a, `${fleet.directory}/${forked}`), await epochsIn(b, b.directory)];
  assert.ok(
    ofA.some((epoch) => ofB.includes(epoch)),
    `one has ${ofA}, the other ${ofB}`,
  );
});
