/** kill -9 of key node programs, at whatever they do: nothing that was said is lost, and no epoch without its shares. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { currentProgram } from "../../scripts/bundle.ts";
import { asProcess, type HeldNode, type KeyNodes, openKeyNodes } from "../../test/support/keynodes.ts";
import { act } from "../../test/support/stage.ts";
import { fromHex } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { epochOf } from "../rules/key-state.ts";
import { schemeOf } from "./schemes.ts";

const DIGEST = "5f".repeat(32);
let program = "";
before(async () => {
  program = await currentProgram("keynode");
});

const signs = async (fleet: KeyNodes, key: string, signers: readonly number[]) => {
  const request = await fleet.request(key, [{ kind: "digest", hex: DIGEST }]);
  // That one of them was started again the other may find out only now.
  const isRestart = (error: unknown) => error instanceof Refusal && error.code === "peer.restarted";
  const { detail } = await fleet.sign(request, signers).catch((error: unknown) => {
    if (!isRestart(error)) throw error;
    return fleet.sign(request, signers);
  });
  const { publicKey, scheme } = fleet.keyOf(key);
  const [signature = ""] = (detail as { signatures: string[] }).signatures;
  assert.ok(schemeOf(scheme).verify(fromHex(publicKey), fromHex(DIGEST), fromHex(signature)));
};
/** Kills the node so many milliseconds after something was begun; it comes back. */
const killedAt = async (node: HeldNode, ms: number, work: Promise<unknown>) => {
  const ended = work.then(
    () => "done",
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
  await new Promise((resolve) => setTimeout(resolve, ms));
  node.kill();
  const outcome = await ended;
  await node.restart();
  return outcome;
};
const makeUntilMade = async (fleet: KeyNodes, key: string, epoch: number) => {
  for (let tries = 0; epochOf(fleet.keyOf(key))?.epoch !== epoch; tries++) {
    assert.ok(tries < 5, "it is made in the end");
    await fleet.make(key).catch(() => undefined);
  }
};

describe("key nodes that are killed", { concurrency: false }, () => {
  test("while a key is made, its shares are renewed, and it signs", async (t) => {
    const fleet = await openKeyNodes(t, { launch: asProcess(program) });
    const [first, , third] = fleet.nodes as [HeldNode, HeldNode, HeldNode];
    const key = await fleet.foundKey("ECDSA_K1", 2);
    for (const ms of [5, 40, 160]) await killedAt(third, ms, fleet.make(key));
    await makeUntilMade(fleet, key, 1);
    await signs(fleet, key, [1, 3]);
    for (const [i, ms] of [2, 30, 90, 200].entries()) {
      await act(fleet.stage, fleet.administrators[0], "key.reshare-requested", key, {
        ...{ epoch: 2 + i, kind: "refresh", threshold: 2 },
        participants: fleet.nodes.map(({ id }) => id),
      });
      await killedAt(i % 2 === 0 ? first : third, ms, fleet.make(key));
      await signs(fleet, key, [1, 3]);
      await makeUntilMade(fleet, key, 2 + i);
      await signs(fleet, key, [1, 3]);
    }
    for (const ms of [1, 10, 25, 50]) {
      const request = await fleet.request(key, [{ kind: "digest", hex: DIGEST }]);
      await killedAt(third, ms, fleet.sign(request, [1, 3]));
      // With whoever is there, and with the one that came back.
      await signs(fleet, key, [1, 2]);
      await signs(fleet, key, [1, 3]);
    }
  });
});
