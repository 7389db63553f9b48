/** Signatures as others take them, from r || s as the key service gives it. */
import { fromHex } from "../../base/bytes.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import { SEQUENCE, tlv, unsigned } from "../../trust/crypto/der.ts";

/** Of ECDSA and SM2 the DER that OpenSSL reads (RFC 3279 section 2.2.3, GM/T 0009 section 7.3); of others 64 bytes. */
export const encodeSignature = (scheme: KeyScheme, signature: string): Uint8Array => {
  const bytes = fromHex(signature);
  if (scheme === "EDDSA_ED25519" || scheme === "SCHNORR_BIP340") return bytes;
  return tlv(SEQUENCE, unsigned(bytes.subarray(0, 32)), unsigned(bytes.subarray(32)));
};
