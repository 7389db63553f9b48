/**
 * HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. The content key is exported
 * (section 5.3) rather than sealed: nothing but the encapsulated key travels, and the body is bound to it directly.
 */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { type Bytes, utf8 } from "../../base/bytes.ts";
import type { PrivateKey, PublicKey } from "../crypto/crypto.ts";
import { rawFromPublicKey, secretOf } from "../crypto/encoding.ts";
import type { WrapMethod } from "./wrap-method.ts";

const EXPORTER_CONTEXT = utf8("entente envelope");

export const hpkeSuite = (): CipherSuite =>
  new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const suite = hpkeSuite();

const importPublic = (key: PublicKey<"X25519">) => suite.kem.deserializePublicKey(rawFromPublicKey(key));
const importPair = async (key: PrivateKey<"X25519">) => ({
  publicKey: await importPublic(key.publicKey),
  privateKey: await suite.kem.deserializePrivateKey(secretOf(key)),
});

export const hpkeWrap: WrapMethod<"X25519"> = {
  async wrap(to, info, length) {
    const sender = await suite.createSenderContext({ recipientPublicKey: await importPublic(to), info });
    return { epk: bytes(sender.enc), key: bytes(await sender.export(EXPORTER_CONTEXT, length)) };
  },
  async unwrap(key, { epk }, info, length) {
    if (!epk) throw new TypeError("no encapsulated key");
    const recipient = await suite.createRecipientContext({ recipientKey: await importPair(key), enc: epk, info });
    return bytes(await recipient.export(EXPORTER_CONTEXT, length));
  },
};

const bytes = (buffer: ArrayBuffer): Bytes => new Uint8Array(buffer);
