/**
 * Who plays in the demo. Each has a profile directory of its own, as the command line keeps it, with its own keys:
 * nothing is shared but the API.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKey, randomBytes } from "#crypto";
import { toBase64url } from "../../base/bytes.ts";
import type { Particulars, Party as Person } from "../../sample/story.ts";
import { createClient } from "../../sdk/client.ts";
import { createAuthority, foundOrganisation, identityOf, issueLeaf } from "../../sdk/workflows/index.ts";
import { keyToPem, publicKeyToPem } from "../../trust/keys.ts";
import { certificateToPem } from "../../trust/x509/certificate.ts";
import { openProfile, type Profile } from "../profile.ts";

export interface Party extends Person {
  readonly directory: string;
}

export interface Introduction {
  readonly url: string;
  /** Where profiles are kept. */
  readonly profiles: string;
  readonly name: string;
  readonly nickname: string;
  readonly particulars: Particulars;
}

interface SignedUp {
  readonly profile: Profile;
  readonly nickname: string;
  readonly account: { readonly id: string; readonly appId: string };
  readonly accessKey: { readonly id: string; readonly secret: string };
}

const credentialsOf = ({ id, secret }: SignedUp["accessKey"]) => ({ accessKeyId: id, accessKeySecret: secret });

/** Signs the organisation up and submits its particulars. */
export const signUp = async ({ url, profiles, name, nickname, particulars }: Introduction): Promise<SignedUp> => {
  const profile = openProfile(profiles, name);
  const password = toBase64url(randomBytes(18));
  const { account, accessKey } = await createClient({ url }).accounts.create({ nickname, login: name, password });
  profile.save({ url, accessKey, enclaves: [], members: {} });
  await createClient({ url, credentials: credentialsOf(accessKey) }).accounts.submitVerification(particulars);
  return { profile, nickname, account, accessKey };
};

/** Makes the organisation's certificate authority and a leaf on this machine, and puts the authority on the ledger. */
export const found = async (url: string, { profile, nickname, account, accessKey }: SignedUp): Promise<Party> => {
  const now = Date.now();
  const { name, directory } = profile;
  const { appId } = account;
  const credentials = credentialsOf(accessKey);
  const authority = createAuthority(nickname, { now });
  const leaf = issueLeaf(authority, { commonName: name, organization: nickname }, { now });
  profile.write("authorityKey", keyToPem(authority.key));
  profile.write("authority", certificateToPem(authority.certificate));
  profile.write("key", keyToPem(leaf.key));
  profile.write("certificate", certificateToPem(leaf.certificate));
  const founder = createClient({ url, credentials, signer: identityOf(authority) });
  const { receipt } = await foundOrganisation(founder, authority.certificate, { nickname, appId });
  const member = receipt.stream;
  profile.save({ ...profile.settings(), organisation: { id: member, nickname, appId } });
  const identity = identityOf(leaf, member);
  const client = createClient({ url, credentials, signer: identity });
  return { name, nickname, directory, client, identity, member, appId };
};

/** The key that a receiver's results are sealed to; the private half stays in its profile. */
export const resultKey = ({ directory }: Party): { privatePem: string; publicPem: string } => {
  const key = generateKey("P-256");
  const [privatePem, publicPem] = [keyToPem(key), publicKeyToPem(key.publicKey)];
  writeFileSync(join(directory, "result.key.pem"), privatePem, { mode: 0o600 });
  writeFileSync(join(directory, "result.pub.pem"), publicPem);
  return { privatePem, publicPem };
};
