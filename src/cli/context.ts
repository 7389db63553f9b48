/** What a command works with: its profile, the client that acts for it, and where to speak. */
import type { Language } from "../base/refusal.ts";
import type { Identity } from "../sdk/acts.ts";
import { type Client, createClient } from "../sdk/client.ts";
import { identityOf, type Keyed } from "../sdk/workflows/identity.ts";
import { type VerifiedEnclave, verifyEnclave } from "../sdk/workflows/verify-enclave.ts";
import { keyFromPem } from "../trust/keys.ts";
import { parseCertificate } from "../trust/x509/certificate.ts";
import { refuse } from "./errors.ts";
import { readSecret } from "./files.ts";
import type { Given } from "./given.ts";
import {
  defaultProfiles,
  openProfile,
  type Profile,
  type ProfileFile,
  type Settings,
  trustedEnclaves,
} from "./profile.ts";
import { type Progress, startProgress } from "./progress.ts";
import { streamingFetch } from "./streaming-fetch.ts";
import { printable } from "./table.ts";
import { say, type Text } from "./text.ts";

export interface Context {
  readonly language: Language;
  readonly json: boolean;
  readonly profiles: string;
  readonly profile: Profile;
  settings(): Settings;
  /** Changes some of them. */
  remember(change: Partial<Settings>): void;
  /** Signs acts where the profile has a key; otherwise the platform is asked to. @throws Refusal profile.url */
  client(options?: { signer?: Identity | undefined }): Client;
  /** What signs, if the profile has it. */
  identity(): Identity | undefined;
  /** The organisation's stream id: its own, or the one that the platform signs for. @throws Refusal identity.none */
  member(): Promise<string>;
  /** The CA and its key. @throws Refusal identity.none, identity.authority */
  authority(): Keyed;
  leaf(): Keyed | undefined;
  passphrase(): string | undefined;
  /** Verified, and of a program that the profile trusts. Without an id, the one that runs now. */
  enclave(id?: string, options?: { readonly anyEnclave?: boolean }): Promise<VerifiedEnclave>;
  /** A line for people, on the error stream so that output stays clean. */
  note(text: Text, details?: Readonly<Record<string, unknown>>): void;
  progress(label: Text, total: number): Progress;
  print(line: string): void;
}

interface Options {
  readonly given: Given;
  readonly language: Language;
  readonly print: (line: string) => void;
  readonly note: (line: string) => void;
}

export const createContext = ({ given, language, print, note }: Options): Context => {
  const flag = (name: string) => given.flags[name] as string | undefined;
  const profiles = flag("profiles") ?? defaultProfiles();
  const profile = openProfile(profiles, flag("profile"));
  const quiet = given.flags.quiet === true || given.flags.json === true;
  let secret: string | undefined;
  const passphrase = () => {
    const path = flag("passphrase-file");
    if (path !== undefined) secret ??= readSecret(path);
    return secret;
  };
  const keyed = (certificate: ProfileFile, key: ProfileFile): Keyed | undefined => {
    const [cert, pem] = [profile.read(certificate), profile.read(key)];
    if (cert === undefined || pem === undefined) return undefined;
    const words = passphrase();
    return {
      certificate: parseCertificate(cert),
      key: keyFromPem(pem, words === undefined ? {} : { passphrase: words }),
    };
  };
  const leaf = () => keyed("certificate", "key");
  const identity = () => {
    const own = leaf();
    return own && identityOf(own, profile.settings().organisation?.id);
  };
  const client: Context["client"] = ({ signer = identity() } = {}) => {
    const { url, accessKey } = profile.settings();
    const address = flag("url") ?? url;
    if (address === undefined) throw refuse("profile.url");
    return createClient({
      url: address,
      language,
      fetch: streamingFetch,
      ...(accessKey && { credentials: { accessKeyId: accessKey.id, accessKeySecret: accessKey.secret } }),
      ...(signer && { signer }),
    });
  };

  return {
    language,
    json: given.flags.json === true,
    profiles,
    profile,
    settings: () => profile.settings(),
    remember: (change) => profile.save({ ...profile.settings(), ...change }),
    client,
    identity,
    leaf,
    passphrase,
    async member() {
      const id = profile.settings().organisation?.id ?? (await client().accounts.me()).account?.member;
      if (!id) throw refuse("identity.none");
      return id;
    },
    authority() {
      if (profile.read("authority") === undefined) throw refuse("identity.none");
      const authority = keyed("authority", "authorityKey");
      if (!authority) throw refuse("identity.authority", { path: profile.path("authorityKey") });
      return authority;
    },
    async enclave(id, { anyEnclave = false } = {}) {
      const at = client();
      const wanted = id ?? (await at.enclaves.list()).items[0]?.id;
      if (wanted === undefined) throw refuse("enclave.none");
      return verifyEnclave(at, wanted, { enclaves: anyEnclave ? "any" : trustedEnclaves(profile.settings()) });
    },
    note: (of, details = {}) => {
      // Much of it is a server's or a stranger's, and stands beside what is about to be signed.
      const shown = Object.entries(details).map(([name, value]) => [name, printable(String(value))]);
      if (!quiet) note(say(of, language, Object.fromEntries(shown)));
    },
    progress: (label, total) =>
      quiet ? { update: () => undefined, end: () => undefined } : startProgress(say(label, language), total),
    print,
  };
};
