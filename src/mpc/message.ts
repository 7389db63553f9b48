/**
 * A message between two parties of a run (docs/protocols/mpc.md section 2).
 *
 * `0x01 | kind | round | from | to | run (32) | length of body (4) | body | length of signature (1) | signature`
 */
import { createHash } from "node:crypto";
import { concat, u32, utf8 } from "../base/bytes.ts";

const KINDS = ["round", "echo", "abort"] as const;
export type Kind = (typeof KINDS)[number];

export interface Header {
  /** 32 bytes: which run. A party uses an id once. */
  readonly run: Uint8Array;
  readonly kind: Kind;
  /** 0 is the hello, n the n-th round of the protocol. */
  readonly round: number;
  readonly from: number;
  /** A party; 0 for all. */
  readonly to: number;
}
export interface Message extends Header {
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

const FIXED = 5 + 32 + 4;
export const MAX_BODY = 16 * 1024 * 1024;

/** @throws TypeError for a body that no receiver takes: it would blame the sender */
export const encodeMessage = ({ run, kind, round, from, to, body, signature }: Message): Uint8Array => {
  if (body.length > MAX_BODY) throw new TypeError("too long for a message");
  return concat(
    Uint8Array.of(1, KINDS.indexOf(kind), round, from, to),
    run,
    u32(body.length),
    body,
    Uint8Array.of(signature.length),
    signature,
  );
};

/** @throws RangeError */
export const decodeMessage = (encoded: Uint8Array): Message => {
  // Of a Buffer, `slice` would not copy.
  const bytes = new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.length);
  const [version, kindCode, round, from, to] = bytes;
  if (bytes.length < FIXED + 1 || version !== 1) throw new RangeError("not a message");
  const kind = KINDS[kindCode as number];
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(FIXED - 4);
  if (!kind || from === 0 || length > MAX_BODY || FIXED + length >= bytes.length) throw new RangeError("not a message");
  const end = FIXED + length;
  if (bytes.length !== end + 1 + (bytes[end] as number)) throw new RangeError("not a message");
  return {
    run: bytes.slice(5, FIXED - 4),
    kind,
    round: round as number,
    from: from as number,
    to: to as number,
    body: bytes.slice(FIXED, end),
    signature: bytes.slice(end + 1),
  };
};

/** Which run a message belongs to and who says to have sent it, for whoever carries it. @throws RangeError */
export const addressOf = (bytes: Uint8Array): { readonly run: Uint8Array; readonly from: number } => {
  if (bytes.length < FIXED + 1 || bytes[0] !== 1) throw new RangeError("not a message");
  return { run: Uint8Array.from(bytes.subarray(5, FIXED - 4)), from: bytes[3] as number };
};

const LABEL = utf8("entente mpc message/1");
/** Stands for the session where there is none yet: in the hello, its echo, and an abort. */
export const NO_SESSION = new Uint8Array(32);

/** What a party signs: of the body its digest, so that an echo proves what was sent without repeating it. */
export const signedBytes = (header: Header, session: Uint8Array, bodyDigest: Uint8Array): Uint8Array =>
  concat(
    LABEL,
    Uint8Array.of(KINDS.indexOf(header.kind), header.round, header.from, header.to),
    header.run,
    session,
    bodyDigest,
  );

export const digestOf = (body: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(body).digest());
