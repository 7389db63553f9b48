/** Who plays in the demo. Each has a profile directory of its own, with its own keys; nothing is shared but the API. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKey, randomBytes } from "#crypto";
import { toBase64url } from "../../base/bytes.ts";
import type { Identity } from "../../sdk/acts.ts";
import { type Client, createClient } from "../../sdk/client.ts";
import { createAuthority, foundOrganisation, identityOf, issueLeaf } from "../../sdk/workflows/index.ts";
import { keyToPem, publicKeyToPem } from "../../trust/keys.ts";
import { certificateToPem } from "../../trust/x509/certificate.ts";

export interface Party {
  readonly name: string;
  readonly nickname: string;
  readonly directory: string;
  readonly client: Client;
  readonly identity: Identity;
  /** Stream id. */
  readonly member: string;
  readonly appId: string;
}

/** A file for its owner's eyes only. */
const writeSecret = (path: string, text: string) => {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
};

export interface Introduction {
  readonly url: string;
  /** Where profiles are kept. */
  readonly profiles: string;
  readonly name: string;
  readonly nickname: string;
  readonly particulars: {
    readonly legalName: string;
    readonly registrationNumber: string;
    readonly contact: string;
    readonly phone: string;
    readonly country: string;
  };
}

/** Signs the organisation up and submits its particulars. */
export const signUp = async ({ url, profiles, name, nickname, particulars }: Introduction) => {
  const directory = join(profiles, name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const password = toBase64url(randomBytes(18));
  const anyone = createClient({ url });
  const { account, accessKey: key } = await anyone.accounts.create({ nickname, login: name, password });
  const accessKey = { accessKeyId: key.id, accessKeySecret: key.secret };
  const client = createClient({ url, credentials: accessKey });
  writeSecret(
    join(directory, "access-key.json"),
    JSON.stringify({ url, login: name, password, ...accessKey }, undefined, 2),
  );
  await client.accounts.submitVerification(particulars);
  return { directory, name, nickname, account, accessKey };
};
type SignedUp = Awaited<ReturnType<typeof signUp>>;

/** Makes the organisation's certificate authority and a leaf on this machine, and puts the authority on the ledger. */
export const found = async (
  url: string,
  { directory, name, nickname, account, accessKey }: SignedUp,
): Promise<Party> => {
  const now = Date.now();
  const authority = createAuthority(nickname, { now });
  const leaf = issueLeaf(authority, { commonName: name, organization: nickname }, { now });
  writeSecret(join(directory, "ca.key.pem"), keyToPem(authority.key));
  writeSecret(join(directory, "ca.pem"), certificateToPem(authority.certificate));
  writeSecret(join(directory, "identity.key.pem"), keyToPem(leaf.key));
  writeSecret(join(directory, "identity.pem"), certificateToPem(leaf.certificate));
  const founder = createClient({ url, credentials: accessKey, signer: identityOf(leaf) });
  const { receipt } = await foundOrganisation(founder, authority.certificate, { nickname, appId: account.appId });
  const member = receipt.stream;
  writeSecret(join(directory, "member"), member);
  const identity = identityOf(leaf, member);
  const client = createClient({ url, credentials: accessKey, signer: identity });
  return { name, nickname, directory, client, identity, member, appId: account.appId };
};

/** The key that a receiver's results are sealed to; the private half stays in its profile. */
export const resultKey = ({ directory }: Party): { privatePem: string; publicPem: string } => {
  const key = generateKey("P-256");
  const [privatePem, publicPem] = [keyToPem(key), publicKeyToPem(key.publicKey)];
  writeSecret(join(directory, "result.key.pem"), privatePem);
  writeFileSync(join(directory, "result.pub.pem"), publicPem);
  return { privatePem, publicPem };
};
