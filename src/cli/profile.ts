/**
 * Profiles: one directory each with where the platform is, the access key, what was pinned, and the organisation's own
 * keys. Everything in it is for its owner's eyes only (0700 and 0600).
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { EnclavePin } from "../evidence/enclave-pin.ts";
import { issuesOf } from "../rules/world.ts";
import type { ExpectedEnclave } from "../sdk/workflows/index.ts";
import { refuse } from "./errors.ts";

const Settings = z.strictObject({
  url: z.string().optional(),
  accessKey: z.strictObject({ id: z.string(), secret: z.string() }).optional(),
  /** The account's organisation once it is on the ledger; `id` is its stream. */
  organisation: z.strictObject({ id: z.string(), nickname: z.string(), appId: z.string() }).optional(),
  /** Enclave programs that are trusted, each with the attestation it was pinned under. Any, while there is none. */
  enclaves: z.array(EnclavePin).default([]),
  /** CA fingerprints by nickname/APPID. */
  members: z.record(z.string(), z.string()).default({}),
});
export type Settings = z.output<typeof Settings>;

/** Files of a profile. */
export const FILES = {
  settings: "profile.json",
  authority: "ca.pem",
  authorityKey: "ca.key.pem",
  certificate: "identity.pem",
  key: "identity.key.pem",
  /** The revocation list that was published last. */
  crl: "crl.pem",
  /** Made for a certificate request; it becomes `key` when the certificate is installed. */
  requestKey: "request.key.pem",
} as const;
export type ProfileFile = keyof typeof FILES;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const CURRENT = "current";
const DEFAULT = "default";

export const defaultProfiles = (): string => join(homedir(), ".config", "entente");

export interface Profile {
  readonly name: string;
  readonly directory: string;
  settings(): Settings;
  /** Whether it has been written. */
  exists(): boolean;
  save(settings: Settings): void;
  path(file: ProfileFile): string;
  /** Undefined where there is none. */
  read(file: ProfileFile): string | undefined;
  write(file: ProfileFile, content: string): void;
}

/** The programs that the profile trusts; while it names none, any, which is said when one is first used. */
export const trustedEnclaves = ({ enclaves }: Pick<Settings, "enclaves">): ExpectedEnclave["enclaves"] =>
  enclaves.length > 0 ? enclaves : "any";

/** @param directory where profiles are kept. @throws Refusal profile.name */
export const openProfile = (directory: string, name = currentProfile(directory)): Profile => {
  if (!NAME.test(name) || name === CURRENT) throw refuse("profile.name", { name });
  const own = join(directory, name);
  const path = (file: ProfileFile) => join(own, FILES[file]);
  const read = (file: ProfileFile) => readIfThere(path(file));
  const write = (file: ProfileFile, content: string) => {
    makePrivate(directory);
    makePrivate(own);
    writePrivate(path(file), content);
  };
  return {
    name,
    directory: own,
    path,
    read,
    write,
    exists: () => read("settings") !== undefined,
    settings: () => parseSettings(path("settings"), read("settings")),
    save: (settings) => write("settings", `${JSON.stringify(settings, undefined, 2)}\n`),
  };
};

/** Names of profiles, sorted. */
export const profileNames = (directory: string): string[] =>
  entriesOf(directory)
    .filter((name) => readIfThere(join(directory, name, FILES.settings)) !== undefined)
    .sort();

/** The one in use when none is named. */
export const currentProfile = (directory: string): string => readIfThere(join(directory, CURRENT))?.trim() || DEFAULT;

/** @throws Refusal profile.unknown */
export const useProfile = (directory: string, name: string): void => {
  if (!profileNames(directory).includes(name)) throw refuse("profile.unknown", { name });
  writePrivate(join(directory, CURRENT), `${name}\n`);
};

const parseSettings = (path: string, text: string | undefined): Settings => {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "{}");
  } catch {
    throw refuse("profile.damaged", { path, reason: "it is not JSON" });
  }
  const parsed = Settings.safeParse(value);
  if (!parsed.success) throw refuse("profile.damaged", { path, reason: issuesOf(parsed.error) });
  return parsed.data;
};

const isMissing = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
};

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw refuse("file.unreadable", { path, reason: (error as Error).message });
  }
};

const entriesOf = (directory: string): string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw refuse("file.unreadable", { path: directory, reason: (error as Error).message });
  }
};

const makePrivate = (directory: string): void => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
};

/** There whole or not at all, and never readable by others in between. */
const writePrivate = (path: string, content: string): void => {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, content, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, path);
};
