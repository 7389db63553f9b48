/** Diagnostics as the enclave releases them: text of one fixed length, and its word for which request they are. */
import { z } from "zod";
import { sha256Hex } from "#crypto";
import { fromBase64, fromUtf8, toBase64, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import type { PrivateKey, PublicKey, SigningKind } from "../trust/crypto/crypto.ts";
import { parseJws, signJws, verifyJws } from "../trust/jws.ts";
import { refuse } from "./errors.ts";
import { Digest } from "./shapes.ts";

const TYPE = "entente-diagnostics+jws";

/** Bytes of the text, whatever there is to say. */
export const DIAGNOSTICS_BYTES = 16 << 10;
const SPACE = 0x20;

/** UTF-8, cut at a character and filled up with spaces: its length tells nothing. */
export const paddedDiagnostics = (text: string): Uint8Array => {
  const padded = new Uint8Array(DIAGNOSTICS_BYTES).fill(SPACE);
  const bytes = utf8(text.toWellFormed());
  let end = Math.min(bytes.length, DIAGNOSTICS_BYTES);
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  padded.set(bytes.subarray(0, end));
  return padded;
};

/** The text without what fills it up. */
export const diagnosticsText = (padded: Uint8Array): string => fromUtf8(padded).trimEnd();

export const ReleasedDiagnostics = z.strictObject({
  /** Digest of the request that it answers. */
  request: Digest,
  /** The text, sealed to the key of the request; base64. */
  envelope: z.string(),
  /** JWS of the enclave over task, request and envelope. */
  answer: z.string(),
});
export type ReleasedDiagnostics = z.output<typeof ReleasedDiagnostics>;

const wordsOf = (task: string, request: string, envelope: Uint8Array): string =>
  canonical({ use: "entente/diagnostics/1", task, request, envelope: sha256Hex(envelope) });

/** @param task stream; @param key of the enclave */
export const releaseDiagnostics = (
  task: string,
  request: string,
  envelope: Uint8Array,
  key: PrivateKey<SigningKind>,
): ReleasedDiagnostics => ({
  request,
  envelope: toBase64(envelope),
  answer: signJws({ key, typ: TYPE, payload: wordsOf(task, request, envelope) }),
});

/**
 * That the enclave with this key sealed this text for this request.
 * @returns the envelope
 * @throws Refusal diagnostics.other, jws.*
 */
export const verifyDiagnostics = (
  task: string,
  request: string,
  released: ReleasedDiagnostics,
  key: PublicKey,
): Uint8Array => {
  const jws = parseJws(released.answer, TYPE);
  verifyJws(jws, key);
  const envelope = fromBase64(released.envelope);
  if (fromUtf8(jws.payload) !== wordsOf(task, request, envelope)) throw refuse("diagnostics.other");
  return envelope;
};
