/**
 * Ephemeral-static Diffie-Hellman (NIST SP 800-56A section 6.2.2.2; RFC 7748 section 6.1 for X25519). The content key
 * is HKDF-SHA256 (RFC 5869) of the shared secret with an empty salt; both public keys are in its info.
 */
import { ecdh, generateKey, hkdfSha256 } from "#crypto";
import { type Bytes, concat } from "../../base/bytes.ts";
import type { AgreementKind } from "../crypto/crypto.ts";
import { publicKeyFromRaw, rawFromPublicKey } from "../crypto/encoding.ts";
import { publicKeyFromSpki } from "../keys.ts";
import type { WrapMethod } from "./wrap-method.ts";

const NO_SALT = new Uint8Array(0);

/** `openssl pkeyutl -derive` gives the secret, `openssl kdf ... HKDF` the content key. */
export const ecdhWrap = <K extends AgreementKind>(kind: K): WrapMethod<K> => {
  const derive = (secret: Bytes, epk: Bytes, recipient: Bytes, info: Bytes, length: number): Bytes =>
    hkdfSha256(secret, NO_SALT, concat(info, epk, recipient), length);
  return {
    async wrap(to, info, length) {
      const ephemeral = generateKey<AgreementKind>(kind);
      const epk = rawFromPublicKey(ephemeral.publicKey);
      return { epk, key: derive(ecdh(ephemeral, to), epk, rawFromPublicKey(to), info, length) };
    },
    async unwrap(key, { epk }, info, length) {
      if (!epk) throw new TypeError("no ephemeral key");
      // Reading it as a key of this kind checks that it is a point of the curve.
      const sender = publicKeyFromSpki(publicKeyFromRaw(kind, epk).spki, [kind]);
      return derive(ecdh(key, sender), epk, rawFromPublicKey(key.publicKey), info, length);
    },
  };
};
