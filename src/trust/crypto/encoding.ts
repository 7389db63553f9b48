/**
 * The one DER form of each key. For a given curve everything but the key itself is constant, so encoding is
 * prepending, and recognising is comparing a prefix. SPKI: RFC 5480, RFC 8410; PKCS #8: RFC 5208, RFC 5915, RFC 8410,
 * byte for byte as OpenSSL 3 writes them; SM2: GB/T 35275 with id-ecPublicKey and the curve 1.2.156.10197.1.301.
 */
import { type Bytes, concat, equal, fromHex } from "../../base/bytes.ts";
import { type CurveKind, PrivateKey, type PublicKey } from "./crypto.ts";

interface Encoding {
  /** Before the raw public key. */
  spki: Bytes;
  /** Length of the raw public key. */
  raw: 32 | 65;
  /** Before the 32-byte secret. */
  pkcs8: Bytes;
}

const SECRET_LENGTH = 32;
/** [1] { BIT STRING } around the public point in an ECPrivateKey. */
const EC_PUBLIC = fromHex("a144034200");

const ENCODINGS: Record<CurveKind, Encoding> = {
  "P-256": {
    spki: fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
    raw: 65,
    pkcs8: fromHex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420"),
  },
  secp256k1: {
    spki: fromHex("3056301006072a8648ce3d020106052b8104000a034200"),
    raw: 65,
    pkcs8: fromHex("308184020100301006072a8648ce3d020106052b8104000a046d306b0201010420"),
  },
  SM2: {
    spki: fromHex("3059301306072a8648ce3d020106082a811ccf5501822d034200"),
    raw: 65,
    pkcs8: fromHex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"),
  },
  Ed25519: {
    spki: fromHex("302a300506032b6570032100"),
    raw: 32,
    pkcs8: fromHex("302e020100300506032b657004220420"),
  },
  X25519: {
    spki: fromHex("302a300506032b656e032100"),
    raw: 32,
    pkcs8: fromHex("302e020100300506032b656e04220420"),
  },
};

export const CURVE_KINDS = Object.keys(ENCODINGS) as readonly CurveKind[];

/** The public key of these raw bytes: 65 (04 || x || y) or 32. The point itself is not checked. */
export const publicKeyFromRaw = <K extends CurveKind>(kind: K, raw: Uint8Array): PublicKey<K> => ({
  kind,
  spki: concat(ENCODINGS[kind].spki, raw),
});

export const rawFromPublicKey = (key: PublicKey<CurveKind>): Bytes =>
  key.spki.slice(ENCODINGS[key.kind].spki.length) as Bytes;

/** SEC 1 section 2.3.3: 02 or 03 || x, from 04 || x || y. */
export const compressedPoint = (point: Uint8Array): Bytes =>
  concat(Uint8Array.of(2 + ((point[64] ?? 0) & 1)), point.subarray(1, 33));

/** Which curve this SPKI is for; undefined when it is not in the one form used here. The point is not checked. */
export const curveOf = (spki: Uint8Array): CurveKind | undefined =>
  CURVE_KINDS.find((kind) => {
    const { spki: prefix, raw } = ENCODINGS[kind];
    if (spki.length !== prefix.length + raw || !equal(spki.subarray(0, prefix.length), prefix)) return false;
    return raw === 32 || spki[prefix.length] === 4;
  });

export const privateKeyFromRaw = <K extends CurveKind>(kind: K, secret: Uint8Array, raw: Uint8Array): PrivateKey<K> => {
  const { pkcs8, raw: rawLength } = ENCODINGS[kind];
  const encoded = rawLength === 65 ? concat(pkcs8, secret, EC_PUBLIC, raw) : concat(pkcs8, secret);
  return new PrivateKey(kind, publicKeyFromRaw(kind, raw), encoded);
};

/** The 32-byte secret: a scalar (big-endian), or the seed of Ed25519 and X25519. */
export const secretOf = (key: PrivateKey<CurveKind>): Bytes => {
  const start = ENCODINGS[key.kind].pkcs8.length;
  return key.pkcs8().slice(start, start + SECRET_LENGTH) as Bytes;
};
