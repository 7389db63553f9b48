/** Keys as people hold them: PEM files in and out, and the thumbprint by which a key is named. */
import { isValidPublicKey, rawPublicKey, sha256Hex } from "#crypto";
import { type Bytes, equal, fromHex } from "../base/bytes.ts";
import { type CurveKind, type KeyKind, PrivateKey, type PublicKey, type SigningKind } from "./crypto/crypto.ts";
import {
  BIT_STRING,
  content,
  context,
  elements,
  INTEGER,
  NULL,
  OCTET_STRING,
  OID,
  oidText,
  only,
  SEQUENCE,
  smallInteger,
  tlv,
} from "./crypto/der.ts";
import { CURVE_KINDS, curveOf, privateKeyFromRaw, publicKeyFromRaw } from "./crypto/encoding.ts";
import { refuse } from "./keys-errors.ts";
import { decryptPkcs8, encryptPkcs8 } from "./pbes2.ts";
import { type PemBlock, pemBlocks, toPem } from "./pem.ts";

export const SIGNING_KINDS = ["P-256", "Ed25519", "secp256k1", "SM2"] as const satisfies readonly SigningKind[];
export const KEY_KINDS = [...CURVE_KINDS, "RSA"] as readonly KeyKind[];

/**
 * Reads a private key: PKCS #8, encrypted PKCS #8, or SEC 1 ("EC PRIVATE KEY").
 * @param options.accept kinds wanted; those that sign, unless said otherwise
 * @throws Refusal key.not-pem, key.public-given, key.kind, key.malformed, key.passphrase-needed, key.passphrase,
 *   key.protection
 */
export const keyFromPem = <K extends KeyKind = SigningKind>(
  pem: string,
  options: { passphrase?: string; accept?: readonly K[] } = {},
): PrivateKey<K> => {
  const { label, headers, der } = keyBlock(pem, "PRIVATE KEY");
  if (label.endsWith("PUBLIC KEY")) throw refuse("key.public-given");
  if (headers !== "") throw refuse("key.protection", { found: "the old PEM encryption" });
  const key = readable(() => {
    switch (label) {
      case "ENCRYPTED PRIVATE KEY":
        if (options.passphrase === undefined) throw refuse("key.passphrase-needed");
        return keyFromPkcs8(decryptPkcs8(der, options.passphrase));
      case "EC PRIVATE KEY":
        return keyFromSec1(der);
      default:
        return keyFromPkcs8(der);
    }
  });
  return accepted(key, options.accept ?? SIGNING_KINDS) as PrivateKey<K>;
};

/**
 * Reads a public key: SubjectPublicKeyInfo.
 * @param accept kinds wanted; all of them, unless said otherwise
 * @throws Refusal key.not-pem, key.private-given, key.kind, key.malformed, key.point
 */
export const publicKeyFromPem = <K extends KeyKind = KeyKind>(pem: string, accept?: readonly K[]): PublicKey<K> => {
  const { label, der } = keyBlock(pem, "PUBLIC KEY");
  if (label.endsWith("PRIVATE KEY")) throw refuse("key.private-given");
  return publicKeyFromSpki(der, accept);
};

/** The same from SubjectPublicKeyInfo in DER. @throws Refusal key.kind, key.malformed, key.point */
export const publicKeyFromSpki = <K extends KeyKind = KeyKind>(
  spki: Uint8Array,
  accept?: readonly K[],
): PublicKey<K> => {
  const kind = curveOf(spki);
  const key = kind ? { kind, spki: spki.slice() as Bytes } : readable(() => otherPublicKey(spki));
  accepted(key, accept ?? KEY_KINDS);
  if (kind && !isValidPublicKey({ kind, spki: key.spki })) throw refuse("key.point", { kind });
  return key as PublicKey<K>;
};

/** PKCS #8, or encrypted PKCS #8 when there is a passphrase. */
export const keyToPem = (key: PrivateKey, passphrase?: string): string =>
  passphrase === undefined
    ? toPem("PRIVATE KEY", key.pkcs8())
    : toPem("ENCRYPTED PRIVATE KEY", encryptPkcs8(key.pkcs8(), passphrase));

export const publicKeyToPem = (key: PublicKey): string => toPem("PUBLIC KEY", key.spki);

/** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal: the same for every format a key travels in. */
export const thumbprint = (key: PublicKey): string => sha256Hex(key.spki);

const KEY_LABELS = [
  "PRIVATE KEY",
  "ENCRYPTED PRIVATE KEY",
  "EC PRIVATE KEY",
  "RSA PRIVATE KEY",
  "PUBLIC KEY",
  "RSA PUBLIC KEY",
];

/** The only key of a PEM text. "EC PARAMETERS", which OpenSSL may put before a key, say nothing new. */
const keyBlock = (pem: string, expected: string): PemBlock => {
  let blocks: PemBlock[];
  try {
    blocks = pemBlocks(pem).filter(({ label }) => label !== "EC PARAMETERS");
  } catch {
    throw refuse("key.not-pem", { expected });
  }
  const [block, another] = blocks;
  if (!block || another || !KEY_LABELS.includes(block.label)) throw refuse("key.not-pem", { expected });
  if (block.label.startsWith("RSA "))
    throw refuse("key.malformed", {
      reason: "PKCS #1, where PKCS #8 is expected",
    });
  return block;
};

const EC = fromHex("2a8648ce3d0201");
const RSA = fromHex("2a864886f70d010101");
const CURVES: readonly [CurveKind, Bytes][] = [
  ["P-256", fromHex("2a8648ce3d030107")],
  ["secp256k1", fromHex("2b8104000a")],
  ["SM2", fromHex("2a811ccf5501822d")],
];
const ALGORITHMS: readonly [CurveKind, Bytes][] = [
  ["Ed25519", fromHex("2b6570")],
  ["X25519", fromHex("2b656e")],
];
/** Kinds that are met and refused, so that the refusal can name them. */
const KNOWN_OTHERS: Record<string, string> = {
  "1.3.132.0.34": "P-384",
  "1.3.132.0.35": "P-521",
  "1.3.101.113": "Ed448",
  "1.3.101.111": "X448",
  "1.2.840.10040.4.1": "DSA",
  "1.2.840.113549.1.1.10": "RSA-PSS",
};

type Algorithm = CurveKind | "RSA" | { other: string };

/** Reads the content of an AlgorithmIdentifier: RFC 5480 section 2, RFC 8410 section 3, RFC 3279 section 2.3.1. */
const algorithmOf = (identifier: Uint8Array): Algorithm => {
  const [name, parameters] = elements(identifier);
  const oid = content(name, OID);
  if (equal(oid, RSA)) return "RSA";
  if (!equal(oid, EC)) return kindAmong(ALGORITHMS, oid);
  return parameters?.tag === OID
    ? kindAmong(CURVES, parameters.content)
    : { other: "EC with explicit curve parameters" };
};

const kindAmong = (known: readonly [CurveKind, Bytes][], oid: Uint8Array): Algorithm => {
  const found = known.find(([, value]) => equal(value, oid));
  return found ? found[0] : { other: KNOWN_OTHERS[oidText(oid)] ?? oidText(oid) };
};

/** PrivateKeyInfo, RFC 5208 section 5; version 2 with attributes and public key is RFC 5958. */
const keyFromPkcs8 = (pkcs8: Uint8Array): PrivateKey => {
  const [version, algorithm, octets] = elements(only(pkcs8, SEQUENCE));
  if (smallInteger(version) > 1) throw new SyntaxError("an unknown version of PKCS #8");
  const kind = algorithmOf(content(algorithm, SEQUENCE));
  const inner = content(octets, OCTET_STRING);
  if (typeof kind === "object") throw unacceptable(kind.other, KEY_KINDS);
  if (kind === "RSA") return new PrivateKey(kind, { kind, spki: rsaSpki(inner) }, pkcs8.slice() as Bytes);
  if (kind === "Ed25519" || kind === "X25519") return curveKey(kind, only(inner, OCTET_STRING));
  return curveKey(kind, sec1Secret(inner));
};

/** ECPrivateKey on its own, RFC 5915 section 3: here the curve stands inside. */
const keyFromSec1 = (der: Uint8Array): PrivateKey => {
  const parameters = elements(only(der, SEQUENCE)).find(({ tag }) => tag === context(0));
  if (!parameters) throw new SyntaxError("no curve is named");
  const named = elements(parameters.content)[0];
  const kind = named?.tag === OID ? kindAmong(CURVES, named.content) : { other: "EC with explicit curve parameters" };
  if (typeof kind === "object" || kind === "RSA")
    throw unacceptable(typeof kind === "object" ? kind.other : kind, KEY_KINDS);
  return curveKey(kind, sec1Secret(der));
};

const sec1Secret = (der: Uint8Array): Bytes => {
  const [version, secret] = elements(only(der, SEQUENCE));
  if (smallInteger(version) !== 1) throw new SyntaxError("an unknown version of ECPrivateKey");
  return content(secret, OCTET_STRING);
};

/** The public key is computed anew: what a file says about it is not needed, and might not be true. */
const curveKey = (kind: CurveKind, secret: Uint8Array): PrivateKey => {
  if (secret.length !== 32) throw new SyntaxError("a secret that is not 32 bytes");
  let raw: Bytes;
  try {
    raw = rawPublicKey(kind, secret);
  } catch {
    throw new SyntaxError("a secret out of range");
  }
  return privateKeyFromRaw(kind, secret, raw);
};

const otherPublicKey = (spki: Uint8Array): PublicKey => {
  const [algorithm, key] = elements(only(spki, SEQUENCE));
  const kind = algorithmOf(content(algorithm, SEQUENCE));
  if (typeof kind === "object") throw unacceptable(kind.other, KEY_KINDS);
  if (kind === "RSA") {
    content(key, BIT_STRING);
    return { kind, spki: spki.slice() as Bytes };
  }
  const raw = content(key, BIT_STRING).subarray(1);
  const form = raw[0];
  if (raw.length === 33 && (form === 2 || form === 3))
    throw new SyntaxError("a compressed point; write it uncompressed");
  if (raw.length === 32 || (raw.length === 65 && form === 4)) return publicKeyFromRaw(kind, raw);
  throw new SyntaxError("a point of the wrong length");
};

/** SubjectPublicKeyInfo of an RSAPrivateKey: modulus and exponent are its second and third element (RFC 8017 A.1.2). */
const rsaSpki = (rsa: Uint8Array): Bytes => {
  const [, modulus, exponent] = elements(only(rsa, SEQUENCE));
  const pair = tlv(SEQUENCE, tlv(INTEGER, content(modulus, INTEGER)), tlv(INTEGER, content(exponent, INTEGER)));
  return tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, RSA), tlv(NULL)), tlv(BIT_STRING, Uint8Array.of(0), pair));
};

const accepted = <T extends { kind: KeyKind }>(key: T, accept: readonly KeyKind[]): T => {
  if (!accept.includes(key.kind)) throw unacceptable(key.kind, accept);
  return key;
};

const unacceptable = (found: string, accept: readonly KeyKind[]) =>
  refuse("key.kind", { found, accepted: accept.join(", ") });

/** Broken structure becomes a refusal. The reasons name what is wrong, never what was read. */
const readable = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse("key.malformed", { reason: error.message });
    throw error;
  }
};
