/**
 * Opening what members have sealed: to this enclave, or to another that has handed on the key of that one envelope.
 */
import { fromBase64, toBase64 } from "../../base/bytes.ts";
import type { PrivateKey } from "../../trust/crypto/crypto.ts";
import { contentKeyOf, headerOf, open } from "../../trust/envelope/envelope.ts";
import type { Context } from "../../trust/envelope/header.ts";

/** What opens one envelope, and no other. */
export interface HandedKey {
  /** Content key, base64. */
  readonly key: string;
  /** Stream id of the enclave that the envelope was sealed to. */
  readonly sealedTo: string;
}

export interface Unsealing {
  /** Stream id of this enclave. */
  readonly enclave: string;
  readonly encryptionKey: PrivateKey<"X25519">;
  /** Keys that were handed to this enclave, by the envelopes' digests. */
  readonly handed: (digest: string) => HandedKey | undefined;
}

/** An envelope whose digest was compared. @param context what it was sealed for, by the enclave that it was sealed to */
export interface Sealed {
  readonly digest: string;
  readonly content: () => AsyncIterable<Uint8Array>;
  readonly context: (enclave: string) => Context;
}

/** @throws Refusal envelope.* */
export const unseal = ({ enclave, encryptionKey, handed }: Unsealing, { digest, content, context }: Sealed) => {
  const other = handed(digest);
  return other
    ? open(content(), { contentKey: fromBase64(other.key), context: context(other.sealedTo) })
    : open(content(), { key: encryptionKey, context: context(enclave) });
};

/** The key of one envelope, for another enclave. @throws Refusal envelope.* */
export const keyToHandOn = async (
  { enclave, encryptionKey, handed }: Unsealing,
  { digest, content, context }: Sealed,
): Promise<HandedKey> => {
  const known = handed(digest);
  if (known) return known;
  const key = await contentKeyOf(await headerOf(content()), { key: encryptionKey, context: context(enclave) });
  return { key: toBase64(key), sealedTo: enclave };
};
