/** Signatures as others take them, from r || s as the key service gives it. */
import { fromHex } from "../../base/bytes.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import { signatureFromDer, signatureToDer } from "../../trust/crypto/der.ts";

/** Of ECDSA and SM2 the DER that OpenSSL reads (RFC 3279 section 2.2.3, GM/T 0009 section 7.3); of others 64 bytes. */
export const encodeSignature = (scheme: KeyScheme, signature: string): Uint8Array => {
  const bytes = fromHex(signature);
  return isPlain(scheme) ? bytes : signatureToDer(bytes);
};

/** r || s of what `encodeSignature` gives; undefined for what is none. */
export const decodeSignature = (scheme: KeyScheme, signature: Uint8Array): Uint8Array | undefined => {
  if (isPlain(scheme)) return signature.length === 64 ? signature : undefined;
  try {
    return signatureFromDer(signature);
  } catch {
    return undefined;
  }
};

const isPlain = (scheme: KeyScheme): boolean => scheme === "EDDSA_ED25519" || scheme === "SCHNORR_BIP340";
