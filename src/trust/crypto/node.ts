/** The primitives under Node.js: OpenSSL through node:crypto, parsed keys kept; SM2 from sm2.ts. */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  hkdfSync,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
  pbkdf2Sync,
  randomFillSync,
} from "node:crypto";
import { type Bytes, concat } from "../../base/bytes.ts";
import { refuse } from "../keys-errors.ts";
import type { Crypto, CurveKind, PrivateKey, PublicKey } from "./crypto.ts";
import { signatureFromDer, signatureToDer } from "./der.ts";
import { isEd25519Key } from "./edwards.ts";
import { privateKeyFromRaw, rawFromPublicKey, secretOf } from "./encoding.ts";
import { createLru } from "./lru.ts";
import { createSm2 } from "./sm2.ts";

const TAG_LENGTH = 16;

/** A Buffer as the plain Uint8Array the rest of the code works on; no copy. */
const plain = (buffer: Uint8Array): Bytes =>
  new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);

export const sha256: Crypto["sha256"] = (data) => plain(hash("sha256", data, "buffer"));
export const sha256Hex: Crypto["sha256Hex"] = (data) => hash("sha256", data, "hex");
export const sha384: Crypto["sha384"] = (data) => plain(hash("sha384", data, "buffer"));
export const sha512: Crypto["sha512"] = (data) => plain(hash("sha512", data, "buffer"));
export const sm3: Crypto["sm3"] = (data) => plain(hash("sm3", data, "buffer"));
/** Node.js 24 finds out by an exception that bytes are no key of its own, which takes longer than the cipher does. */
const secret = createSecretKey;

export const hmacSha256: Crypto["hmacSha256"] = (key, data) =>
  plain(createHmac("sha256", secret(key)).update(data).digest());
export const hkdfSha256: Crypto["hkdfSha256"] = (secret, salt, info, length) =>
  new Uint8Array(hkdfSync("sha256", secret, salt, info, length));
export const pbkdf2Sha256: Crypto["pbkdf2Sha256"] = (password, salt, iterations, length) =>
  plain(pbkdf2Sync(password, salt, iterations, length, "sha256"));
export const randomBytes: Crypto["randomBytes"] = (length) => randomFillSync(new Uint8Array(length));

const sm2 = createSm2(sm3);

const privateObjects = new WeakMap<PrivateKey, KeyObject>();
const privateObject = (key: PrivateKey): KeyObject => {
  const known = privateObjects.get(key);
  if (known) return known;
  const object = createPrivateKey({
    key: Buffer.from(key.pkcs8()),
    format: "der",
    type: "pkcs8",
  });
  privateObjects.set(key, object);
  return object;
};

/** Parsing an SPKI costs as much as verifying with it, so what was parsed is kept; undefined for an invalid key. */
const publicObjects = createLru<KeyObject | undefined>(4096);
const publicObject = (key: PublicKey<CurveKind>): KeyObject | undefined => {
  const der = Buffer.from(key.spki.buffer, key.spki.byteOffset, key.spki.length);
  return publicObjects.get(der.toString("latin1"), () => {
    if (key.kind === "Ed25519" && !isEd25519Key(rawFromPublicKey(key))) return undefined;
    try {
      return createPublicKey({ key: der, format: "der", type: "spki" });
    } catch {
      return undefined; // not a point of the curve
    }
  });
};

/**
 * ECDSA goes to and from OpenSSL in DER: given a key among options, Node.js 24 finds out by an exception that they are
 * none themselves, and signing takes twice as long.
 */
export const sign: Crypto["sign"] = (key, data) => {
  switch (key.kind) {
    case "SM2":
      return sm2.sign(secretOf(key), rawFromPublicKey(key.publicKey), data);
    case "Ed25519":
      return plain(nodeSign(null, data, privateObject(key)));
    case "P-256":
    case "secp256k1":
      return signatureFromDer(nodeSign("sha256", data, privateObject(key)));
    default:
      throw new TypeError(`a key of kind ${String(key.kind)} does not sign`);
  }
};

export const verify: Crypto["verify"] = (key, data, signature) => {
  if (key.kind === "SM2") return sm2.verify(rawFromPublicKey(key), data, signature);
  const object = publicObject(key);
  if (!object || signature.length !== 64) return false;
  switch (key.kind) {
    case "Ed25519":
      return nodeVerify(null, data, object, signature);
    case "P-256":
    case "secp256k1":
      return nodeVerify("sha256", data, object, signatureToDer(signature));
    default:
      return false;
  }
};

/** SubjectPublicKeyInfo (RFC 5480) up to the point. */
const P384_SPKI = Buffer.from("3076301006072a8648ce3d020106052b81040022036200", "hex");
const P384_POINT = 97;

export const verifyP384: Crypto["verifyP384"] = (point, data, signature) => {
  if (point.length !== P384_POINT || point[0] !== 4 || signature.length !== 96) return false;
  try {
    const key = createPublicKey({ key: Buffer.concat([P384_SPKI, point]), format: "der", type: "spki" });
    return nodeVerify("sha384", data, { key, dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    return false; // not a point of the curve
  }
};

const OPENSSL_CURVES = {
  "P-256": "prime256v1",
  secp256k1: "secp256k1",
} as const;

export const rawPublicKey: Crypto["rawPublicKey"] = (kind, secret) => {
  switch (kind) {
    case "SM2":
      return sm2.rawPublicKey(secret);
    case "P-256":
    case "secp256k1": {
      const curve = createECDH(OPENSSL_CURVES[kind]);
      curve.setPrivateKey(secret);
      return plain(curve.getPublicKey());
    }
    default: {
      // RFC 8410: no public key in the encoding, so an empty one stands in until it is derived.
      const key = privateObject(privateKeyFromRaw(kind, secret, new Uint8Array(32)));
      const spki = plain(createPublicKey(key).export({ format: "der", type: "spki" }));
      return rawFromPublicKey({ kind, spki });
    }
  }
};

/** The secret of a fresh key. Curve secrets come as JWK members, always of full length (RFC 7518 section 6.2.2.1). */
const freshSecret = (kind: CurveKind): Uint8Array => {
  switch (kind) {
    case "SM2":
      return sm2.generate().secret;
    case "P-256":
    case "secp256k1": {
      const { privateKey } = generateKeyPairSync("ec", {
        namedCurve: OPENSSL_CURVES[kind],
      });
      return Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
    }
    default:
      return randomBytes(32);
  }
};

export const generateKey: Crypto["generateKey"] = (kind) => {
  const secret = freshSecret(kind);
  return privateKeyFromRaw(kind, secret, rawPublicKey(kind, secret));
};

export const isValidPublicKey: Crypto["isValidPublicKey"] = (key) =>
  key.kind === "SM2" ? sm2.isValid(rawFromPublicKey(key)) : publicObject(key) !== undefined;

export const ecdh: Crypto["ecdh"] = (key, peer) => {
  if (key.kind !== peer.kind) throw new TypeError(`a ${key.kind} key cannot agree with a ${peer.kind} key`);
  const [privateKey, publicKey] = [privateObject(key), publicObject(peer)];
  if (!publicKey) throw refuse("key.point", { kind: peer.kind });
  try {
    return plain(diffieHellman({ privateKey, publicKey }));
  } catch {
    throw refuse("key.point", { kind: peer.kind });
  }
};

export const aes256gcm: Crypto["aes256gcm"] = {
  seal(key, nonce, aad, data) {
    const cipher = createCipheriv("aes-256-gcm", secret(key), nonce).setAAD(aad);
    return concat(cipher.update(data), cipher.final(), cipher.getAuthTag());
  },
  open(key, nonce, aad, sealed) {
    if (sealed.length < TAG_LENGTH) return undefined;
    const end = sealed.length - TAG_LENGTH;
    const decipher = createDecipheriv("aes-256-gcm", secret(key), nonce, {
      authTagLength: TAG_LENGTH,
    }).setAAD(aad);
    const data = plain(decipher.setAuthTag(sealed.subarray(end)).update(sealed.subarray(0, end)));
    return finished(() => decipher.final()) && data;
  },
};

export const aes256cbc: Crypto["aes256cbc"] = {
  encrypt(key, iv, data) {
    const cipher = createCipheriv("aes-256-cbc", secret(key), iv);
    return concat(cipher.update(data), cipher.final());
  },
  decrypt(key, iv, data) {
    const decipher = createDecipheriv("aes-256-cbc", secret(key), iv);
    const start = decipher.update(data);
    const end = finished(() => decipher.final());
    return end && concat(start, end);
  },
};

/** What `final` returns; undefined when it throws, which is how OpenSSL says that tag or padding are wrong. */
const finished = (final: () => Uint8Array): Uint8Array | undefined => {
  try {
    return final();
  } catch {
    return undefined;
  }
};
