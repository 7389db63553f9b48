/**
 * Where shares are not: over a key's whole life no share, no private key and no key of a node's store is anywhere but
 * encrypted on its own node's disk. Not in a log line, on an output, in the ledger, the server's database or any other
 * file, nor in anything that server and nodes say to one another.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createWriteStream, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { generateKey } from "#crypto";
import { fromHex, toBase64, utf8 } from "../src/base/bytes.ts";
import { curveOf } from "../src/mpc/curves/registry.ts";
import { combineShares } from "../src/mpc/keys/export.ts";
import type { KeyScheme } from "../src/rules/key-schemes.ts";
import {
  awaitKey,
  awaitRequest,
  backupNode,
  importKey,
  requestExport,
  restoreNode,
} from "../src/sdk/workflows/index.ts";
import { secretOf } from "../src/trust/crypto/encoding.ts";
import { keyToPem } from "../src/trust/keys.ts";
import { type Platform, startPlatform } from "./support/platform.ts";
import { filesBelow, finderOf, formsOf, type HeldShare, rowsOf, secretsIn } from "./support/secrets.ts";
import {
  createTreasury,
  newKey,
  requestSignatures,
  settledKey,
  settledRequest,
  type Treasury,
} from "./support/treasury.ts";

const SCHEMES: readonly KeyScheme[] = ["ECDSA_K1", "EDDSA_ED25519", "SM2"];
const TAGS = ["node-1", "node-2", "node-3"];
const ANY = { enclaves: "any" } as const;
const NO_EXPORT = [
  { id: "all", text: "permit(principal, action, resource);" },
  { id: "stay", text: 'forbid(principal, action == Action::"exportKey", resource);' },
];

test("what is looked for is found in every form, wherever it lies", () => {
  const secret = randomBytes(32);
  const finder = finderOf(new Map([["secret", secret]]));
  for (const form of formsOf(secret))
    for (const before of [0, 1, 7])
      assert.deepEqual(finder(Buffer.concat([randomBytes(before), form, randomBytes(9)])), ["secret"]);
  for (const before of [0, 1, 2, 3, 4]) {
    const blob = Buffer.concat([randomBytes(before), secret, randomBytes(5)]);
    for (const encoding of ["base64", "base64url", "hex"] as const)
      assert.deepEqual(finder(Buffer.from(`{"body":"${blob.toString(encoding)}"}`)), ["secret"]);
  }
  assert.deepEqual(finder(randomBytes(1 << 20)), []);
});

test("over its whole life nobody but its node sees a share", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "entente-unseen-"));
  t.after(() => rmSync(home, { recursive: true }));
  const data = join(home, "data");
  let platform: Platform | undefined;
  t.after(() => platform?.stop());
  const start = async () => {
    platform = await startPlatform({
      ...{ data, settings: { "key-nodes": "3", "log-level": "trace", "rate-limit": "100000" } },
      program: join(import.meta.dirname, "support", "overheard", "platform.ts"),
      onSpawn({ stdout, stderr }) {
        stdout?.pipe(createWriteStream(join(home, "server.stdout")));
        stderr?.pipe(createWriteStream(join(home, "server.stderr")));
      },
    });
    return platform;
  };
  const treasury = await createTreasury(await start(), join(home, "profiles"));
  const { client } = treasury.party;
  const secrets = new Map<string, Uint8Array>();
  const held: HeldShare[] = [];

  /** What the nodes hold now is looked for at the end. */
  const note = async (when: string): Promise<number> => {
    let found = 0;
    for (const { tag, measurement } of (await client.keyNodes.list({ pageSize: 100 })).items) {
      const folder = join(data, "key-nodes", tag, measurement.slice(0, 16));
      const { shares, storeKey } = await secretsIn(folder, measurement);
      secrets.set(`the store's key of ${tag}`, storeKey);
      for (const { key, share } of shares)
        secrets.set(`${when}: share ${share.self} of ${share.scheme} ${key}, epoch ${share.epoch}`, share.secret);
      held.push(...shares);
      found += shares.length;
    }
    return found;
  };

  const keys = [];
  for (const scheme of SCHEMES)
    keys.push(await settledKey(treasury, await newKey(treasury, scheme, 2, treasury.nodes)));
  assert.deepEqual(
    keys.map(({ state }) => state),
    SCHEMES.map(() => "enabled"),
  );
  await sign(treasury, keys);
  assert.equal(await note("generated"), 9);
  for (const key of keys) await reshare(treasury, key.stream, 2, "refresh", 2, treasury.nodes);
  await sign(treasury, keys);
  assert.ok((await note("refreshed")) >= 9);
  for (const key of keys) await reshare(treasury, key.stream, 3, "reshare", 3, treasury.nodes.toReversed());
  await sign(treasury, keys);
  assert.ok((await note("handed over")) >= 9);

  const own = generateKey("secp256k1");
  const pem = { pem: keyToPem(own) };
  const imported = await importKey(
    client,
    { group: treasury.group, scheme: "ECDSA_K1", threshold: 2, nodes: TAGS },
    pem,
    ANY,
  );
  const mine = await awaitKey(client, imported.resource.id);
  assert.equal(mine.state, "enabled");
  secrets.set("the private key that was imported", secretOf(own));
  await sign(treasury, [mine]);
  await note("imported");

  await client.keyGroups.propose(treasury.group, { change: { policies: NO_EXPORT } });
  const asked = await requestExport(client, { key: mine.id, recipient: generateKey("X25519").publicKey, note: "" });
  assert.equal((await awaitRequest(client, asked.id)).state, "failed");

  const keepers = TAGS.map(() => generateKey("X25519"));
  const recipients = treasury.nodes.map((node, i) => ({
    node,
    recipient: toBase64(keepers[i]?.publicKey.spki ?? utf8("")),
  }));
  const backup = recipients.sort((a, b) => (a.node < b.node ? -1 : 1));
  await client.keyGroups.propose(treasury.group, { change: { backup } });
  for (const [i, tag] of TAGS.entries()) {
    const kept = await backupNode(client, tag);
    assert.equal(kept.shares.length, 4);
    await restoreNode(client, kept, keepers[i] as (typeof keepers)[number], ANY);
  }
  for (const key of [...keys, mine]) {
    const whole = wholeOf(held, key.stream);
    if (whole) secrets.set(`the private key of ${key.scheme} ${key.id}`, whole);
  }
  assert.equal([...secrets.keys()].filter((name) => name.startsWith("the private key")).length, 5);
  await platform?.stop();

  const files = new Map([...filesBelow(home)].filter(([path]) => !path.startsWith("profiles")));
  files.set("rows of the database", rowsOf(join(data, "entente.db")));
  // The scan sees what it should: of all of these, every place has the keys' public halves.
  const finderOfPublicKeys = finderOf(new Map(keys.map(({ id, publicKey }) => [id, fromHex(publicKey ?? "")])));
  const shown = [...files].filter(([, content]) => finderOfPublicKeys(content).length > 0).map(([path]) => path);
  for (const place of [/\.to-node$/, /\.from-node$/, /^data\/ledger\//, /^rows of the database$/])
    assert.ok(
      shown.some((path) => place.test(path)),
      `${place}: ${shown.join()}`,
    );
  assert.match(Buffer.from(files.get("server.stderr") ?? []).toString(), /"level":"debug"/);
  assert.equal(readdirSync(join(home, "overheard")).filter((name) => name.endsWith(".stderr")).length, 3);

  const finder = finderOf(secrets);
  const seen = [...files].flatMap(([path, content]) => finder(content).map((name) => `${path} has ${name}`));
  assert.deepEqual(seen, []);
});

const sign = async (treasury: Treasury, keys: readonly { readonly stream: string }[]): Promise<void> => {
  for (const { stream } of keys) {
    const digests = Array.from({ length: 3 }, () => randomBytes(32).toString("hex"));
    const { resource } = await requestSignatures(treasury, stream, digests);
    assert.equal((await settledRequest(treasury, resource.stream)).state, "completed");
  }
};

const reshare = async (
  { party: { client } }: Treasury,
  stream: string,
  epoch: number,
  kind: "refresh" | "reshare",
  threshold: number,
  participants: readonly string[],
): Promise<void> => {
  await client.keys.reshare(stream, { epoch, kind, threshold, participants: [...participants] });
  for (let i = 0; (await client.keys.get({ id: stream })).attempt; i++) {
    assert.ok(i < 600, "shares are made anew");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.equal((await client.keys.get({ id: stream })).epoch, epoch);
};

/** As nobody ever has it, but this test, which has broken into all nodes. */
const wholeOf = (held: readonly HeldShare[], key: string): Uint8Array | undefined => {
  const all = held.filter((one) => one.key === key).map(({ share }) => share);
  const newest = Math.max(...all.map(({ epoch }) => epoch));
  const [first, ...rest] = all.filter(({ epoch }) => epoch === newest);
  if (!first) return undefined;
  const secrets = new Map([first, ...rest].map(({ self, secret }) => [self, secret]));
  return combineShares(curveOf(first.curve), first, secrets);
};
