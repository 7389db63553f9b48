/** The two hashes that oblivious transfer needs (docs/protocols/ot.md section 1). */
import { createCipheriv, createHash, createSecretKey } from "node:crypto";
import { u32, utf8 } from "../../base/bytes.ts";

/** SHA-256 over a label and parts, each behind its length. */
export const hashBytes = (label: string, ...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash("sha256");
  for (const part of [utf8(label), ...parts]) hash.update(u32(part.length)).update(part);
  return new Uint8Array(hash.digest());
};

/** As many bytes as asked for, by SHAKE256. */
export const expand = (seed: Uint8Array, length: number): Uint8Array =>
  new Uint8Array(createHash("shake256", { outputLength: length }).update(seed).digest());

/** Bytes of a row: what AES takes at once. */
export const ROW = 16;

/**
 * `blocks` blocks for each row x at place i: π(π(x) ⊕ (i, block)) ⊕ π(x) with π = AES-128 under `key`. Correlation
 * robust with tweaks in the ideal cipher model (TMMO, eprint 2019/074); public keys separate the domains.
 */
export const hashRows = (key: Uint8Array, rows: Uint8Array, blocks: number): Uint8Array => {
  const permuted = words(permute(key, rows));
  const count = rows.length / ROW;
  const tweaked = new Uint32Array(4 * count * blocks);
  for (let i = 0, at = 0; i < count; i++) {
    const place = bigEndian(i);
    for (let block = 0; block < blocks; block++, at += 4) {
      tweaked[at] = permuted[4 * i]! ^ place;
      tweaked[at + 1] = permuted[4 * i + 1]! ^ bigEndian(block);
      tweaked[at + 2] = permuted[4 * i + 2]!;
      tweaked[at + 3] = permuted[4 * i + 3]!;
    }
  }
  const out = words(permute(key, new Uint8Array(tweaked.buffer)));
  for (let i = 0, at = 0; i < count; i++)
    for (let block = 0; block < blocks; block++, at += 4) {
      out[at]! ^= permuted[4 * i]!;
      out[at + 1]! ^= permuted[4 * i + 1]!;
      out[at + 2]! ^= permuted[4 * i + 2]!;
      out[at + 3]! ^= permuted[4 * i + 3]!;
    }
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
};

const one = new DataView(new ArrayBuffer(4));
/** The word whose bytes are these of a number, the highest first, whatever machine this is. */
const bigEndian = (value: number): number => {
  one.setUint32(0, value);
  return one.getUint32(0, isLittleEndian);
};
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

const permute = (key: Uint8Array, rows: Uint8Array): Uint8Array => {
  const cipher = createCipheriv("aes-128-ecb", createSecretKey(key.subarray(0, 16)), null);
  cipher.setAutoPadding(false);
  return cipher.update(rows);
};

/** The same bytes by fours: a copy, where they don't lie at a multiple of four. */
export const words = (bytes: Uint8Array): Uint32Array => {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
};
