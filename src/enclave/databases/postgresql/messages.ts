/**
 * Messages of a server before it sends rows (PostgreSQL manual, 55.7), each looked at before the driver's parser gets
 * it: that one looks for the end of a text beyond the message, and never stops where there is none.
 */
import { concat } from "../../../base/bytes.ts";
import { refuse } from "../errors.ts";

/** Names and comments of columns, counts and errors are short. */
const MAX_MESSAGE_BYTES = 1 << 20;
const HEADER_BYTES = 5;

/**
 * Takes what is received; hands on whole messages of the right form.
 * @throws Refusal database.protocol
 */
export const createMessageCheck = (pass: (message: Buffer) => void): ((chunk: Uint8Array) => void) => {
  let held: Uint8Array = new Uint8Array(0);
  // Pieces are joined when a message is whole, not at each: a server may send it byte by byte.
  let pieces: Uint8Array[] = [];
  let [size, wanted] = [0, HEADER_BYTES];
  return (chunk) => {
    pieces.push(chunk);
    size += chunk.length;
    if (size < wanted) return;
    held = pieces.length > 1 ? concat(...pieces) : chunk;
    pieces = [held];
    wanted = HEADER_BYTES;
    while (held.length >= HEADER_BYTES) {
      const bytes = Buffer.from(held.buffer, held.byteOffset, held.length);
      const length = bytes.readInt32BE(1);
      if (length < 4 || length > MAX_MESSAGE_BYTES) throw malformed();
      if (bytes.length < length + 1) {
        wanted = length + 1;
        break;
      }
      const message = bytes.subarray(0, length + 1);
      held = held.subarray(length + 1);
      if (!isWellFormed(bytes.toString("latin1", 0, 1), message.subarray(HEADER_BYTES))) throw malformed();
      pass(message);
    }
    pieces = held.length > 0 ? [held] : [];
    size = held.length;
  };
};

const malformed = () => refuse("database.protocol", { reason: "something that is no message, or not at this time" });

const isWellFormed = (type: string, body: Buffer): boolean => {
  switch (type) {
    case "R":
      return body.length >= 4 && isAuthentication(body.readInt32BE(0), body);
    case "K": // BackendKeyData
      return body.length === 8;
    case "S": // ParameterStatus
      return afterTexts(body, 0, 2) === body.length;
    case "A": // NotificationResponse
      return afterTexts(body, 4, 2) === body.length;
    case "C": // CommandComplete
      return afterTexts(body, 0, 1) === body.length;
    case "E":
    case "N": // ErrorResponse, NoticeResponse
      return isListOfTexts(body, 0);
    case "T":
      return isRowDescription(body);
    case "D":
      return isDataRow(body);
    case "Z": // ReadyForQuery
      return body.length === 1;
    default: // ParseComplete, BindComplete, CloseComplete, NoData, EmptyQueryResponse
      return "123nI".includes(type) && body.length === 0;
  }
};

const isAuthentication = (kind: number, body: Buffer): boolean => {
  if (kind === 0 || kind === 3) return body.length === 4; // Ok, CleartextPassword
  if (kind === 5) return body.length === 8; // MD5Password
  if (kind === 10) return isListOfTexts(body, 4); // SASL
  return kind === 11 || kind === 12; // SASLContinue, SASLFinal
};

/** Where the bytes begin that follow so many texts ending with 0; -1 where there are not so many. */
const afterTexts = (body: Buffer, from: number, count: number): number => {
  let at = from;
  for (let i = 0; i < count; i++) {
    const end = at < body.length ? body.indexOf(0, at) : -1;
    if (end < 0) return -1;
    at = end + 1;
  }
  return at;
};

/** Texts that end with 0 and are not empty (a field of an error begins with its letter), then another 0. */
const isListOfTexts = (body: Buffer, from: number): boolean => {
  let at = from;
  while (at < body.length && body[at] !== 0) {
    at = afterTexts(body, at, 1);
    if (at < 0) return false;
  }
  return at === body.length - 1;
};

/** A count, then a name and 18 bytes for each column. */
const isRowDescription = (body: Buffer): boolean => {
  if (body.length < 2) return false;
  let at = 2;
  for (let left = body.readUInt16BE(0); left > 0; left--) {
    at = afterTexts(body, at, 1);
    if (at < 0) return false;
    at += 18;
  }
  return at === body.length;
};

/** A count, then a length and so many bytes for each value; -1 is NULL. */
const isDataRow = (body: Buffer): boolean => {
  if (body.length < 2) return false;
  let at = 2;
  for (let left = body.readUInt16BE(0); left > 0; left--) {
    if (at + 4 > body.length) return false;
    const length = body.readInt32BE(at);
    if (length < -1 || length > body.length - at - 4) return false;
    at += 4 + Math.max(0, length);
  }
  return at === body.length;
};
