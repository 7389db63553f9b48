/** Two signers are shown ledgers that differ in what neither of them looks at for this request. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HeldNode, openKeyNodes } from "../../test/support/keynodes.ts";
import { createOrganisation } from "../../test/support/principals.ts";
import { found } from "../../test/support/stage.ts";
import { Refusal } from "../base/refusal.ts";
import { replayable } from "../evidence/export.ts";
import { encodePlain } from "../mpc/codec.ts";
import type { Leaf } from "../trust/leaf.ts";
import { createHistory } from "./history.ts";

const PASSING = ["peer.restarted", "peer.unreachable", "run.ended", "keynode.unreachable"];
/** What a node says, or another of which it says so. */
const codeOf = ({ code, details }: Refusal): string => (code === "peer.refused" ? String(details.code) : code);

test("signers that follow different ledgers notice it, and sign nothing together", async (t) => {
  const fleet = await openKeyNodes(t, { patience: 3_000 });
  const { ledger, clock, stage } = fleet;
  const [a, b] = fleet.nodes as [HeldNode, HeldNode];
  const key = await fleet.foundKey("EDDSA_ED25519", 2);
  await fleet.make(key);
  const request = await fleet.request(key, [{ kind: "digest", hex: "5f".repeat(32) }]);
  const { size } = ledger;
  const shown = await replayable(ledger, request, size);
  const stranger = { seq: 0, stream: "ab".repeat(32), statement: "ab".repeat(32), time: clock.now() };
  await a.fork([...ledger.leaves(0, size), stranger]);
  await found(stage, createOrganisation("路人", { at: clock.now() }));

  const params = { request, signers: [1, 2], details: fleet.details };
  const codes = new Set<string>();
  const signed: unknown[] = [];
  const note = (work: Promise<{ detail?: unknown }>) =>
    work.then(
      ({ detail }) => detail && signed.push(detail),
      (error: unknown) => codes.add(error instanceof Refusal ? codeOf(error) : String(error)),
    );
  while (!codes.has("keynode.forked")) {
    await Promise.all([note(a.raw("sign", params, shown)), note(b.call("sign", params, request))]);
    assert.deepEqual(signed, []);
    assert.deepEqual(
      [...codes].filter((code) => ![...PASSING, "keynode.forked"].includes(code)),
      [],
    );
  }
  const { detail } = await fleet.sign(request, [2, 3]);
  assert.ok(detail, "those that follow the same sign");
});

const leaf = (n: number) => ({ seq: n, stream: "01".repeat(32), statement: String(n).padStart(64, "0"), time: n });
/** Two nodes' histories, joined by a wire. */
const joined = () => {
  const deaf = () => undefined;
  const heard: ((from: string, body: Uint8Array) => void)[] = [deaf, deaf];
  const on = (place: number) =>
    createHistory({
      peers: {
        tell: (_, __, body) => heard[1 - place]?.(String(place), body),
        hear: (_, hearing) => void heard.splice(place, 1, hearing),
      },
    });
  return { one: on(0), other: on(1), say: (body: Uint8Array) => heard[0]?.("1", body) };
};
const leaves = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => leaf(from + i));
const forked = (error: unknown) => error instanceof Refusal && error.code === "keynode.forked";

test("whoever is further compares at once, whoever is behind when it has come so far", () => {
  const { one, other } = joined();
  one.add(leaves(0, 10));
  other.add(leaves(0, 4));
  one.tell(["1"]);
  other.tell(["0"]);
  one.requireSame(["1"]);
  other.add([leaf(99), ...leaves(5, 9)]);
  other.requireSame(["0"]);
  other.tell(["0"]);
  assert.throws(() => one.requireSame(["1"]), forked);
  one.requireSame(["2"]);
  other.add(leaves(9, 10));
  assert.throws(() => other.requireSame(["0"]), forked);
});

test("what is no such message says nothing against anybody; who is too far behind is waited for, and then compared", () => {
  const { one, other, say } = joined();
  const [first, ...rest] = leaves(0, 70_000);
  one.add([leaf(99), ...rest]);
  for (const body of [new Uint8Array(), Uint8Array.of(255), new Uint8Array(40), encodePlain([-1, new Uint8Array(32)])])
    say(body);
  one.requireSame(["1"]);
  other.add([first as Leaf, ...rest.slice(0, 2)]);
  other.tell(["0"]);
  const behind = { code: "keynode.behind" };
  assert.throws(() => one.requireSame(["1"]), behind, "nothing is known of whether both follow the same");
  assert.ok(one.isBehind("1"));
  one.requireSame(["2"]);
  other.add(rest.slice(2));
  other.tell(["0"]);
  assert.throws(() => one.requireSame(["1"]), forked);
  const same = joined();
  same.one.add([leaf(0), ...rest]);
  same.other.add([leaf(0), ...rest.slice(0, 2)]);
  same.other.tell(["0"]);
  assert.throws(() => same.one.requireSame(["1"]), behind);
  same.other.add(rest.slice(2, 60_000));
  same.other.tell(["0"]);
  same.one.requireSame(["1"]);
});
