/**
 * Compact JWS (RFC 7515 section 3.1), one strict profile: unpadded canonical base64url, a header in canonical JSON
 * (RFC 8785) with known members only, and the algorithm that the key's kind has. Equal content under equal header
 * has one spelling. ES256 (RFC 7518), EdDSA (RFC 8037), ES256K (RFC 8812); "SM2" is this project's name for
 * GB/T 32918.2 with SM3, r || s.
 */
import { sign, verify } from "#crypto";
import { type Bytes, fromBase64, fromBase64url, fromUtf8, toBase64, toBase64url, utf8 } from "../base/bytes.ts";
import { canonical, parseCanonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import type { PrivateKey, PublicKey, SigningKind } from "./crypto/crypto.ts";
import { refuse } from "./keys-errors.ts";
import { withLowS } from "./low-s.ts";

export const ALGORITHMS = {
  "P-256": "ES256",
  Ed25519: "EdDSA",
  secp256k1: "ES256K",
  SM2: "SM2",
} as const;
export type Alg = (typeof ALGORITHMS)[SigningKind];

/** Bytes of payload, before encoding. */
export const MAX_PAYLOAD = 256 * 1024;
/** Characters of the encoded header: a certificate fits many times. */
const MAX_HEADER = 16 * 1024;
const SIGNATURE_LENGTH = 64;

export interface JwsHeader {
  alg: Alg;
  typ?: string;
  kid?: string;
  /** Certificates in DER, base64 (not base64url), the signer's first: RFC 7515 section 4.1.6. */
  x5c?: readonly string[];
}

export interface Jws {
  readonly header: JwsHeader;
  readonly payload: Bytes;
  readonly signature: Bytes;
  /** The JWS as it was given. */
  readonly text: string;
}

export interface SignOptions {
  key: PrivateKey<SigningKind>;
  typ?: string;
  kid?: string;
  /** Certificates in DER, the signer's first. */
  x5c?: readonly Uint8Array[];
  /** At most 256 KiB; text is taken as UTF-8. */
  payload: Uint8Array | string;
}

/** @throws Refusal jws.too-large */
export const signJws = ({ key, typ, kid, x5c, payload }: SignOptions): string => {
  const bytes = typeof payload === "string" ? utf8(payload) : payload;
  if (bytes.length > MAX_PAYLOAD) throw refuse("jws.too-large", { bytes: bytes.length, limit: MAX_PAYLOAD });
  const alg = ALGORITHMS[key.kind];
  const header = canonical({
    alg,
    typ,
    kid,
    x5c: x5c?.map(toBase64),
  });
  const input = `${toBase64url(utf8(header))}.${toBase64url(bytes)}`;
  return `${input}.${toBase64url(withLowS(alg, sign(key, utf8(input))))}`;
};

/**
 * Reads a JWS without checking its signature.
 * @param typ the media type it must be of, so that a signature made for one purpose serves no other; null where the
 *   header has to have none
 * @throws Refusal jws.malformed, jws.header, jws.too-large
 */
export const parseJws = (text: string, typ: string | null): Jws => {
  const [header = "", payload = "", signature = "", ...more] = text.split(".", 4);
  if (signature === "" || more.length > 0) throw refuse("jws.malformed", { reason: "three parts are expected" });
  if (header.length > MAX_HEADER)
    throw refuse("jws.header", {
      reason: `longer than ${MAX_HEADER} characters`,
    });
  const bytes = Math.floor((payload.length * 3) / 4);
  if (bytes > MAX_PAYLOAD) throw refuse("jws.too-large", { bytes, limit: MAX_PAYLOAD });
  const parsed = {
    header: parseHeader(decode(header, "header")),
    payload: decode(payload, "payload"),
    signature: decode(signature, "signature"),
    text,
  };
  if (parsed.signature.length !== SIGNATURE_LENGTH) {
    throw refuse("jws.malformed", {
      reason: `a signature has ${SIGNATURE_LENGTH} bytes`,
    });
  }
  if ((parsed.header.typ ?? null) !== typ) throw refuse("jws.header", { reason: `typ has to be ${typ ?? "absent"}` });
  return parsed;
};

/** @throws Refusal jws.algorithm, jws.signature */
export const verifyJws = (jws: Jws, key: PublicKey): void => {
  const { alg } = jws.header;
  if (!canSign(key) || ALGORITHMS[key.kind] !== alg) throw refuse("jws.algorithm", { alg, kind: key.kind });
  const input = utf8(jws.text.slice(0, jws.text.lastIndexOf(".")));
  if (!verify(key, input, jws.signature)) throw refuse("jws.signature");
};

const canSign = (key: PublicKey): key is PublicKey<SigningKind> => Object.hasOwn(ALGORITHMS, key.kind);

const decode = (part: string, name: string): Bytes => {
  try {
    return fromBase64url(part);
  } catch {
    throw refuse("jws.malformed", {
      reason: `the ${name} is not canonical base64url`,
    });
  }
};

const parseHeader = (bytes: Uint8Array): JwsHeader => {
  const header = parseObject(bytes);
  for (const [name, value] of Object.entries(header)) {
    const check = MEMBERS.get(name);
    if (!check)
      throw refuse("jws.header", {
        reason: `the member ${name.slice(0, 40)} is not known`,
      });
    if (!check(value))
      throw refuse("jws.header", {
        reason: `${name} has a value that is not accepted`,
      });
  }
  if (!("alg" in header)) throw refuse("jws.header", { reason: "alg is missing" });
  return header as JwsHeader;
};

const parseObject = (bytes: Uint8Array): object => {
  let value: unknown;
  try {
    value = parseCanonical(fromUtf8(bytes));
  } catch (error) {
    if (error instanceof Refusal || error instanceof TypeError) {
      throw refuse("jws.header", { reason: "it is not canonical JSON" });
    }
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse("jws.header", { reason: "it is not a JSON object" });
  }
  return value;
};

const ALGORITHM_NAMES: readonly unknown[] = Object.values(ALGORITHMS);
const isText = (value: unknown): boolean => typeof value === "string" && value.length > 0 && value.length <= 256;

const isCertificate = (value: unknown): boolean => {
  if (typeof value !== "string" || value === "") return false;
  try {
    fromBase64(value);
    return true;
  } catch {
    return false;
  }
};

/** The members a header may have, and what each may be. Nothing called "crit", "jwk" or "jku" is ever obeyed. */
const MEMBERS = new Map<string, (value: unknown) => boolean>([
  ["alg", (value) => ALGORITHM_NAMES.includes(value)],
  ["typ", isText],
  ["kid", isText],
  ["x5c", (value) => Array.isArray(value) && value.length > 0 && value.length <= 4 && value.every(isCertificate)],
]);
