/** DER (X.690), strictly: single-byte tags, definite lengths in their shortest form, nothing left over. */
import { type Bytes, concat } from "../../base/bytes.ts";

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OID = 0x06;
export const SEQUENCE = 0x30;
/** Constructed context-specific tag. */
export const context = (n: number): number => 0xa0 | n;

export interface Tlv {
  readonly tag: number;
  readonly content: Bytes;
  /** Tag, length and content. */
  readonly bytes: Bytes;
}

/** Encodes one element. */
export const tlv = (tag: number, ...content: readonly Uint8Array[]): Bytes => {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return concat(Uint8Array.of(tag, ...lengthOctets(length)), ...content);
};

const lengthOctets = (length: number): number[] => {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
};

/** The elements that fill `der` exactly. @throws SyntaxError */
export const elements = (der: Uint8Array): Tlv[] => {
  const out: Tlv[] = [];
  for (let at = 0; at < der.length; ) {
    const element = elementAt(der, at);
    out.push(element);
    at += element.bytes.length;
  }
  return out;
};

const elementAt = (der: Uint8Array, start: number): Tlv => {
  const tag = der[start] ?? 0;
  if ((tag & 0x1f) === 0x1f) throw new SyntaxError("DER: a tag of several bytes");
  const first = der[start + 1] ?? 0x80;
  let at = start + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count < 1 || count > 4) throw new SyntaxError("DER: an indefinite or oversized length");
    length = 0;
    for (const end = at + count; at < end; at++) length = length * 256 + (der[at] ?? 0);
    if (length < 0x80 || length < 256 ** (count - 1)) throw new SyntaxError("DER: a length not in its shortest form");
  }
  if (at + length > der.length) throw new SyntaxError("DER: cut short");
  return {
    tag,
    content: der.slice(at, at + length) as Bytes,
    bytes: der.slice(start, at + length) as Bytes,
  };
};

/** The content of the single element that `der` is. @throws SyntaxError when it is another or more follows */
export const only = (der: Uint8Array, tag: number): Bytes => {
  const [element, more] = elements(der);
  return content(element, tag, more === undefined);
};

/** The content of an element expected to have `tag`. @throws SyntaxError */
export const content = (element: Tlv | undefined, tag: number, alone = true): Bytes => {
  if (!element || element.tag !== tag || !alone) throw new SyntaxError(`DER: element 0x${tag.toString(16)} expected`);
  return element.content;
};

/** Walks every constructed element. @throws SyntaxError when anything in it is BER but not DER */
export const assertDer = (der: Uint8Array, depth = 0): void => {
  if (depth > 32) throw new SyntaxError("DER: nested too deeply");
  for (const element of elements(der)) {
    if (element.tag & 0x20) assertDer(element.content, depth + 1);
  }
};

/** An unsigned big-endian number as INTEGER. */
export const unsigned = (bytes: Uint8Array): Bytes => {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return (digits[0] ?? 0) & 0x80 ? tlv(INTEGER, Uint8Array.of(0), digits) : tlv(INTEGER, digits);
};

/** The bytes of a positive INTEGER, left-padded to `length`. @throws SyntaxError */
export const unsignedBytes = (element: Tlv | undefined, length: number): Bytes => {
  const digits = content(element, INTEGER);
  const [first = 0xff, second = 0] = digits;
  if (first & 0x80 || (first === 0 && digits.length > 1 && !(second & 0x80))) {
    throw new SyntaxError("DER: not a positive integer in its shortest form");
  }
  const trimmed = first === 0 ? digits.subarray(1) : digits;
  if (trimmed.length > length) throw new SyntaxError("DER: integer too large");
  const out = new Uint8Array(length);
  out.set(trimmed, length - trimmed.length);
  return out;
};

/** A signature r || s (64 bytes) as SEQUENCE { INTEGER r, INTEGER s }, RFC 3279 section 2.2.3. */
export const signatureToDer = (signature: Uint8Array): Bytes =>
  tlv(SEQUENCE, unsigned(signature.subarray(0, 32)), unsigned(signature.subarray(32)));

/** r || s of what `signatureToDer` gives. @throws SyntaxError */
export const signatureFromDer = (der: Uint8Array): Bytes => {
  const [r, s, more] = elements(only(der, SEQUENCE));
  if (more) throw new SyntaxError("DER: more than two integers");
  return concat(unsignedBytes(r, 32), unsignedBytes(s, 32));
};

/** A small non-negative INTEGER. @throws SyntaxError above 2^48 */
export const smallInteger = (element: Tlv | undefined): number =>
  unsignedBytes(element, 6).reduce((n, octet) => n * 256 + octet, 0);

/** BIT STRING of whole bytes. */
export const bitString = (bytes: Uint8Array): Bytes => tlv(BIT_STRING, Uint8Array.of(0), bytes);

/** @throws SyntaxError when bits are unused */
export const bitStringBytes = (element: Tlv | undefined): Bytes => {
  const bytes = content(element, BIT_STRING);
  if (bytes[0] !== 0) throw new SyntaxError("DER: a BIT STRING that is not whole bytes");
  return bytes.slice(1) as Bytes;
};

/** Dotted text of an OBJECT IDENTIFIER's content. */
export const oidText = (octets: Uint8Array): string => {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of octets) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...rest].join(".");
};
