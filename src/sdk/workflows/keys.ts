/** Keys that nobody holds: made by the nodes of a group, or split on this machine and sealed to them. */
import { randomBytes } from "#crypto";
import { splitKey } from "../../contract/key-import.ts";
import { resourceIdOf } from "../../contract/statement-input.ts";
import { founded } from "../../rules/key.ts";
import { refuse as refuseKey } from "../../rules/key-errors.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import type { SigningKind } from "../../trust/crypto/crypto.ts";
import { secretOf } from "../../trust/crypto/encoding.ts";
import { expandedFromPem } from "../../trust/expanded.ts";
import { keyFromPem } from "../../trust/keys.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { store } from "./store.ts";
import type { ExpectedEnclave } from "./verify-enclave.ts";
import { readKeyNode } from "./verify-key-node.ts";

export interface NewKey {
  /** Id (G… or stream) of the group. */
  readonly group: string;
  readonly scheme: KeyScheme;
  /** As many nodes sign together. */
  readonly threshold: number;
  /** Tags or streams of nodes of the group, none twice: each holds one share. */
  readonly nodes: readonly string[];
  readonly alias?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly description?: string | undefined;
  /** Stream of the key that it takes the place of. */
  readonly rotates?: string | undefined;
}

export interface PrivateKeyGiven {
  readonly pem: string;
  readonly passphrase?: string | undefined;
}

type KeysClient = Pick<Client, "keys" | "keyGroups" | "keyNodes">;

/** Curve of the private keys that each scheme takes. */
export const KIND_OF: Readonly<Record<KeyScheme, SigningKind>> = {
  ECDSA_K1: "secp256k1",
  ECDSA_R1: "P-256",
  EDDSA_ED25519: "Ed25519",
  SCHNORR_BIP340: "secp256k1",
  SM2: "SM2",
};

const detailOf = ({ alias, tags = {}, description = "" }: NewKey) => ({
  ...(alias !== undefined && { alias }),
  tags,
  description,
});

/** The group and the nodes, by what they declared of themselves. */
const partsOf = async (client: KeysClient, { group, nodes }: NewKey, expected: ExpectedEnclave) => {
  const [found, ...read] = await Promise.all([
    client.keyGroups.get({ id: group }),
    ...nodes.map((node) => readKeyNode(client, node, expected)),
  ]);
  if (group !== found.id && group !== found.stream) throw refuse("task.other", { id: group, found: found.id });
  return { group: found, nodes: read };
};

/** Has the nodes make a key. It is `pending` until all have said what they made: `awaitKey`. */
export const generateKey = async (client: KeysClient, key: NewKey, expected: ExpectedEnclave) => {
  const { group, nodes } = await partsOf(client, key, expected);
  return client.keys.create({
    ...{ group: group.stream, scheme: key.scheme, threshold: key.threshold },
    participants: nodes.map(({ id }) => id),
    origin: { kind: "generated" },
    ...(key.rotates !== undefined && { rotates: key.rotates }),
    detail: detailOf(key),
  });
};

/** As `splitKey` takes it. @throws Refusal key.* */
const readSecret = (scheme: KeyScheme, { pem, passphrase }: PrivateKeyGiven): Uint8Array => {
  const expanded = scheme === "EDDSA_ED25519" ? expandedFromPem(pem, passphrase) : undefined;
  const options = { accept: [KIND_OF[scheme]], ...(passphrase !== undefined && { passphrase }) };
  return expanded ?? secretOf(keyFromPem(pem, options));
};

/** The member that the acts of this client are of, whoever signs them. @throws Refusal signer.required */
const memberOf = async ({ signer, accounts }: Pick<Client, "signer" | "accounts">): Promise<string> => {
  // Without a signer of its own the member's key is managed, and the platform signs.
  const member = signer ? signer.by : (await accounts.me()).account?.member;
  if (!member) throw refuse("signer.required");
  return member;
};

/**
 * Splits a private key here and seals each share to its node. Nobody else sees it, and its holder should destroy it:
 * whoever has it signs without anybody's approval.
 * @throws Refusal key.*, enclave.untrusted, server.stored, signer.required; RangeError for what is no private key of
 *   the scheme
 */
export const importKey = async (
  client: KeysClient & Pick<Client, "blobs" | "signer" | "accounts">,
  key: NewKey,
  { pem, passphrase }: PrivateKeyGiven,
  expected: ExpectedEnclave,
) => {
  const secret = readSecret(key.scheme, { pem, passphrase });
  const { group, nodes } = await partsOf(client, key, expected);
  const [a = 0, b = 0] = randomBytes(2);
  const id = resourceIdOf(founded, Date.now(), a * 256 + b + 1);
  const { scheme, threshold } = key;
  const participants = nodes.map(({ id: node, encryptionKey }) => ({ node, encryptionKey }));
  const importer = await memberOf(client);
  const { origin, envelopes } = await splitKey(
    { id, importer, group: group.stream, scheme, threshold, participants },
    secret,
  );
  for (const envelope of envelopes) await store(client, envelope);
  return client.keys.create({
    ...{ id, group: group.stream, scheme, threshold },
    participants: nodes.map(({ id }) => id),
    origin,
    ...(key.rotates !== undefined && { rotates: key.rotates }),
    detail: detailOf(key),
  });
};

/**
 * Has the same nodes make a key that takes the place of another: same group, scheme and threshold, and once it is there
 * the alias, tags and description. The old key stays as it is, without its alias, and goes on signing until somebody
 * disables it.
 * @returns the new key; still `pending`, and the alias where it was, after `timeout` milliseconds
 * @throws Refusal key.party for whoever is no administrator of the group
 */
export const rotateKey = async (client: KeysClient, id: string, expected: ExpectedEnclave, timeout = 60_000) => {
  const old = await client.keys.get({ id });
  if (!old.administrable) throw refuseKey("key.party", { id: old.id });
  const { alias, tags, description, scheme, threshold, group, participants, stream: rotates } = old;
  const nodes = participants.map(({ stream }) => stream);
  const made = await generateKey(
    client,
    { group: group.stream, scheme, threshold, nodes, tags, description, rotates },
    expected,
  );
  const key = await awaitKey(client, made.resource.id, timeout);
  if (key.state !== "enabled" || alias === null) return key;
  // The new one first: whoever looks for the alias meanwhile finds two, and never none.
  const { resource } = await client.keys.describe(key.stream, { detail: { alias, tags, description } });
  await client.keys.describe(rotates, { detail: { tags, description } });
  return resource;
};

/** Milliseconds between two looks. */
const LOOK = 250;

/** What `look` answers once `done` holds of it, or as it is after `timeout` milliseconds. */
export const awaited = async <T>(look: () => Promise<T>, done: (found: T) => boolean, timeout: number): Promise<T> => {
  const end = Date.now() + timeout;
  for (;;) {
    const found = await look();
    if (done(found) || Date.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
};

/** The key, once its nodes have made it or failed to; as it is after `timeout` milliseconds otherwise. */
export const awaitKey = (client: Pick<Client, "keys">, id: string, timeout = 60_000) =>
  awaited(
    () => client.keys.get({ id }),
    ({ state }) => state !== "pending",
    timeout,
  );
