/** A node that was kept out by mistake comes back when the group's administrators agree to it, and not before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HeldNode, type KeyNodes, openKeyNodes } from "../../test/support/keynodes.ts";
import { act } from "../../test/support/stage.ts";
import { steal } from "../../test/support/stolen-node.ts";
import { Refusal } from "../base/refusal.ts";
import { decodePlain, encodePlain } from "../mpc/codec.ts";
import { type KeyGroup, keyGroup } from "../rules/key-group.ts";
import { streamOf } from "../rules/world.ts";
import { createPairStore, MAX_FAILURES, type Rows } from "./pair-store.ts";
import { createPardons } from "./pardons.ts";

const DIGEST = [{ kind: "digest", hex: "5f".repeat(32) }] as const;

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "signed",
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );
/** Asks the first to sign with the second until no process of it is unknown to the other any more. */
const outcomeOf = async (fleet: KeyNodes, key: string, ask: (request: string) => Promise<unknown>): Promise<string> => {
  for (;;) {
    const request = await fleet.request(key, DIGEST);
    const code = await codeOf(ask(request));
    if (!["peer.restarted", "peer.unreachable", "run.ended"].includes(code)) return code;
  }
};

test("a node that failed too often is let in again by its group, for both sides", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 5_000, group: { approvals: 2 } });
  const [first, second] = fleet.nodes as [HeldNode, HeldNode];
  const [one, two] = fleet.administrators;
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const stolen = await steal(fleet, second);
  t.after(() => stolen.close());
  stolen.peers.answer("sign", async (leader, body) => {
    const [, ids] = decodePlain(body) as [string, string[]];
    await stolen.pools.follow(leader, { key, epoch: 1, signers: [1, 2], path: [] }, ids);
    return encodePlain([new Uint8Array(32).fill(7)]);
  });
  const led = (request: string) => first.call("sign", { request, signers: [1, 2], details: fleet.details }, request);
  for (let i = 0; i < MAX_FAILURES; i++) assert.equal(await outcomeOf(fleet, key, led), "keynode.signing");
  await stolen.close();
  await second.restart();
  const both = (request: string) => fleet.sign(request, [1, 2]);
  assert.equal(await outcomeOf(fleet, key, both), "pair.banned");
  await first.restart();
  assert.equal(await outcomeOf(fleet, key, both), "pair.banned", "after a restart too");

  const change = { pardons: [second.id] };
  await act(fleet.stage, one, "key-group.change-proposed", fleet.group, { change });
  assert.equal(await outcomeOf(fleet, key, both), "pair.banned", "one administrator of two is not enough");
  const proposal = streamOf(fleet.stage.world, keyGroup, fleet.group)?.state.proposals.at(-1)?.id;
  await act(fleet.stage, two, "key-group.change-approved", fleet.group, { proposal });
  assert.equal(await outcomeOf(fleet, key, both), "signed");
  const { peers } = await first.call("status", {});
  assert.equal(peers.find(({ node }) => node === second.id)?.banned, false);
});

test("a ledger that is not as new as one seen before pardons nobody; once it is, it does, when that is sealed", async () => {
  const rows = new Map<string, Uint8Array>();
  const stored = {
    get: (name: string) => rows.get(name),
    names: (prefix: string) => [...rows.keys()].filter((name) => name.startsWith(prefix)),
    write: async (changes: ReadonlyMap<string, Uint8Array>) => {
      for (const [name, value] of changes) rows.set(name, value);
    },
    anchor: async () => undefined,
  } as unknown as Rows;
  const pairStore = createPairStore(stored, () => 1_000);
  for (let i = 0; i < MAX_FAILURES; i++) await pairStore.ban("other", "sign.part", "group");
  const group = { ...keyGroup.initial, nodes: ["self", "other"], pardons: { other: 2_000 } } satisfies KeyGroup;
  const seal = Promise.withResolvers<void>();
  let current = false;
  const pardons = createPardons({
    node: "self",
    witness: { known: (_, stream) => (stream === "group" ? group : undefined) as never },
    ...{ pairStore, isCurrent: () => current, sealed: () => seal.promise },
  });
  const isRefused = () => assert.throws(() => pairStore.requireAdmissible("other"), { code: "pair.banned" });
  for (const stream of ["group", "no group"]) pardons.look(stream);
  await pardons.take();
  isRefused();
  current = true;
  const taken = pardons.take();
  isRefused();
  seal.resolve();
  await taken;
  pairStore.requireAdmissible("other");
});
