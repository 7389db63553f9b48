/** A host that once ran a table's enclave without hardware, and has kept its keys. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openRig, outcomeOf, type Rig } from "../../../test/support/hostile-host.ts";
import {
  adopt,
  agreed,
  firstOf,
  handOver,
  moveAll,
  openSecond,
  runAt,
  type Second,
  sourceOf,
} from "../../../test/support/moving.ts";
import { act, stateOf } from "../../../test/support/stage.ts";
import { toBase64, utf8 } from "../../base/bytes.ts";
import { source } from "../../rules/source.ts";
import { openSimulated } from "../../tee/attestation/simulated.ts";
import { simulated } from "../../trust/attestation/simulated.ts";
import { attestationVerifiers } from "../../trust/attestation/verify.ts";
import { releaseContext, sourceContext } from "../../trust/envelope/contexts.ts";
import { sealBytes } from "../../trust/envelope/envelope.ts";
import { type Release, signRelease } from "./release-format.ts";
import { openStateStore } from "./sealed-state.ts";

/** Evidence that the rules take for that of closed memory, so that a test needs no such machine. */
const HARDWARE = "hardware-of-a-test";
attestationVerifiers[HARDWARE] = { ...simulated, id: HARDWARE, closed: "memory" };

const openHardware = (rig: Rig, name: string): Promise<Second> =>
  openSecond(rig, name, { provider: async (directory) => ({ ...(await openSimulated(directory)), id: HARDWARE }) });

/** As the operator reads it out of an enclave that no hardware keeps closed. */
const keysOf = async (rig: Rig) =>
  (await openStateStore(rig.state, await openSimulated(rig.state), rig.enclave.measurement)).loaded;

test("who has the keys of an enclave without hardware takes no table back from hardware with them", async (t) => {
  const rig = await openRig(t, { source: { policy: { budget: { runs: 2 } } } });
  const weak = firstOf(rig);
  const [closed, next] = [await openHardware(rig, "closed"), await openHardware(rig, "next")];
  const there = await moveAll(rig, weak, closed);
  await handOver(rig, weak, closed);
  const context = sourceContext(rig.hospital.id, closed.id, "csv");
  const envelope = rig.put(await sealBytes(utf8("number\n5\n"), { to: closed.recipient, context }));
  await act(rig.stage, rig.hospital, "source.reconnected", sourceOf(rig), { envelope });
  assert.equal(outcomeOf(await runAt(rig, closed, await agreed(rig, there))), "task.completed");
  const on = await moveAll(rig, closed, next);
  await handOver(rig, closed, next);
  assert.equal(outcomeOf(await runAt(rig, next, await agreed(rig, on))), "task.completed", "the second and last");
  await moveAll(rig, next, closed);
  const task = await agreed(rig, there);

  const { signingKey } = (await keysOf(rig)) ?? {};
  assert.ok(signingKey);
  const size = rig.ledger.size;
  const root = Buffer.from(rig.ledger.checkpoint(size).split("\n")[2] ?? "", "base64").toString("hex");
  const followed = { size, root };
  const made: Release = {
    ...{ use: "entente/release/1", nonce: "made-up", resource: sourceOf(rig), envelope: envelope.digest },
    ...{ from: weak.id, to: closed.id, account: {}, followed },
  };
  const sealed = await sealBytes(utf8(signRelease(made, signingKey)), {
    to: closed.recipient,
    context: releaseContext(sourceOf(rig), weak.id, closed.id),
  });
  const released = { to: closed.id, size, release: toBase64(sealed) };
  await assert.rejects(adopt(rig, closed, released, { from: weak.id }), { code: "enclave.release" });
  await assert.rejects(adopt(rig, closed, released, { from: weak.id }), { code: "enclave.release" });
  await assert.rejects(runAt(rig, closed, task), { code: "enclave.not-adopted" });
  await handOver(rig, next, closed);
  assert.equal(outcomeOf(await runAt(rig, closed, task)), "gate.budget");
  assert.equal(stateOf(rig.stage, source, sourceOf(rig)).enclave, closed.id);
});
