/** What a node was shown of the ledger is durable before anything that came of it leaves the node. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type HeldNode, type Launch, openKeyNodes } from "../../test/support/keynodes.ts";
import { createOrganisation } from "../../test/support/principals.ts";
import { act, found } from "../../test/support/stage.ts";
import { DAY } from "../base/clock.ts";
import { openSimulated } from "../tee/attestation/simulated.ts";
import { createKeyNode } from "./node.ts";

const DIGEST = [{ kind: "digest", hex: "5f".repeat(32) }] as const;
/** Milliseconds in which a signature would have been there many times over. */
const A_WHILE = 1_000;

/** Nodes whose machines keep some of them waiting when they seal their state. */
const slowMachines = () => {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const launch: Launch = async (options) => {
    const provider = await openSimulated(options.directory);
    const { register } = provider;
    const extend = async (digest: string) => {
      await gates.get(options.tag)?.promise;
      return register.extend(digest);
    };
    const { handlers, close } = await createKeyNode({
      ...options,
      components: { program: "ab".repeat(48) },
      provider: { ...provider, register: { ...register, extend } },
    });
    return { call: async (method, params, body) => (await handlers[method](params, body)).result, close };
  };
  const hold = ({ tag }: HeldNode) => {
    const gate = Promise.withResolvers<void>();
    gates.set(tag, gate);
    return () => {
      if (gates.get(tag) === gate) gates.delete(tag);
      gate.resolve();
    };
  };
  return { launch, hold };
};
const isDone = (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([work.then(() => true), delay(A_WHILE).then(() => false)]);

test("a node asks nobody, and answers nobody, before the ledger that it judged by is sealed", async (t) => {
  const machines = slowMachines();
  const fleet = await openKeyNodes(t, { launch: machines.launch });
  const [first, second] = fleet.nodes as [HeldNode, HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const asked = async () => {
    const request = await fleet.request(key, DIGEST);
    const params = { request, signers: [1, 2], details: fleet.details };
    return [first, second].map((node) => node.call("sign", params, request)) as [Promise<unknown>, Promise<unknown>];
  };
  // With presignatures there, no run comes between.
  await Promise.all(await asked());
  await Promise.all(await asked());

  const releaseFirst = machines.hold(first);
  const [leads, follows] = await asked();
  assert.equal(await isDone(follows), false, "the leader has not asked for its part");
  releaseFirst();
  await Promise.all([leads, follows]);

  const releaseSecond = machines.hold(second);
  const [led, gave] = await asked();
  assert.equal(await isDone(led), false, "no part has come from the other");
  assert.equal(await isDone(second.raw("status", {})), false, "nor does it say anything else");
  releaseSecond();
  await Promise.all([led, gave]);
});

test("no share is erased by what of the ledger is not sealed yet, whatever is sealed meanwhile", async (t) => {
  const machines = slowMachines();
  const fleet = await openKeyNodes(t, { launch: machines.launch });
  const [first] = fleet.nodes as [HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  await act(fleet.stage, fleet.administrators[0], "key.deletion-scheduled", key, { days: 7 });
  const sealEarlier = machines.hold(first);
  const shown = first.call("show", {}, key);
  assert.equal(await isDone(shown), false);
  // Followed while that is being sealed: a ledger by whose time the key is gone.
  fleet.clock.advance(8 * DAY);
  await found(fleet.stage, createOrganisation("路人", { at: fleet.clock.now() }));
  await first.follow();
  const sealLater = machines.hold(first);
  sealEarlier();
  const early = await isDone(shown);
  const disk = new DatabaseSync(join(await first.snapshot(), "store.db"));
  t.after(() => disk.close());
  const { shares } = disk.prepare("SELECT count(*) AS shares FROM rows WHERE name LIKE 'share/%'").get() ?? {};
  sealLater();
  await shown;
  assert.deepEqual({ early, shares }, { early: false, shares: 1 });
});

test("a seal that fails is the end: nothing leaves after it", async (t) => {
  const machines = slowMachines();
  const fleet = await openKeyNodes(t, { launch: machines.launch });
  const [first] = fleet.nodes as [HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const seal = machines.hold(first);
  await fleet.foundKey("EDDSA_ED25519", 2);
  await first.follow();
  // Another copy has sealed a state meanwhile.
  const { register } = await openSimulated(first.directory);
  await register.extend("cd".repeat(32));
  const said = first.raw("status", {});
  seal();
  await assert.rejects(said, { code: "enclave.state.copied" });
  await assert.rejects(first.call("show", {}, key), { code: "enclave.state.copied" });
});
