/**
 * Statements: what a member declares, in canonical JSON (RFC 8785), signed as a compact JWS. `seen` is the digest of
 * the stream's statement before it, so every signature covers the whole history it was made on: nothing can be
 * dropped, reordered, replayed or slipped in without the next signer noticing.
 */
import { sha256Hex } from "#crypto";
import { fromUtf8, toBase64url, utf8 } from "../base/bytes.ts";
import { canonical, parseCanonical } from "../base/canonical.ts";
import { iso } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import type { PrivateKey, PublicKey, SigningKind } from "./crypto/crypto.ts";
import { refuse } from "./errors.ts";
import { type Alg, type Jws, parseJws, signJws, verifyJws } from "./jws.ts";
import { hasLowS, withLowS } from "./low-s.ts";

export interface Statement<P = unknown> {
  readonly kind: string;
  /** SHA-256 (hex) of the stream's first JWS; "" in that first one. */
  readonly stream: string;
  /** SHA-256 (hex) of the stream's newest JWS; "" in the first. */
  readonly seen: string;
  /** Stream id of the principal that signs; "" where the statement founds that very principal. */
  readonly by: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly payload: P;
}

export interface SignedStatement<P = unknown> {
  readonly jws: Jws;
  readonly statement: Statement<P>;
  /** SHA-256 (hex) of the JWS: what the next statement of the stream must have seen. */
  readonly digest: string;
}

/** Whatever can sign for a principal: a key in memory, a browser's key store, a threshold group. */
export interface Signer {
  readonly alg: Alg;
  /** Leaf certificate (DER, base64), for members of organisations. */
  readonly certificate?: string;
  /** @param input the JWS signing input (RFC 7515 section 5.1) */
  sign(input: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Media type of a signed statement: no signature made for another purpose passes for one. */
const TYPE = "entente+jws";
const MEMBERS = ["at", "by", "kind", "payload", "seen", "stream"];
const DIGEST = /^([0-9a-f]{64})?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const signStatement = async (statement: Statement, signer: Signer): Promise<string> => {
  const header = canonical({
    alg: signer.alg,
    typ: TYPE,
    x5c: signer.certificate === undefined ? undefined : [signer.certificate],
  });
  const input = `${toBase64url(utf8(header))}.${toBase64url(utf8(canonical(statement)))}`;
  return `${input}.${toBase64url(withLowS(signer.alg, await signer.sign(utf8(input))))}`;
};

/** Signs with a key in memory. */
export const signStatementWith = (
  statement: Statement,
  key: PrivateKey<SigningKind>,
  certificate?: Uint8Array,
): string => signJws({ key, typ: TYPE, payload: canonical(statement), ...(certificate && { x5c: [certificate] }) });

/**
 * Reads a statement without checking its signature.
 * @throws Refusal statement.malformed
 */
export const parseStatement = (text: string): SignedStatement => {
  try {
    const jws = parseJws(text, TYPE);
    const payload = fromUtf8(jws.payload);
    // Validators pass over such a member, so it would be signed and yet not be read.
    if (payload.includes('"__proto__":'))
      throw refuse("statement.malformed", { reason: "a member is called __proto__" });
    const statement = parseCanonical(payload);
    if (!isStatement(statement))
      throw refuse("statement.malformed", { reason: "its members are not those of a statement" });
    return { jws, statement, digest: sha256Hex(text) };
  } catch (error) {
    if (error instanceof Refusal && error.code !== "statement.malformed")
      throw refuse("statement.malformed", { reason: error.message });
    if (error instanceof TypeError) throw refuse("statement.malformed", { reason: "it is not UTF-8" });
    if (error instanceof RangeError) throw refuse("statement.malformed", { reason: "it is nested too deeply" });
    throw error;
  }
};

/** A day that no calendar has is read differently by different machines, so a time must be what it reads as. */
const isTime = (text: string): boolean => {
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && iso(ms) === text;
};

const isStatement = (value: unknown): value is Statement => {
  if (typeof value !== "object" || value === null || Object.keys(value).join() !== MEMBERS.join()) return false;
  const { at, by, kind, payload, seen, stream } = value as Record<string, unknown>;
  return (
    typeof at === "string" &&
    isTime(at) &&
    typeof kind === "string" &&
    kind.length <= 64 &&
    [by, seen, stream].every((digest) => typeof digest === "string" && DIGEST.test(digest)) &&
    typeof payload === "object" &&
    payload !== null
  );
};

/**
 * Of ECDSA signatures only those with a low s: a statement has one digest, and nobody but its signer makes another.
 * @throws Refusal statement.signature
 */
export const verifyStatement = ({ jws, statement }: SignedStatement, key: PublicKey): void => {
  const wrong = () => refuse("statement.signature", { by: statement.by || "its founder" });
  if (!hasLowS(jws.header.alg, jws.signature)) throw wrong();
  try {
    verifyJws(jws, key);
  } catch (error) {
    if (error instanceof Refusal) throw wrong();
    throw error;
  }
};
