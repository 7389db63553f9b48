/** The keys envelopes are sealed to: docs/protocols/envelope.md, section 3. */

import type { KeyKind, PublicKey } from "../crypto/crypto.ts";
import { bitStringBytes, content, elements, INTEGER, only, SEQUENCE } from "../crypto/der.ts";
import { publicKeyFromPem, publicKeyFromSpki, thumbprint } from "../keys.ts";
import { refuse as refuseKey } from "../keys-errors.ts";
import { refuse } from "./errors.ts";
import type { Enc, Wrap } from "./header.ts";

export interface Recipient {
  readonly wrap: Wrap;
  readonly publicKey: PublicKey;
  /** SHA-256 (hex) of the SubjectPublicKeyInfo. */
  readonly thumbprint: string;
  /** The body cipher unless another is asked for: the one that goes with the kind of key. */
  readonly enc: Enc;
}

const RECEIVER_KINDS = ["RSA", "P-256", "X25519", "SM2"] as const satisfies readonly KeyKind[];
const RECEIVER_WRAPS = {
  RSA: "RSA-OAEP-256",
  "P-256": "ECDH-ES-P256",
  X25519: "ECDH-ES-X25519",
  SM2: "SM2",
} as const satisfies Record<(typeof RECEIVER_KINDS)[number], Wrap>;
const RSA_BITS = { least: 2_048, most: 8_192 };

/**
 * The key of a result's receiver, from the PEM it gave: RSA from 2048 to 8192 bits, P-256, X25519 or SM2.
 * @throws Refusal receiver-key.private, receiver-key.rsa-size, key.not-pem, key.kind, key.malformed, key.point
 */
export const receiverKey = (pem: string): Recipient => {
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(pem)) throw refuse("receiver-key.private");
  const publicKey = publicKeyFromPem(pem, RECEIVER_KINDS);
  if (publicKey.kind === "RSA") requireRsaSize(publicKey);
  const enc = publicKey.kind === "SM2" ? "SM4GCM" : "A256GCM";
  return { wrap: RECEIVER_WRAPS[publicKey.kind], publicKey, thumbprint: thumbprint(publicKey), enc };
};

/** The X25519 key of an enclave, sealed to by HPKE. @throws Refusal key.kind, key.malformed, key.point */
export const enclaveKey = (spki: Uint8Array): Recipient => {
  const publicKey = publicKeyFromSpki(spki, ["X25519"]);
  return { wrap: "HPKE-X25519", publicKey, thumbprint: thumbprint(publicKey), enc: "A256GCM" };
};

const requireRsaSize = ({ spki }: PublicKey): void => {
  const bits = rsaBits(spki);
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) throw refuse("receiver-key.rsa-size", { bits, ...RSA_BITS });
};

/** Bits of the modulus of an RSA SubjectPublicKeyInfo (RFC 8017 A.1.1). */
const rsaBits = (spki: Uint8Array): number => {
  try {
    const [, key] = elements(only(spki, SEQUENCE));
    const [modulus] = elements(only(bitStringBytes(key), SEQUENCE));
    const octets = content(modulus, INTEGER);
    const [first = 0] = octets[0] === 0 ? octets.subarray(1) : octets;
    return (octets.length - (octets[0] === 0 ? 1 : 0)) * 8 - (Math.clz32(first) - 24);
  } catch {
    throw refuseKey("key.malformed", { reason: "the RSA modulus" });
  }
};
