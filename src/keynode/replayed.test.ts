/** What an honest node said in a run that is long forgotten proves nothing against it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { generateKey } from "#crypto";
import { startNet, until } from "../../test/support/peers.ts";
import { createMemoryRows, gossip } from "../../test/support/runs.ts";
import { createPairStore } from "./pair-store.ts";
import { createRuns } from "./runs.ts";

const REMEMBERS = 4;
const TAG = 32;

test("a hello that is shown again when the run's id is used again bans nobody", async (t) => {
  const net = await startNet(3);
  t.after(() => net.close());
  const keys = new Map(net.nodes.map(({ node }) => [node, generateKey("P-256")] as const));
  /** What the cheat hears of the first, and what it is given in place of it later. */
  const [honest] = net.nodes;
  const heard: Uint8Array[] = [];
  let silent = true;
  const [a, b, c] = net.nodes.map(({ node, peers }, at) => {
    const hear: typeof peers.hear = (topic, listener) =>
      peers.hear(topic, (from, body) => {
        const isHello = topic === "run" && from === honest?.node && body[TAG + 1] === 0 && body[TAG + 2] === 0;
        if (at === 2 && isHello && silent) heard.push(Uint8Array.from(body));
        if (at === 2 && topic === "run" && silent) return;
        listener(from, at === 2 && isHello ? (heard[0] ?? body) : body);
      });
    const store = createPairStore(createMemoryRows(), () => 0);
    const runs = createRuns({
      ...{ node, pairs: store, peers: Object.assign(Object.create(peers), { hear }), remembers: REMEMBERS },
      signingKey: keys.get(node) as NonNullable<ReturnType<typeof keys.get>>,
      signingKeyOf: (of) => keys.get(of)?.publicKey,
    });
    return { node, peers, store, runs };
  });
  assert.ok(a && b && c);
  const parties = new Map([a, b, c].map(({ node }, at) => [at + 1, node]));
  const terms = (id: Uint8Array) => ({ id, binding: new Uint8Array(), parties, within: 5_000 });
  const join = (id: Uint8Array, ...nodes: (typeof a)[]) =>
    nodes.map(({ runs }) => runs.run(gossip(1), terms(id), 0).then(String, ({ code }) => code as string));
  /** It hears the hellos, says nothing, and gives the run up. */
  const begunAndGivenUp = async (id: Uint8Array) => {
    const before = heard.length;
    const both = join(id, a, b);
    await until(() => heard.length > before);
    for (const { node } of [a, b]) c.peers.tell(node, "run-over", id, { within: 5_000, lane: "urgent" });
    await Promise.all(both);
  };
  const chosen = randomBytes(32);
  await begunAndGivenUp(chosen);
  for (let i = 0; i < REMEMBERS; i++) await begunAndGivenUp(randomBytes(32));
  silent = false;
  const [, ofB] = await Promise.all(join(chosen, a, b, c));
  assert.equal(b.store.isBanned(a.node), false, "an honest node is banned by nobody's replay");
  assert.equal(a.store.isBanned(b.node), false);
  assert.match(String(ofB), /^run\.ended$/);
});
