/**
 * `npm run drill -- restore [--log FILE]`: what backups of key nodes are worth. All nodes are destroyed, again and again,
 * and come back as the guides say: from the copy of the data directory; with new stores, from what the keepers of their
 * shares kept; and at last as nodes that never had a share, to whom the keys are handed over. Each time every key signs,
 * and openssl verifies it under the public key of the beginning; no nonce comes twice, so no presignature from before a
 * backup is used after it; and stores that were put back from an earlier day are refused. Prints JSON lines; ends with 1
 * when anything did not hold.
 */
import type { ChildProcess } from "node:child_process";
import { createWriteStream, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { copyAll, loseStores, openVault, putStores, TAGS, type Vault } from "./restore/vault.ts";

const FRESH = ["node-4", "node-5", "node-6"] as const;

const print = (line: object) => console.log(JSON.stringify({ drill: "restore", ...line }));
const violations = new Set<string>();
const violation = (what: string) => void violations.add(what);

/** Each keeper makes a key of its own, the group names them, and the shares that they are to keep are written to files. */
const backUp = async (vault: Vault): Promise<void> => {
  writeFileSync(vault.place("words"), "correct horse battery staple\n", { mode: 0o600 });
  const backup = [];
  for (const [i, tag] of TAGS.entries()) {
    const out = ["--out", vault.place(`keeper-${tag}.pem`), "--key-passphrase-file", vault.place("words")];
    const { recipient } = await vault.entente("key-nodes", "backup-key", ...out);
    backup.push({ node: vault.treasury.nodes[i], recipient });
  }
  await vault.entente("key-groups", "propose", vault.treasury.group, "--backup", JSON.stringify(backup));
  for (const tag of TAGS) {
    const { keys } = await vault.entente("key-nodes", "backup", tag, "--out", vault.place(`${tag}.json`));
    if (keys.length !== vault.keys.length) violation(`the backup of ${tag} has ${keys.length} shares`);
  }
};

const giveBack = async (vault: Vault): Promise<void> => {
  for (const tag of TAGS) {
    const opener = ["--key", vault.place(`keeper-${tag}.pem`), "--key-passphrase-file", vault.place("words")];
    await vault.entente("key-nodes", "verify", tag, "--pin");
    const { keys } = await vault.entente("key-nodes", "restore", vault.place(`${tag}.json`), ...opener);
    if (keys.length !== vault.keys.length) violation(`${tag} took ${keys.length} shares back`);
  }
};

const fromTheCopy = async (vault: Vault): Promise<void> => {
  await vault.stopped(() => copyAll(vault.nodes, vault.place("copy")));
  await vault.sign("after the copy was made");
  await vault.stopped(() => copyAll(vault.place("copy"), vault.nodes));
  await vault.sign("restored from the copy of the data directory");
};

const fromTheKeepers = async (vault: Vault): Promise<void> => {
  await backUp(vault);
  await vault.sign("after the keepers have their shares");
  await vault.stopped(() => loseStores(vault.nodes));
  const late = await vault.unsigned("without any share");
  await giveBack(vault);
  await late();
  await vault.sign("restored from what the keepers kept");
};

const fromAnEarlierDay = async (vault: Vault): Promise<void> => {
  await vault.stopped(() => {
    copyAll(vault.nodes, vault.place("newest"));
    putStores(vault.place("copy"), vault.nodes);
  });
  const up = await vault.running(TAGS);
  if (up.length > 0) violation(`${up.join()} took up a store from an earlier day`);
  const late = await vault.unsigned("with stores from an earlier day");
  await vault.stopped(() => putStores(vault.place("newest"), vault.nodes));
  await late();
  await vault.sign("with the newest stores put back");
};

const ontoFreshNodes = async (vault: Vault): Promise<void> => {
  for (const tag of FRESH) await vault.createNode(tag);
  const nodes = (tags: readonly string[]) => tags.flatMap((tag) => ["--nodes", tag]);
  await vault.entente("key-groups", "propose", vault.treasury.group, ...nodes([...TAGS, ...FRESH]));
  for (const { id } of vault.keys) await vault.entente("keys", "reshare", id, ...nodes(FRESH), "--wait");
  await vault.sign("handed over to fresh nodes");
  await vault.stopped(() => {
    for (const tag of TAGS) rmSync(join(vault.nodes, tag), { recursive: true });
  });
  const up = await vault.running(TAGS);
  if (up.length > 0) violation(`${up.join()} came back under the tag of a node that was destroyed`);
  await vault.sign("on fresh nodes alone, the others destroyed");
};

const { values } = parseArgs({
  options: {
    /** What the platform says of itself. */
    log: { type: "string" },
  },
});
/** Below the ports that the kernel gives to outgoing connections: it is to be free again at every start. */
const port = 20_000 + Math.floor(Math.random() * 12_000);
const directory = await mkdtemp(join(tmpdir(), "entente-drill-"));
try {
  const { log } = values;
  const onSpawn = ({ stderr }: ChildProcess) => log && stderr?.pipe(createWriteStream(log, { flags: "a" }));
  const vault = await openVault(directory, { port, onSpawn }, violation);
  try {
    await vault.sign("at the beginning");
    for (const [step, work] of Object.entries({ fromTheCopy, fromTheKeepers, fromAnEarlierDay, ontoFreshNodes })) {
      const began = performance.now();
      await work(vault);
      print({ step, seconds: Math.round((performance.now() - began) / 1_000) });
    }
    const checked = await vault.check();
    const ok = violations.size === 0;
    print({ ok, keys: vault.keys.length, ...checked, violations: [...violations] });
    process.exitCode = ok ? 0 : 1;
  } finally {
    await vault.platform.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
