/**
 * Signed notes (c2sp.org/signed-note): text that carries its signatures. A text is nothing until `openNote` has
 * said who signed it. docs/protocols/log.md, section 2.
 */
import { sha256, verify } from "#crypto";
import { type Bytes, concat, fromBase64, fromHex, toBase64, toHex, utf8 } from "../../base/bytes.ts";
import { publicKeyFromRaw } from "../crypto/encoding.ts";
import { refuse } from "./errors.ts";

/** Assigned signature types used here: Ed25519, and Ed25519 with a timestamp (c2sp.org/tlog-cosignature). */
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
export type SignatureType = typeof ED25519 | typeof COSIGNATURE;

const PUBLIC_KEY_LENGTH = 32;
/** Limits in the sense of the specification, which wants at least 16 signatures accepted. */
const MAX_LENGTH = 1 << 20;
const MAX_SIGNATURES = 100;

/** One signature line. */
export interface NoteSignature {
  readonly name: string;
  /** Four bytes in hexadecimal. With the name it says which key, and which algorithm. */
  readonly keyId: string;
  readonly signature: Bytes;
}

export interface Note {
  /** What is signed, up to and with its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A key that signatures can be checked with. Keys travel as text, the `vkey`: name+hash+base64. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: string;
  readonly type: SignatureType;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Bytes;
}

/** Signs note texts under one name. The secret stays with whoever made the function. */
export interface NoteSigner {
  readonly name: string;
  /** The `vkey` that checks what is signed. */
  readonly verifierKey: string;
  sign(text: string): Bytes;
}

/** What makes a signer: a name, an Ed25519 public key (32 bytes), and the function that signs with it (64 bytes). */
export interface SigningKey {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Bytes;
}

/** A plain Ed25519 signer (type 0x01), as logs use. @throws Refusal note.key for a name that notes cannot carry */
export const createNoteSigner = ({ name, publicKey, sign }: SigningKey): NoteSigner => ({
  name,
  verifierKey: formatVerifierKey(verifierKey(name, ED25519, publicKey)),
  sign: (text) => sign(utf8(text)),
});

/** @throws Refusal note.key for a name that notes cannot carry, or a key not of 32 bytes */
export const verifierKey = (name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey => {
  if (!isName(name)) throw refuse("note.key", { reason: "the name is empty or has a space or a plus sign" });
  if (publicKey.length !== PUBLIC_KEY_LENGTH) throw refuse("note.key", { reason: "the public key is not of 32 bytes" });
  const id = sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, 4);
  return { name, keyId: toHex(id), type, publicKey: publicKey.slice() as Bytes };
};

/** `name+hash+base64`, the form keys are handed around in. */
export const formatVerifierKey = ({ name, keyId, type, publicKey }: VerifierKey): string =>
  `${name}+${keyId}+${toBase64(concat(Uint8Array.of(type), publicKey))}`;

/** @throws Refusal note.key, also when the hash is not that of the name and key */
export const parseVerifierKey = (vkey: string): VerifierKey => {
  // Base64 may hold plus signs, so only the first two separate.
  const [, name = "", keyId = "", material = ""] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/su.exec(vkey) ?? [];
  const bytes = base64(material);
  if (!bytes) throw refuse("note.key", { reason: "it is not of the form name+hash+base64" });
  const type = bytes[0];
  if (type !== ED25519 && type !== COSIGNATURE) throw refuse("note.key", { reason: "its algorithm is not known" });
  const key = verifierKey(name, type, bytes.subarray(1));
  if (key.keyId !== keyId) throw refuse("note.key", { reason: "the hash is not that of the name and key" });
  return key;
};

/** The text form of a note. @throws Refusal note.malformed when text or signatures do not fit a note */
export const formatNote = ({ text, signatures }: Note): string => {
  const lines = signatures.map(
    ({ name, keyId, signature }) => `— ${name} ${toBase64(concat(fromHex(keyId), signature))}\n`,
  );
  const note = `${text}\n${lines.join("")}`;
  if (parseNote(note).text !== text) throw refuse("note.malformed", { reason: "the text ends in a signature" });
  return note;
};

/** Strict: what it accepts formats to the same text. @throws Refusal note.malformed */
export const parseNote = (note: string): Note => {
  const no = (reason: string) => refuse("note.malformed", { reason });
  if (note.length > MAX_LENGTH) throw no("it is too long");
  if (!note.isWellFormed()) throw no("it is not Unicode text");
  if (/[\0-\x09\x0b-\x1f]/.test(note)) throw no("it has control characters");
  const end = note.lastIndexOf("\n\n");
  if (end < 0) throw no("no empty line separates text and signatures");
  if (!note.endsWith("\n")) throw no("its last line is cut short");
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw no("it has too many signatures");
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) };
};

const parseSignature = (line: string): NoteSignature => {
  const [, name = "", encoded = ""] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = base64(encoded);
  if (!isName(name) || !bytes || bytes.length < 5) {
    throw refuse("note.malformed", { reason: "a signature line is not of its form" });
  }
  return { name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) as Bytes };
};

/** Signs a text that ends in a newline. @throws Refusal note.malformed */
export const signNote = (text: string, signers: readonly NoteSigner[]): string =>
  formatNote({ text, signatures: signers.map((signer) => signatureOf(text, signer)) });

/** The note with one more signature. @throws Refusal note.malformed */
export const addSignature = (note: string, signer: NoteSigner): string => {
  const { text, signatures } = parseNote(note);
  return formatNote({ text, signatures: [...signatures, signatureOf(text, signer)] });
};

const signatureOf = (text: string, { name, verifierKey, sign }: NoteSigner): NoteSignature => ({
  name,
  keyId: parseVerifierKey(verifierKey).keyId,
  signature: sign(text),
});

/** Says whether a signature by the key is one over the text. */
export type Check = (key: VerifierKey, text: string, signature: Uint8Array) => boolean;

/** Type 0x01: the signature is over the text itself. */
const checkEd25519: Check = (key, text, signature) =>
  key.type === ED25519 && verify(publicKeyFromRaw("Ed25519", key.publicKey), utf8(text), signature);

/** A signature that verified. */
export interface Verified {
  readonly key: VerifierKey;
  readonly signature: Bytes;
}

/**
 * The signatures by known keys, in the note's order; those by other keys are ignored, as the specification demands.
 * @throws Refusal note.signature when one by a known key does not verify
 */
export const verifiedSignatures = (note: Note, keys: readonly VerifierKey[], check: Check): Verified[] =>
  note.signatures.flatMap(({ name, keyId, signature }) => {
    const key = keys.find((known) => known.name === name && known.keyId === keyId);
    if (!key) return [];
    if (!check(key, note.text, signature)) throw refuse("note.signature", { name });
    return [{ key, signature }];
  });

/**
 * Checks a note against known keys of type 0x01.
 * @returns the text, and the signatures that verified: at least one
 * @throws Refusal note.malformed; note.signature when one by a known key does not verify; note.unsigned when none is
 */
export const openNote = (note: string, keys: readonly VerifierKey[]): { text: string; verified: Verified[] } => {
  const parsed = parseNote(note);
  const verified = verifiedSignatures(parsed, keys, checkEd25519);
  if (verified.length === 0) throw refuse("note.unsigned", { names: keys.map(({ name }) => name).join(", ") });
  return { text: parsed.text, verified };
};

/** Non-empty, without Unicode spaces and plus signs, and fit for one line. */
const isName = (name: string): boolean => name.isWellFormed() && /^[^\p{White_Space}+\0-\x1f]+$/u.test(name);

const base64 = (text: string): Bytes | undefined => {
  try {
    return fromBase64(text);
  } catch {
    return undefined; // the caller says what was expected
  }
};
