/** Keys and algorithms in AWS's words. */

import { sha256Hex } from "#crypto";
import { toHex } from "../../../base/bytes.ts";
import type { KeyInfo } from "../../../keys/service.ts";
import type { KeyMessage } from "../../../rules/key-messages.ts";
import type { KeyScheme } from "../../../rules/key-schemes.ts";
import { KmsError } from "./errors.ts";

interface Spec {
  readonly spec: string;
  readonly algorithm: string;
  /** What is signed of a message that comes whole. */
  readonly raw: (message: Uint8Array) => KeyMessage;
  /** Takes digests too. */
  readonly digest: boolean;
}

/** Nodes apply the scheme's hash to a message, but to one for Ethereum's curve EIP-191. */
const whole = (message: Uint8Array): KeyMessage => ({ kind: "message", hex: toHex(message) });
const hashed = (message: Uint8Array): KeyMessage => ({ kind: "digest", hex: sha256Hex(message) });

/** SCHNORR_BIP340 has no name there, so its keys are not shown. */
const SPECS: Readonly<Partial<Record<KeyScheme, Spec>>> = {
  ECDSA_K1: { spec: "ECC_SECG_P256K1", algorithm: "ECDSA_SHA_256", raw: hashed, digest: true },
  ECDSA_R1: { spec: "ECC_NIST_P256", algorithm: "ECDSA_SHA_256", raw: whole, digest: true },
  EDDSA_ED25519: { spec: "ECC_NIST_EDWARDS25519", algorithm: "ED25519_SHA_512", raw: whole, digest: false },
  SM2: { spec: "SM2", algorithm: "SM2DSA", raw: whole, digest: true },
};

export const isShown = ({ scheme, status }: KeyInfo): boolean =>
  SPECS[scheme] !== undefined && status !== "failed" && status !== "deleted";

export const specOf = (scheme: KeyScheme): Spec => {
  const spec = SPECS[scheme];
  if (!spec) throw new KmsError("UnsupportedOperationException", `${scheme} has no key spec.`);
  return spec;
};

/** @throws KmsError UnsupportedOperationException */
export const schemeOf = (wanted: string): KeyScheme => {
  const [scheme] = Object.entries(SPECS).find(([, { spec }]) => spec === wanted) ?? [];
  if (scheme !== undefined) return scheme as KeyScheme;
  const possible = Object.values(SPECS).map(({ spec }) => spec);
  throw new KmsError("UnsupportedOperationException", `KeySpec ${wanted}: here it is one of ${possible.join(", ")}.`);
};

/** @throws KmsError ValidationException, InvalidKeyUsageException, UnsupportedOperationException */
export const messageOf = (scheme: KeyScheme, algorithm: string, type: string, message: Uint8Array): KeyMessage => {
  const spec = specOf(scheme);
  if (algorithm === "ED25519_PH_SHA_512")
    throw new KmsError("UnsupportedOperationException", "Ed25519ph is not signed here. Take ED25519_SHA_512.");
  if (algorithm !== spec.algorithm)
    throw new KmsError("InvalidKeyUsageException", `A key of ${spec.spec} signs with ${spec.algorithm}.`);
  if (type === "RAW") return spec.raw(message);
  if (!spec.digest) throw new KmsError("ValidationException", `${algorithm} takes MessageType RAW.`);
  if (message.length !== 32)
    throw new KmsError("ValidationException", `Digest is invalid length for algorithm ${algorithm}: 32 bytes.`);
  return { kind: "digest", hex: toHex(message) };
};

const STATES = {
  pending: "Creating",
  enabled: "Enabled",
  disabled: "Disabled",
  "deletion-scheduled": "PendingDeletion",
  deleted: "PendingDeletion",
  failed: "Unavailable",
} as const satisfies Record<KeyInfo["status"], string>;

export const arnOf = (region: string, kind: "key" | "alias", name: string): string =>
  `arn:aws:kms:${region}:000000000000:${kind}/${name}`;

/** Seconds, as AWS's JSON has times. */
const seconds = (milliseconds: number): number => milliseconds / 1000;

/** KeyMetadata. */
export const metadataOf = (key: KeyInfo, region: string) => {
  const { spec, algorithm } = specOf(key.scheme);
  return {
    ...{ AWSAccountId: "000000000000", KeyId: key.id, Arn: arnOf(region, "key", key.id) },
    CreationDate: seconds(key.createdAt),
    ...{ Enabled: key.status === "enabled", Description: key.description, KeyUsage: "SIGN_VERIFY" },
    KeyState: STATES[key.status],
    ...(key.deletionAt !== undefined && { DeletionDate: seconds(key.deletionAt) }),
    ...{ Origin: key.imported ? "EXTERNAL" : "AWS_KMS", KeyManager: "CUSTOMER", MultiRegion: false },
    ...{ CustomerMasterKeySpec: spec, KeySpec: spec, SigningAlgorithms: [algorithm] },
  };
};
