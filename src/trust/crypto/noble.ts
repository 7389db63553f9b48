/** The primitives in browsers: audited JavaScript (noble), SM2 and SM3 from sm-crypto-v2. */
import { cbc, gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { p256, p384 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 as nobleSha256, sha384 as nobleSha384, sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import { sm3 as smSm3 } from "sm-crypto-v2";
import { fromHex, toHex, utf8 } from "../../base/bytes.ts";
import { refuse } from "../keys-errors.ts";
import type { Crypto, CurveKind } from "./crypto.ts";
import { isEd25519Key, verifyEd25519 } from "./edwards.ts";
import { privateKeyFromRaw, rawFromPublicKey, secretOf } from "./encoding.ts";
import { createSm2 } from "./sm2.ts";

export const sha256: Crypto["sha256"] = (data) => nobleSha256(data);
export const sha256Hex: Crypto["sha256Hex"] = (data) =>
  toHex(nobleSha256(typeof data === "string" ? utf8(data) : data));
export const sha384: Crypto["sha384"] = (data) => nobleSha384(data);
export const sha512: Crypto["sha512"] = (data) => nobleSha512(data);
export const sm3: Crypto["sm3"] = (data) => fromHex(smSm3(data));
export const hmacSha256: Crypto["hmacSha256"] = (key, data) => hmac(nobleSha256, key, data);
export const hkdfSha256: Crypto["hkdfSha256"] = (secret, salt, info, length) =>
  hkdf(nobleSha256, secret, salt, info, length);
export const pbkdf2Sha256: Crypto["pbkdf2Sha256"] = (password, salt, iterations, length) =>
  pbkdf2(nobleSha256, password, salt, { c: iterations, dkLen: length });

/** Web Crypto hands out at most 65,536 bytes a call. */
export const randomBytes: Crypto["randomBytes"] = (length) => {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(out.subarray(at, at + 65_536));
  return out;
};

const sm2 = createSm2(sm3);
const ECDSA = { "P-256": p256, secp256k1 } as const;

export const sign: Crypto["sign"] = (key, data) => {
  switch (key.kind) {
    case "SM2":
      return sm2.sign(secretOf(key), rawFromPublicKey(key.publicKey), data);
    case "Ed25519":
      return ed25519.sign(data, secretOf(key));
    case "P-256":
    case "secp256k1":
      return ECDSA[key.kind].sign(data, secretOf(key));
    default:
      throw new TypeError(`a key of kind ${String(key.kind)} does not sign`);
  }
};

export const verify: Crypto["verify"] = (key, data, signature) => {
  if (signature.length !== 64) return false;
  const raw = rawFromPublicKey(key);
  switch (key.kind) {
    case "SM2":
      return sm2.verify(raw, data, signature);
    case "Ed25519":
      return verifyEd25519(raw, data, signature);
    case "P-256":
    case "secp256k1":
      return ECDSA[key.kind].verify(signature, data, raw, { lowS: false });
    default:
      return false;
  }
};

export const verifyP384: Crypto["verifyP384"] = (point, data, signature) =>
  signature.length === 96 &&
  p384.utils.isValidPublicKey(point, false) &&
  p384.verify(signature, data, point, { lowS: false });

export const rawPublicKey: Crypto["rawPublicKey"] = (kind, secret) => {
  switch (kind) {
    case "SM2":
      return sm2.rawPublicKey(secret);
    case "Ed25519":
      return ed25519.getPublicKey(secret);
    case "X25519":
      return x25519.getPublicKey(secret);
    default:
      return ECDSA[kind].getPublicKey(secret, false);
  }
};

const freshSecret = (kind: CurveKind): Uint8Array => {
  if (kind === "SM2") return sm2.generate().secret;
  return kind === "Ed25519" || kind === "X25519" ? randomBytes(32) : ECDSA[kind].utils.randomSecretKey();
};

export const generateKey: Crypto["generateKey"] = (kind) => {
  const secret = freshSecret(kind);
  return privateKeyFromRaw(kind, secret, rawPublicKey(kind, secret));
};

export const isValidPublicKey: Crypto["isValidPublicKey"] = (key) => {
  const raw = rawFromPublicKey(key);
  switch (key.kind) {
    case "SM2":
      return sm2.isValid(raw);
    case "Ed25519":
      return isEd25519Key(raw);
    case "X25519":
      return true;
    default:
      return ECDSA[key.kind].utils.isValidPublicKey(raw, false);
  }
};

export const ecdh: Crypto["ecdh"] = (key, peer) => {
  if (key.kind !== peer.kind) throw new TypeError(`a ${key.kind} key cannot agree with a ${peer.kind} key`);
  const [secret, raw] = [secretOf(key), rawFromPublicKey(peer)];
  try {
    if (key.kind === "P-256") return p256.getSharedSecret(secret, raw).slice(1);
    return x25519.getSharedSecret(secret, raw);
  } catch {
    throw refuse("key.point", { kind: peer.kind });
  }
};

/** What `work` returns; undefined when it throws, which is how noble says that tag or padding are wrong. */
const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

export const aes256gcm: Crypto["aes256gcm"] = {
  seal: (key, nonce, aad, data) => gcm(key, nonce, aad).encrypt(data),
  open(key, nonce, aad, sealed) {
    const cipher = gcm(key, nonce, aad);
    return attempt(() => cipher.decrypt(sealed));
  },
};

export const aes256cbc: Crypto["aes256cbc"] = {
  encrypt: (key, iv, data) => cbc(key, iv).encrypt(data),
  decrypt(key, iv, data) {
    const cipher = cbc(key, iv);
    return attempt(() => cipher.decrypt(data));
  },
};
