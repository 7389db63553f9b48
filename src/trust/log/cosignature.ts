/**
 * Cosignatures (c2sp.org/tlog-cosignature, Ed25519 form): a witness says that, at a time, a checkpoint was the newest
 * it had seen of a log and consistent with all before. Enough of them make a checkpoint final. docs/protocols/log.md,
 * section 4.
 */
import { verify } from "#crypto";
import { type Bytes, concat, toHex, u64, utf8 } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { publicKeyFromRaw } from "../crypto/encoding.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { refuse } from "./errors.ts";
import {
  type Check,
  COSIGNATURE,
  formatVerifierKey,
  type NoteSigner,
  parseNote,
  parseVerifierKey,
  type SigningKey,
  type VerifierKey,
  verifiedSignatures,
  verifierKey,
} from "./note.ts";

const TIMESTAMP_LENGTH = 8;

/** Domain-separated by its header line, and naming the time: "Ed25519 signed message" of the specification. */
const message = (text: string, seconds: number): Bytes => utf8(`cosignature/v1\ntime ${seconds}\n${text}`);

/** A witness's signer (type 0x04). Whoever calls it has checked consistency before. @throws Refusal note.key */
export const createCosigner = ({ name, publicKey, sign, clock }: SigningKey & { clock: Clock }): NoteSigner => ({
  name,
  verifierKey: formatVerifierKey(verifierKey(name, COSIGNATURE, publicKey)),
  sign: (text) => {
    const seconds = Math.floor(clock.now() / 1000);
    return concat(u64(seconds), sign(message(text, seconds)));
  },
});

/** Type 0x04: eight bytes of time in seconds, then the signature over time and text. */
export const checkCosignature: Check = (key, text, signature) => {
  const seconds = cosignatureTime(signature);
  if (key.type !== COSIGNATURE || !Number.isSafeInteger(seconds)) return false;
  const ed25519 = signature.subarray(TIMESTAMP_LENGTH);
  return verify(publicKeyFromRaw("Ed25519", key.publicKey), message(text, seconds), ed25519);
};

/** Seconds since 1970 that a cosignature names; NaN when it is cut short. */
export const cosignatureTime = (signature: Uint8Array): number =>
  signature.length < TIMESTAMP_LENGTH
    ? Number.NaN
    : signature.subarray(0, TIMESTAMP_LENGTH).reduce((seconds, octet) => seconds * 256 + octet, 0);

/** Whose word about a log is taken: its own key, and at least `threshold` of the witnesses'. Keys as `vkey` text. */
export interface QuorumPolicy {
  /** Type 0x01; its name is the log's origin. */
  readonly log: string;
  /** Type 0x04, no two with the same public key. */
  readonly witnesses: readonly string[];
  /** From 0 (the log's word is enough) to the number of witnesses. */
  readonly threshold: number;
}

export interface Cosigned {
  readonly checkpoint: Checkpoint;
  /** Each witness once, in the policy's order, with the newest time it named, in milliseconds. */
  readonly witnesses: readonly { readonly name: string; readonly time: number }[];
}

/**
 * Checks a cosigned checkpoint against a policy.
 * @throws Refusal checkpoint.policy for a policy that cannot be met or counts a key twice; checkpoint.quorum;
 *   note.signature when any signature by a key of the policy does not verify; and those of `openCheckpoint`
 */
export const verifyQuorum = (note: string, { log, witnesses, threshold }: QuorumPolicy): Cosigned => {
  const keys = witnessKeys(witnesses, threshold);
  const checkpoint = openCheckpoint(note, log);
  const verified = verifiedSignatures(parseNote(note), keys, checkCosignature);
  const cosigned = keys.flatMap((witness) => {
    const times = verified.filter(({ key }) => key === witness).map(({ signature }) => cosignatureTime(signature));
    return times.length > 0 ? [{ name: witness.name, time: Math.max(...times) * 1000 }] : [];
  });
  if (cosigned.length < threshold) throw refuse("checkpoint.quorum", { have: cosigned.length, need: threshold });
  return { checkpoint, witnesses: cosigned };
};

const witnessKeys = (witnesses: readonly string[], threshold: number): VerifierKey[] => {
  const no = (reason: string) => refuse("checkpoint.policy", { reason });
  const keys = witnesses.map(parseVerifierKey);
  if (keys.some(({ type }) => type !== COSIGNATURE)) throw no("a witness's key is not one for cosignatures");
  // By key, not by name: the message does not name the witness, so one key under two names would count twice.
  if (new Set(keys.map(({ publicKey }) => toHex(publicKey))).size < keys.length) throw no("a witness is listed twice");
  if (!Number.isSafeInteger(threshold) || threshold < 0 || threshold > keys.length) {
    throw no("the threshold is not between 0 and the number of witnesses");
  }
  return keys;
};
