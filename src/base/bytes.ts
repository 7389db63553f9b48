/** Bytes and their text forms, alike in Node.js and browsers. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type Bytes = Uint8Array<ArrayBuffer>;

export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;
/** @throws TypeError when the bytes are not UTF-8 */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

export const concat = (...parts: readonly Uint8Array[]): Bytes => {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** Equality of public values. Not for secrets: it is not constant-time. */
export const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((x, i) => x === b[i]);

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

export const toHex = (bytes: Uint8Array): string => {
  let out = "";
  for (const b of bytes) out += HEX[b];
  return out;
};

/** Lower-case hexadecimal only. @throws SyntaxError */
export const fromHex = (hex: string): Bytes => {
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new SyntaxError("not lower-case hexadecimal");
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
};

/** RFC 4648 section 4, padded. */
export const toBase64 = (bytes: Uint8Array): string => {
  if (typeof Buffer !== "undefined")
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
};

/** Canonical base64 only: what it returns encodes to the same text. @throws SyntaxError */
export const fromBase64 = (text: string): Bytes => {
  const bytes = decode64(text);
  if (toBase64(bytes) !== text) throw new SyntaxError("not canonical base64");
  return bytes;
};

/** RFC 4648 section 5, without padding. */
export const toBase64url = (bytes: Uint8Array): string => {
  if (typeof Buffer !== "undefined")
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};

/** Canonical, unpadded base64url only. @throws SyntaxError */
export const fromBase64url = (text: string): Bytes => {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new SyntaxError("not base64url");
  const bytes = decode64(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (toBase64url(bytes) !== text) throw new SyntaxError("not canonical base64url");
  return bytes;
};

const decode64 = (text: string): Bytes => {
  if (typeof Buffer !== "undefined") return new Uint8Array(Buffer.from(text, "base64"));
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    throw new SyntaxError("not base64");
  }
};

/** Big-endian 32-bit. */
export const u32 = (n: number): Bytes => Uint8Array.of(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);
/** Big-endian 64-bit, for lengths and counters up to 2^53. */
export const u64 = (n: number): Bytes => concat(u32(Math.floor(n / 0x1_0000_0000)), u32(n >>> 0));
