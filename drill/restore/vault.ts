/** A platform with key nodes, an organisation with keys of theirs, and what the drill does to the nodes' folders. */
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";
import { createClient } from "../../src/sdk/client.ts";
import { requireOpenssl } from "../../test/support/openssl.ts";
import { type Platform, type PlatformOptions, runEntente, startPlatform } from "../../test/support/platform.ts";
import {
  createTreasury,
  newKey,
  requestSignatures,
  settledKey,
  settledRequest,
  type Treasury,
  type TreasuryKey,
} from "../../test/support/treasury.ts";
import { checkSignatures, type Signature } from "../keys/signatures.ts";

/** Those that openssl verifies. */
const SCHEMES: readonly KeyScheme[] = ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SM2"];
export const TAGS = ["node-1", "node-2", "node-3"] as const;
const THRESHOLD = 2;
/** So many requests a key each time, of so many digests: the second and later ones come from pools. */
const REQUESTS = 3;
const DIGESTS = 4;

export type Vault = Awaited<ReturnType<typeof openVault>>;

/** @param directory of the drill's own; `violation` is told what does not hold */
export const openVault = async (
  directory: string,
  options: Omit<PlatformOptions, "data">,
  violation: (what: string) => void,
) => {
  const data = join(directory, "data");
  const profiles = join(directory, "profiles");
  const settings = { "key-nodes": String(TAGS.length), ...options.settings };
  let platform: Platform = await startPlatform({ ...options, data, settings });
  const { url, admin } = platform;
  const treasury: Treasury = await createTreasury(platform, profiles);
  const keys: TreasuryKey[] = [];
  for (const scheme of SCHEMES) {
    const key = await settledKey(treasury, await newKey(treasury, scheme, THRESHOLD, treasury.nodes));
    if (key.state !== "enabled") throw new Error(`${key.id} is ${key.state}: ${key.failure?.code}`);
    keys.push(key);
  }
  const signatures: Signature[] = [];
  const { client } = treasury.party;

  /** What openssl does not verify under the public key that the key has had from the beginning is no signature. */
  const take = (key: TreasuryKey, request: string, digests: readonly string[], made: readonly string[]): void => {
    for (const [i, digest] of digests.entries()) {
      const signature = made[i] ?? "";
      try {
        requireOpenssl(key.scheme, key.publicKey ?? "", digest, signature);
      } catch (error) {
        violation(`openssl does not verify a signature of ${key.id} (${key.scheme}): ${(error as Error).message}`);
      }
      const { scheme, publicKey } = key;
      signatures.push({ key: key.stream, scheme, publicKey: publicKey ?? "", digest, signature, request });
    }
  };
  const drawDigests = () => Array.from({ length: DIGESTS }, () => randomBytes(32).toString("hex"));

  return {
    ...{ keys, treasury },
    get platform() {
      return platform;
    },
    /** Where the nodes of this machine have their folders. */
    nodes: join(data, "key-nodes"),
    place: (name: string) => join(directory, name),

    /** As an administrator types it. @returns what it prints @throws Error where it fails */
    async entente(...words: readonly string[]) {
      const said = await runEntente([...words, "--profiles", profiles, "--profile", "treasury", "--json"]);
      // biome-ignore lint/suspicious/noExplicitAny: every command answers in its own form
      return (said === "" ? undefined : JSON.parse(said)) as any;
    },

    /** As the operator does. */
    createNode: (tag: string) => createClient({ url, ...(admin && { credentials: admin }) }).keyNodes.create({ tag }),

    /** Stops the platform, does something to what lies on the disk, and starts it again. */
    async stopped(work: () => void): Promise<void> {
      await platform.stop();
      work();
      platform = await startPlatform({ ...options, data, settings });
    },

    /** Every key signs, and openssl verifies it. */
    async sign(when: string): Promise<void> {
      for (const key of keys)
        for (let i = 0; i < REQUESTS; i++) {
          const digests = drawDigests();
          const { resource } = await requestSignatures(treasury, key.stream, digests);
          const ended = await settledRequest(treasury, resource.stream).catch((error: Error) => error);
          if (ended instanceof Error) return violation(`${when}: ${ended.message}`);
          if (ended.state !== "completed" || ended.signatures?.length !== DIGESTS)
            return violation(`${when}: ${ended.id} is ${ended.state} (${ended.failures.at(-1)?.code})`);
          take(key, ended.id, digests, ended.signatures);
        }
    },

    /** A request that nobody signs while this is so; to be signed later. @returns looks whether it was signed after all */
    async unsigned(when: string): Promise<() => Promise<void>> {
      const [key] = keys as [TreasuryKey];
      const digests = drawDigests();
      const { resource } = await requestSignatures(treasury, key.stream, digests);
      const state = async () => (await client.keyRequests.get({ id: resource.stream })).state;
      for (let i = 0; i < 20; i++) {
        if ((await state()) !== "pending") violation(`${when}: ${resource.id} is ${await state()}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return async () => {
        const ended = await settledRequest(treasury, resource.stream);
        if (ended.state !== "completed") return violation(`${resource.id}, which waited, is ${ended.state}`);
        take(key, ended.id, digests, ended.signatures ?? []);
      };
    },

    /** Of the nodes with these tags, those that are connected. */
    async running(tags: readonly string[]): Promise<string[]> {
      const { items } = await client.keyNodes.list({ pageSize: 100 });
      return items.filter(({ tag, running }) => tags.includes(tag) && running).map(({ tag }) => tag);
    },

    /** Public keys are what they were, and of all signatures no two have a nonce in common. */
    async check(): Promise<{ readonly signatures: number }> {
      for (const { stream, id, publicKey } of keys)
        if ((await client.keys.get({ id: stream })).publicKey !== publicKey) violation(`${id} has another public key`);
      checkSignatures(signatures, violation);
      return { signatures: signatures.length };
    },
  };
};

/** Files of the nodes' stores below a folder, by their path in it. */
export const storesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => /(^|\/)store\.db[^/]*$/.test(path));

/** Another folder's stores in the place of this one's, and nothing else of it. */
export const putStores = (from: string, to: string): void => {
  for (const path of storesIn(to)) rmSync(join(to, path));
  for (const path of storesIn(from)) cpSync(join(from, path), join(to, path));
};

/** Every store is gone; the nodes are told, as an operator tells them, that it is. */
export const loseStores = (nodes: string): void => {
  for (const path of storesIn(nodes)) rmSync(join(nodes, path));
  for (const tag of TAGS) writeFileSync(join(nodes, tag, "accept-lost-store"), "");
};

export const copyAll = (from: string, to: string): void => {
  if (existsSync(to)) rmSync(to, { recursive: true });
  mkdirSync(to, { recursive: true, mode: 0o700 });
  cpSync(from, to, { recursive: true });
};
