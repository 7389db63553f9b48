/**
 * Checkpoints (c2sp.org/tlog-checkpoint): signed notes that say how large a log is and what its root hash is.
 * docs/protocols/log.md, section 3.
 */
import { type Bytes, fromBase64, toBase64 } from "../../base/bytes.ts";
import { refuse } from "./errors.ts";
import { HASH_LENGTH } from "./merkle.ts";
import { ED25519, type NoteSigner, openNote, parseVerifierKey, signNote } from "./note.ts";

export interface Checkpoint {
  /** Which log: the name its key signs under, `entente/<...>` for ours. */
  readonly origin: string;
  /** Entries in the tree. */
  readonly size: number;
  /** RFC 9162 2.1.1 root, 32 bytes. */
  readonly root: Bytes;
  /** Further lines, opaque. */
  readonly extensions?: readonly string[];
}

/** The text that is signed. */
export const formatCheckpoint = ({ origin, size, root, extensions = [] }: Checkpoint): string =>
  [origin, size, toBase64(root), ...extensions, ""].join("\n");

/** Strict: what it accepts formats to the same text. @throws Refusal checkpoint.malformed */
export const parseCheckpoint = (text: string): Checkpoint => {
  const no = (reason: string) => refuse("checkpoint.malformed", { reason });
  if (!text.endsWith("\n")) throw no("its last line is cut short");
  const lines = text.slice(0, -1).split("\n");
  if (lines.length < 3 || lines.includes("")) throw no("it does not have three lines or has an empty one");
  const [origin = "", decimal = "", encoded = "", ...extensions] = lines;
  const size = parseDecimal(decimal);
  if (size === undefined) throw no("the size is not a decimal number");
  const root = parseHash(encoded);
  if (!root) throw no("the root hash is not base64 of 32 bytes");
  return { origin, size, root, ...(extensions.length > 0 && { extensions }) };
};

/** A signed checkpoint; the signer's name must be the origin. @throws Refusal checkpoint.origin, checkpoint.malformed */
export const signCheckpoint = (checkpoint: Checkpoint, signer: NoteSigner): string => {
  if (signer.name !== checkpoint.origin) {
    throw refuse("checkpoint.origin", { found: checkpoint.origin, expected: signer.name });
  }
  const text = formatCheckpoint(checkpoint);
  parseCheckpoint(text);
  return signNote(text, [signer]);
};

/**
 * The checkpoint of a note signed by the log whose key (`vkey`, type 0x01) is given.
 * @throws Refusal note.key, note.malformed, note.signature, note.unsigned, checkpoint.malformed, checkpoint.origin
 */
export const openCheckpoint = (note: string, verifierKey: string): Checkpoint => {
  const log = parseVerifierKey(verifierKey);
  if (log.type !== ED25519) throw refuse("note.key", { reason: "it is a witness's key, not a log's" });
  const checkpoint = parseCheckpoint(openNote(note, [log]).text);
  if (checkpoint.origin !== log.name) {
    throw refuse("checkpoint.origin", { found: checkpoint.origin, expected: log.name });
  }
  return checkpoint;
};

/** ASCII decimal without leading zeroes, up to 2^53 - 1; undefined for anything else. */
export const parseDecimal = (text: string): number | undefined => {
  const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
};

/** Canonical base64 of 32 bytes; undefined for anything else. */
export const parseHash = (text: string): Bytes | undefined => {
  try {
    const hash = fromBase64(text);
    return hash.length === HASH_LENGTH ? hash : undefined;
  } catch {
    return undefined; // the caller says which line it was
  }
};
