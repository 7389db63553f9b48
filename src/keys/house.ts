/**
 * Organisations of the platform's own, whose keys it keeps. In the name of one the open face asks, so whoever reaches
 * that face acts for it; another asks for the signatures of managed identities, and no face acts for that.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { randomBytes } from "#crypto";
import { toBase64url, toHex } from "../base/bytes.ts";
import type { Identity } from "../platform/accounts/identity.ts";
import type { Asker } from "../spine/access.ts";

/** Nickname, login and legal name of each. */
export const FACES = { nickname: "KeyService", login: "key-service", legalName: "Key service of this platform" };
export const IDENTITIES = {
  nickname: "IdentityService",
  login: "identity-service",
  legalName: "Identity service of this platform",
};

export interface HouseDeps {
  readonly names: typeof FACES;
  /** Remembers which account it is. */
  readonly file: string;
  readonly identity: Pick<Identity, "accounts" | "verifications">;
  /** Founds the account's organisation with a key that the platform keeps. */
  readonly manage: (asker: Asker) => Promise<unknown>;
}

export const openHouse = async ({ names, file, identity, manage }: HouseDeps): Promise<Asker> => {
  const { accounts, verifications } = identity;
  const known = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  const register = async (): Promise<string> => {
    const suffix = toHex(randomBytes(4));
    const { account } = await accounts.register(
      // Nobody knows the password: nobody signs in as its user.
      {
        nickname: `${names.nickname}-${suffix}`,
        login: `${names.login}-${suffix}`,
        password: toBase64url(randomBytes(32)),
      },
      { byOperator: true },
    );
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify({ account: account.id }), { mode: 0o600, flush: true });
    return account.id;
  };
  const id = known === undefined ? await register() : (JSON.parse(known) as { account: string }).account;
  const account = await accounts.get(id);
  if (account.verification !== "approved") {
    const particulars = {
      ...{ legalName: names.legalName, registrationNumber: "none", contact: "Operator" },
      ...{ phone: "00000", country: "ZZ" },
    };
    if (account.verification !== "submitted") await verifications.submit(id, particulars, "system");
    await verifications.approve(id, "system");
  }
  if (account.member === null) await manage({ accountId: id, member: null });
  return { accountId: id, member: (await accounts.get(id)).member };
};
