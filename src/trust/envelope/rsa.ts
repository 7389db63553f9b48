/** RSAES-OAEP (RFC 8017 section 7.1) with SHA-256, MGF1 with SHA-256 and the empty label, by WebCrypto. */
import { randomBytes } from "#crypto";
import type { WrapMethod } from "./wrap-method.ts";

const OAEP = { name: "RSA-OAEP", hash: "SHA-256" };

/** `openssl pkeyutl -decrypt -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256` gives the content key. */
export const rsaWrap: WrapMethod<"RSA"> = {
  async wrap({ spki }, _info, length) {
    const { subtle } = globalThis.crypto;
    const key = randomBytes(length);
    const to = await subtle.importKey("spki", spki, OAEP, false, ["encrypt"]);
    return { key, wrapped: new Uint8Array(await subtle.encrypt(OAEP, to, key)) };
  },
  async unwrap(key, { wrapped }) {
    const { subtle } = globalThis.crypto;
    if (!wrapped) throw new TypeError("no wrapped key");
    const own = await subtle.importKey("pkcs8", key.pkcs8(), OAEP, false, ["decrypt"]);
    return new Uint8Array(await subtle.decrypt(OAEP, own, wrapped));
  },
};
