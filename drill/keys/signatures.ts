/** What holds of all signatures of a key together. */
import { fromHex } from "../../src/base/bytes.ts";
import { schemes } from "../../src/mpc/schemes/registry.ts";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";

export interface Signature {
  readonly key: string;
  readonly scheme: KeyScheme;
  /** Encoded point, hex. */
  readonly publicKey: string;
  /** What was asked to be signed, hex. */
  readonly digest: string;
  /** r || s or R || s, hex. */
  readonly signature: string;
  readonly request: string;
}

/**
 * Each verifies under its key for what was asked; no two have the same nonce point, which a presignature that is used a
 * second time brings back.
 */
export const checkSignatures = (all: readonly Signature[], violation: (what: string) => void): void => {
  const seen = new Map<string, Signature>();
  for (const one of all) {
    const { key, scheme, publicKey, digest, signature, request } = one;
    const holds = schemes.get(scheme)?.verify(fromHex(publicKey), fromHex(digest), fromHex(signature));
    if (!holds) violation(`a signature of ${request} does not verify under the key for the digest that was asked`);
    const nonce = `${key} ${signature.slice(0, 64)}`;
    const before = seen.get(nonce);
    if (before)
      violation(`${before.request} and ${request} were signed with the same nonce: a presignature was used twice`);
    seen.set(nonce, one);
  }
};
