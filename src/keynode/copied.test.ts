/** Two processes of one node: from the same disk, and from a copy of it on a machine with the same register. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { sha384Hex } from "../../test/support/hostile-host.ts";
import { openKeyNodes } from "../../test/support/keynodes.ts";
import { openSimulated } from "../tee/attestation/simulated.ts";
import { encodeStatements } from "../tee/protocol/statements.ts";
import { createKeyNode, type KeyNode } from "./node.ts";

const settingUp = async (t: TestContext) => {
  const fleet = await openKeyNodes(t, { nodes: 2 });
  const { ledger, clock } = fleet;
  const parent = mkdtempSync(join(tmpdir(), "entente-copied-"));
  const home = join(parent, "home");
  const opened = new Set<KeyNode>();
  t.after(async () => {
    for (const node of opened) await node.close();
    rmSync(parent, { recursive: true });
  });
  // What a machine has once, however often its disk is copied.
  const provider = await openSimulated(home);
  const components = { program: sha384Hex("key node") };
  const start = async (directory: string): Promise<KeyNode & { follow(): Promise<unknown> }> => {
    const listen = { host: "127.0.0.1", port: 0 };
    const options = { components, directory, provider, ledger: ledger.verifierKey, tag: "copied", listen, clock };
    const node = await createKeyNode(options);
    opened.add(node);
    let from = 0;
    return {
      ...node,
      async close() {
        if (opened.delete(node)) await node.close();
      },
      async follow() {
        const to = ledger.size;
        const shown = { from, leaves: ledger.leaves(from, to), checkpoint: ledger.checkpoint(to) };
        from = to;
        await node.handlers.follow(shown, NOTHING());
        // The next answer waits until that is sealed.
        return node.handlers.status({}, NOTHING());
      },
    };
  };
  return { fleet, parent, home, start };
};
const NOTHING = () => encodeStatements([]);
const code = (expected: string) => (error: { code?: string }) => error.code === expected;

test("a second process on the same disk does not start, and the first goes on", async (t) => {
  const { fleet, home, start } = await settingUp(t);
  const first = await start(home);
  await assert.rejects(start(home), code("keynode.store.in-use"));
  await first.follow();
  await fleet.foundKey("ECDSA_K1", 2);
  await first.follow();
});

test("of two on copies of a disk, the one that was started last goes on and the other saves nothing any more", async (t) => {
  const { fleet, parent, home, start } = await settingUp(t);
  const first = await start(home);
  await first.follow();
  const copy = join(parent, "copy");
  cpSync(home, copy, { recursive: true });
  const second = await start(copy);
  await second.follow();
  await fleet.foundKey("ECDSA_K1", 2);
  await assert.rejects(first.follow(), code("enclave.state.copied"));
  await second.follow();
  await first.close();
  await assert.rejects(start(home), code("enclave.state.rolled-back"));
});
