/**
 * Backup (docs/protocols/key-node.md section 7): each node's shares are sealed to a recipient of its own, whom the group
 * names. The platform carries what is sealed; only that recipient opens it, and seals it anew to the node that lost it.
 */
import { fromBase64, toBase64 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { nobleCurves } from "../../mpc/curves/noble.ts";
import { isShare } from "../../mpc/keys/sharing.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { keyBackupContext, keyRestoreContext } from "../../trust/envelope/contexts.ts";
import { openBytes, sealBytes } from "../../trust/envelope/envelope.ts";
import { enclaveKey } from "../../trust/envelope/recipient.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { replayKey } from "./key-public.ts";
import type { ExpectedEnclave } from "./verify-enclave.ts";
import { readKeyNode } from "./verify-key-node.ts";

/** A share of one node, as it is kept. */
export interface KeptShare {
  /** Stream of the key, and its K…. */
  readonly key: string;
  readonly id: string;
  readonly epoch: number;
  /** SubjectPublicKeyInfo (DER, base64) of the key that opens it. */
  readonly recipient: string;
  /** Base64. */
  readonly envelope: string;
}

export interface NodeBackup {
  readonly tag: string;
  /** Stream of the node. */
  readonly node: string;
  readonly shares: readonly KeptShare[];
  /** Keys (ids) of the node that are not in it: their group names no recipient for the node. */
  readonly without: readonly string[];
}

const PAGE = 100;

/** Keys (ids) that have shares, of the groups that the caller is in. */
async function* keysOf(client: Pick<Client, "keys">): AsyncGenerator<string> {
  for (let page = 1; ; page++) {
    const { items, total } = await client.keys.list({ page, pageSize: PAGE });
    for (const { id, state } of items) if (["enabled", "disabled", "deletion-scheduled"].includes(state)) yield id;
    if (page * PAGE >= total) return;
  }
}

/**
 * All shares that a node holds of keys that the caller administers. Made anew after each refresh, recovery or
 * resharing: shares of an epoch that is over are of no use.
 * @throws Refusal those of the server
 */
export const backupNode = async (client: Pick<Client, "keys" | "keyNodes">, name: string): Promise<NodeBackup> => {
  const { tag, stream: node } = await client.keyNodes.get({ id: name });
  const shares: KeptShare[] = [];
  const without: string[] = [];
  for await (const id of keysOf(client)) {
    const key = await client.keys.get({ id });
    if (!key.administrable || !key.participants.some(({ stream }) => stream === node)) continue;
    try {
      shares.push({ key: key.stream, id, ...(await client.keys.backup({ id, node })) });
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "keynode.backup") throw error;
      without.push(id);
    }
  }
  return { tag, node, shares, without };
};

export interface OpenedShare extends KeptShare {
  /** Of the node that it is of. */
  readonly secret: Uint8Array;
}

/**
 * Opens each share here and holds it to what its node has said of it on the ledger, which is replayed here: `threshold`
 * shares of which this holds are the key, whatever has become of the nodes. Nothing is sent.
 * @throws Refusal backup.share, envelope.*, enclave.untrusted
 */
export const openBackup = async (
  client: Pick<Client, "streams">,
  { node, shares }: NodeBackup,
  recipient: PrivateKey<"X25519">,
  expected: ExpectedEnclave,
): Promise<readonly OpenedShare[]> => {
  const opened: OpenedShare[] = [];
  for (const share of shares) {
    const { key: stream, id, epoch, envelope } = share;
    const secret = await openBytes(fromBase64(envelope), {
      key: recipient,
      context: keyBackupContext(stream, epoch, node),
    });
    const key = await replayKey(client, stream, epoch, expected);
    if (!isShare(nobleCurves[key.curve], key, key.participants.indexOf(node) + 1, secret))
      throw refuse("backup.share", { id, epoch });
    opened.push({ ...share, secret });
  }
  return opened;
};

/**
 * Opens each share here, and seals it to the node that lost it. The node takes what its verifying share on the ledger
 * says is its own, and nothing else, for the store that it has now: one that is lost once more, with what was spent,
 * needs the recipient again.
 * @returns the keys (ids) whose shares the node has now
 * @throws Refusal backup.share, envelope.*, enclave.untrusted, keynode.share, and those of the server
 */
export const restoreNode = async (
  client: Pick<Client, "keys" | "keyNodes" | "streams">,
  backup: NodeBackup,
  recipient: PrivateKey<"X25519">,
  expected: ExpectedEnclave,
): Promise<readonly string[]> => {
  const { node } = backup;
  const to = enclaveKey(fromBase64((await readKeyNode(client, node, expected)).encryptionKey));
  const { store } = await client.keyNodes.store({ id: node });
  const opened = await openBackup(client, backup, recipient, expected);
  for (const { key, id, epoch, secret } of opened) {
    const sealed = await sealBytes(secret, { to, context: keyRestoreContext(key, epoch, node, store) });
    await client.keys.restore({ id, node, envelope: toBase64(sealed) });
  }
  return opened.map(({ id }) => id);
};
