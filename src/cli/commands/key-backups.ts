/** Shares kept outside the nodes, each by whom the group names for it. */
import { generateKey } from "#crypto";
import { toBase64 } from "../../base/bytes.ts";
import { backupNode, type NodeBackup, openBackup, restoreNode } from "../../sdk/workflows/key-backups.ts";
import { keyFromPem, keyToPem } from "../../trust/keys.ts";
import type { Command, Flag } from "../command.ts";
import { refuse } from "../errors.ts";
import { readJson, readSecret, readText, writeTo } from "../files.ts";
import { argOf, type Given, textOf } from "../given.ts";
import { trustedEnclaves } from "../profile.ts";
import { text } from "../text.ts";

const custodian: Command = {
  words: ["key-nodes", "backup-key"],
  summary: text(
    "Make the key that opens a node's backups, and print what the group names it by",
    "生成用于打开节点备份的密钥，并输出群组所需的公钥",
  ),
  args: [],
  flags: [
    { name: "out", type: "text", required: true, value: "FILE" },
    { name: "key-passphrase-file", type: "text", required: true, value: "FILE" },
  ],
  run(_, given) {
    const key = generateKey("X25519");
    const file = textOf(given, "out") ?? "";
    const passphrase = readSecret(textOf(given, "key-passphrase-file") ?? "");
    writeTo(file, keyToPem(key, passphrase), { secret: true, fresh: true });
    return Promise.resolve({ file, recipient: toBase64(key.publicKey.spki) });
  },
};

const backup: Command = {
  words: ["key-nodes", "backup"],
  summary: text(
    "Write a node's shares of your groups' keys to a file, sealed to the recipient that the group names",
    "备份节点持有的密钥分片，以群组指定的公钥加密",
  ),
  args: [{ name: "node" }],
  flags: [{ name: "out", type: "text", required: true, value: "FILE" }],
  async run(context, given) {
    const file = textOf(given, "out") ?? "";
    const made = await backupNode(context.client(), argOf(given, "node"));
    writeTo(file, `${JSON.stringify(made, null, 2)}\n`, { secret: true, fresh: true });
    return { file, tag: made.tag, keys: made.shares.map(({ id }) => id), without: made.without };
  },
};

const OPENING: readonly Flag[] = [
  {
    name: "key",
    type: "text",
    required: true,
    value: "FILE.pem",
    summary: text("that opens the backup", "打开备份的私钥"),
  },
  {
    name: "key-passphrase-file",
    type: "text",
    value: "FILE",
    summary: text("passphrase of that key", "该私钥的口令文件"),
  },
];

/** The file, and the key that opens it. */
const readBackup = (given: Given, command: string) => {
  const path = argOf(given, "file");
  const kept = readJson(path) as Partial<NodeBackup> | null;
  if (!kept || typeof kept.node !== "string" || !Array.isArray(kept.shares))
    throw refuse("usage.value", { flag: "file", value: path, expected: "entente key-nodes backup", command });
  const secret = textOf(given, "key-passphrase-file");
  const key = keyFromPem(readText(textOf(given, "key") ?? ""), {
    accept: ["X25519"],
    ...(secret !== undefined && { passphrase: readSecret(secret) }),
  });
  return { kept: kept as NodeBackup, key };
};

const check: Command = {
  words: ["key-nodes", "check-backup"],
  summary: text(
    "Open a backup on this machine and hold each share to the ledger; nothing is sent",
    "在本机打开备份，将各分片与账本核对；不发送任何内容",
  ),
  args: [{ name: "file" }],
  flags: OPENING,
  async run(context, given) {
    const { kept, key } = readBackup(given, "entente key-nodes check-backup");
    const opened = await openBackup(context.client(), kept, key, { enclaves: trustedEnclaves(context.settings()) });
    return { tag: kept.tag, keys: opened.map(({ id }) => id) };
  },
};

const restore: Command = {
  words: ["key-nodes", "restore"],
  summary: text(
    "Open a backup on this machine, and seal each share to the node that lost it",
    "在本机打开备份，并将各分片加密交还给丢失它的节点",
  ),
  args: [{ name: "file" }],
  flags: OPENING,
  async run(context, given) {
    const { kept, key } = readBackup(given, "entente key-nodes restore");
    const expected = { enclaves: trustedEnclaves(context.settings()) };
    return { tag: kept.tag, keys: await restoreNode(context.client(), kept, key, expected) };
  },
};

export const keyBackupCommands: readonly Command[] = [custodian, backup, check, restore];
