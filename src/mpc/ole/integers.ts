/** Many integers modulo a curve's order, from bytes and to bytes at once: word by word, in plain loops, as it is fastest. */

/** Big-endian, `width` bytes each (a multiple of 8), as they are. */
export const integersOf = (bytes: Uint8Array, width: number): bigint[] => {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const integers = new Array<bigint>(bytes.length / width);
  for (let i = 0, at = 0; i < integers.length; i++) {
    let value = words.getBigUint64(at);
    at += 8;
    for (const end = width * (i + 1); at < end; at += 8) value = (value << 64n) | words.getBigUint64(at);
    integers[i] = value;
  }
  return integers;
};

/** Big-endian, 32 bytes each. */
export const bytesOf = (integers: readonly bigint[]): Uint8Array => {
  const bytes = new Uint8Array(32 * integers.length);
  const words = new DataView(bytes.buffer);
  for (let i = 0; i < integers.length; i++) {
    const value = integers[i]!;
    // Each takes the lowest 64 bits of what it is given.
    words.setBigUint64(32 * i, value >> 192n);
    words.setBigUint64(32 * i + 8, value >> 128n);
    words.setBigUint64(32 * i + 16, value >> 64n);
    words.setBigUint64(32 * i + 24, value);
  }
  return bytes;
};

/** Bytes from which a remainder modulo an order of 256 bits comes out uniform but for 2^-128. */
export const WIDE = 48;
