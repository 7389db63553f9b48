/** A payment by a key that nobody holds, with one command: prepared, signed by the nodes, sent, and its receipt. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseEther, toHex } from "viem";
import { openAnvil } from "../support/anvil.ts";
import { runEntente, startPlatform } from "../support/platform.ts";
import { createTreasury, newKey, settledKey } from "../support/treasury.ts";

const SUPPLIER = `0x${"5a".repeat(20)}`;

test("one command pays, waits for the block and prints the receipt", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "entente-payment-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const anvil = await openAnvil();
  t.after(() => anvil.close());
  const platform = await startPlatform({
    data: join(directory, "data"),
    settings: { "key-nodes": "3", "ethereum-upstream": anvil.url },
  });
  t.after(() => platform.stop());
  const profiles = join(directory, "profiles");
  const treasury = await createTreasury(platform, profiles);
  const { id, address } = await settledKey(treasury, await newKey(treasury, "ECDSA_K1", 2, treasury.nodes));
  await anvil.rpc("anvil_setBalance", address, toHex(parseEther("2")));
  const own = ["--profiles", profiles, "--profile", treasury.party.name, "--json"];
  const printed = await runEntente(["key-requests", "pay", id, "--to", SUPPLIER, "--ether", "0.75", ...own]);
  const { state, hash, gasUsed, from } = JSON.parse(printed) as Record<string, unknown>;
  assert.deepEqual({ state, gasUsed, from }, { state: "succeeded", gasUsed: "21000", from: address });
  assert.equal(((await anvil.rpc("eth_getTransactionReceipt", hash)) as { status: string }).status, "0x1");
  assert.equal(BigInt((await anvil.rpc("eth_getBalance", SUPPLIER, "latest")) as string), parseEther("0.75"));
  await assert.rejects(
    runEntente(["key-requests", "pay", id, "--to", `${SUPPLIER.slice(0, -1)}A`, "--ether", "1", ...own]),
    /EIP-55/,
  );
});
