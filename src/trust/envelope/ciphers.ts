/** The ciphers of envelope bodies: docs/protocols/envelope.md, section 5. */

import { sm4 } from "sm-crypto-v2";
import { sha256, sm3 } from "#crypto";
import { type Bytes, concat } from "../../base/bytes.ts";
import type { Enc } from "./header.ts";

export const TAG_LENGTH = 16;

/** Authenticated encryption under one key: nonce of 12 bytes, sealed = ciphertext || 16-byte tag. */
export interface Cipher {
  seal(nonce: Bytes, aad: Bytes, data: Uint8Array): Promise<Uint8Array>;
  /** Undefined when the data were not sealed with this key, nonce and aad. */
  open(nonce: Bytes, aad: Bytes, sealed: Uint8Array): Promise<Bytes | undefined>;
}

export interface CipherKind {
  /** Bytes. */
  readonly keyLength: number;
  /** Digest of the header, which every chunk is bound to. 32 bytes. */
  readonly digest: (data: Uint8Array) => Bytes;
  create(key: Bytes): Promise<Cipher>;
}

/** NIST SP 800-38D, by WebCrypto: native in Node.js and browsers, and off the main thread. */
const createA256gcm = async (raw: Bytes): Promise<Cipher> => {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  const name = "AES-GCM";
  return {
    seal: async (iv, additionalData, data) =>
      new Uint8Array(await subtle.encrypt({ name, iv, additionalData }, key, data as Bytes)),
    async open(iv, additionalData, sealed) {
      try {
        return new Uint8Array(await subtle.decrypt({ name, iv, additionalData }, key, sealed as Bytes));
      } catch {
        return undefined; // OperationError: WebCrypto's word for a tag that does not fit
      }
    },
  };
};

/** RFC 8998 section 2 (AEAD_SM4_GCM), in JavaScript: OpenSSL has it only from 3.1 on, WebCrypto not at all. */
const createSm4gcm = async (key: Bytes): Promise<Cipher> => ({
  async seal(iv, associatedData, data) {
    const { output, tag } = sm4.encrypt(data, key, {
      mode: "gcm",
      iv,
      associatedData,
      output: "array",
      outputTag: true,
    });
    if (tag?.length !== TAG_LENGTH) throw new Error("SM4-GCM gave no tag");
    return concat(output, tag);
  },
  async open(iv, associatedData, sealed) {
    const [data, tag] = [sealed.subarray(0, -TAG_LENGTH), sealed.subarray(-TAG_LENGTH)];
    if (tag.length !== TAG_LENGTH) return undefined;
    try {
      return sm4.decrypt(data, key, { mode: "gcm", iv, associatedData, output: "array", tag }) as Bytes;
    } catch {
      return undefined; // the tag does not fit
    }
  },
});

export const CIPHERS: Readonly<Record<Enc, CipherKind>> = {
  A256GCM: { keyLength: 32, digest: sha256, create: createA256gcm },
  SM4GCM: { keyLength: 16, digest: sm3, create: createSm4gcm },
};
