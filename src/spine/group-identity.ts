/**
 * Chain identities whose key no machine holds: a group of key nodes makes each signature, and judges each for itself. One
 * key is the member's authority and signs its statements under a leaf that it issued to itself, so whatever is signed is
 * a request on the ledger. Who can't be signed for is refused; nothing here signs instead.
 */
import { verify } from "#crypto";
import { fromBase64, fromUtf8, toBase64, toHex } from "../base/bytes.ts";
import { DAY, iso } from "../base/clock.ts";
import type { KeyMessage } from "../rules/key-messages.ts";
import type { PrivateKey, PublicKey } from "../trust/crypto/crypto.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import type { Signer } from "../trust/statement.ts";
import { type Certificate, parseCertificate } from "../trust/x509/certificate.ts";
import { caToSign, leafToSign, randomSerial, withSignature } from "../trust/x509/issue.ts";
import { refuse } from "./errors.ts";

/** A key of a group, on P-256. */
export interface GroupKey {
  /** K…, G…. */
  readonly key: string;
  readonly group: string;
  /** SubjectPublicKeyInfo (DER, base64). */
  readonly publicKey: string;
}

/** Whose key it is to be. */
export interface Owner {
  readonly nickname: string;
  readonly appId: string;
}

/** Keys of key nodes, as the pillar that has them gives them. Groups are G…; undefined is the platform's own choice. */
export interface GroupKeys {
  /** Identities are kept there even when nobody names a group. */
  readonly isPreset: boolean;
  /** Resolves once its nodes have made it. @throws Refusal managed.no-group, managed.group, managed.not-made */
  make(owner: Owner, group: string | undefined): Promise<GroupKey>;
  /** Splits a key that is in one piece; again the same is the key that was made before. @throws Refusal as `make` */
  take(owner: Owner, group: string | undefined, key: PrivateKey<"P-256">): Promise<GroupKey>;
  /** @returns r || s @throws Refusal managed.refused, managed.unsigned */
  sign(key: GroupKey, message: KeyMessage): Promise<Uint8Array>;
}

/** What is kept of one: no secret. */
export interface KeptInGroup extends GroupKey {
  readonly nickname: string;
  /** DER, base64. */
  readonly ca: string;
  /** Made when it is first needed. */
  readonly leaf: string | undefined;
  /** Until when the platform held the key itself, ISO 8601; undefined where it never did. */
  readonly held: string | undefined;
}

export const CA_LIFETIME = 3_650 * DAY;
export const LEAF_LIFETIME = 90 * DAY;
/** A leaf that ends sooner is made anew. */
const LEAF_LEFT = 30 * DAY;

const publicKeyOf = ({ publicKey }: GroupKey): PublicKey<"P-256"> =>
  publicKeyFromSpki(fromBase64(publicKey), ["P-256"]);

/** Verified here: whatever the nodes' server says, what does not hold goes no further. */
const signed = async (keys: GroupKeys, key: GroupKey, message: KeyMessage, bytes: Uint8Array): Promise<Uint8Array> => {
  const signature = await keys.sign(key, message);
  if (!verify(publicKeyOf(key), bytes, signature))
    throw refuse("managed.unsigned", { group: key.group, reason: "its signature does not hold" });
  return signature;
};

const certified = async (keys: GroupKeys, key: GroupKey, toSign: Uint8Array): Promise<Certificate> =>
  withSignature(toSign, "P-256", await signed(keys, key, { kind: "certificate", hex: toHex(toSign) }, toSign));

export const foundedInGroup = async (
  keys: GroupKeys,
  owner: Owner,
  group: string | undefined,
  now: number,
): Promise<KeptInGroup> => {
  const key = await keys.make(owner, group);
  const toSign = caToSign({
    name: { commonName: `${owner.nickname} CA` },
    publicKey: publicKeyOf(key),
    notBefore: now - DAY,
    notAfter: now + CA_LIFETIME,
    serial: randomSerial(),
  });
  const ca = toBase64((await certified(keys, key, toSign)).der);
  return { ...key, nickname: owner.nickname, ca, leaf: undefined, held: undefined };
};

/** The same authority, from now on in a group's hands: what it has issued stays issued. */
export const movedIntoGroup = async (
  keys: GroupKeys,
  owner: Owner,
  group: string | undefined,
  { caKey, ca }: { readonly caKey: PrivateKey<"P-256">; readonly ca: string },
  now: number,
): Promise<KeptInGroup> => {
  const key = await keys.take(owner, group, caKey);
  // Its leaf shows that the group signs, before what was kept is given up.
  return withLeaf(keys, { ...key, nickname: owner.nickname, ca, leaf: undefined, held: iso(now) }, now);
};

/** With a leaf that lasts for some time. */
export const withLeaf = async (keys: GroupKeys, kept: KeptInGroup, now: number): Promise<KeptInGroup> => {
  const ca = parseCertificate(fromBase64(kept.ca));
  const end = kept.leaf === undefined ? 0 : parseCertificate(fromBase64(kept.leaf)).notAfter;
  if (end - now > LEAF_LEFT || end === ca.notAfter) return kept;
  const toSign = leafToSign({
    ca,
    publicKey: publicKeyOf(kept),
    subject: { commonName: kept.nickname },
    notBefore: now - DAY,
    notAfter: Math.min(now + LEAF_LIFETIME, ca.notAfter),
    serial: randomSerial(),
  });
  return { ...kept, leaf: toBase64((await certified(keys, kept, toSign)).der) };
};

/** @param certificate the leaf; of what founds the organisation the authority (DER, base64) */
export const groupSigner = (keys: GroupKeys, key: GroupKey, certificate: string): Signer => ({
  alg: "ES256",
  certificate,
  sign: (input) => signed(keys, key, { kind: "statement", input: fromUtf8(input) }, input),
});
