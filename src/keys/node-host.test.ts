/** The server's side of a key node, over a real node in this process and the channel that a program has. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { type TestContext, test } from "node:test";
import { noteSigner, openEvidence } from "../../test/support/evidence.ts";
import { sha384Hex } from "../../test/support/hostile-host.ts";
import { type Clock, HOUR, systemClock } from "../base/clock.ts";
import { createKeyNode } from "../keynode/node.ts";
import { openSimulated } from "../tee/attestation/simulated.ts";
import { createChannel } from "../tee/protocol/channel.ts";
import { createClosures } from "./closures.ts";
import { createNodeHost } from "./node-host.ts";

/** A ledger, and a node in this process over the channel that a program has. */
const stand = async (t: TestContext, clock: Clock) => {
  const directory = mkdtempSync(join(tmpdir(), "entente-node-host-"));
  const ledger = await openEvidence(directory, clock);
  t.after(async () => {
    await ledger.close();
    rmSync(directory, { recursive: true });
  });
  const listen = { host: "127.0.0.1", port: 0 };
  const started = { times: 0 };
  const open = async (followed = ledger.verifierKey) => {
    started.times++;
    const home = join(directory, "node");
    const node = await createKeyNode({
      ...{ directory: home, ledger: followed, tag: "bank-1", listen, clock },
      ...{ provider: await openSimulated(home), components: { program: sha384Hex("key node") } },
    });
    const [there, back] = [new PassThrough(), new PassThrough()];
    const served = createChannel(there, back, node.handlers, 1);
    const channel = createChannel(back, there, {}, 0);
    return {
      ...{ channel, host: "127.0.0.1" },
      async stop() {
        channel.close();
        served.close();
        await node.close();
      },
    };
  };
  const host = (followed = ledger.verifierKey) =>
    createNodeHost({
      ...{ tag: "bank-1", ledger, closures: createClosures(ledger), log: () => undefined },
      open: () => open(followed),
      details: async () => new Map(),
      onUp: () => undefined,
      onDown: () => undefined,
    });
  return { ledger, open, host, started };
};

test("a node that came to no ledger in its time founds itself anew, once, and is that one from then on", async (t) => {
  let ahead = 0;
  const { ledger, open, host, started } = await stand(t, { now: () => Date.now() + ahead });
  // Its first start ends before the server has put it on the ledger, which is down for an hour then.
  await (await open()).stop();
  ahead = HOUR;
  const first = host();
  await assert.rejects(first.start(), { code: "statement.clock" });
  const stream = await first.start();
  assert.equal(ledger.world.ids.get("bank-1"), stream);
  assert.equal(started.times, 3);
  await first.stop();
  // Once it is on the ledger it stays who it is, however late it comes back.
  ahead += HOUR;
  const second = host();
  assert.equal(await second.start(), stream);
  await second.stop();
});

test("a node that follows another ledger does not come to this one", async (t) => {
  const { ledger, host } = await stand(t, systemClock);
  const stray = host(noteSigner("entente/other").verifierKey);
  await assert.rejects(stray.start(), { code: "key-node.answer" });
  await stray.stop();
  assert.equal(ledger.size, 0);
});
