/** Many integers modulo a curve's order, from bytes and to bytes at once: by hexadecimal text, the fastest way there is. */

/** Big-endian, `width` bytes each, as they are. */
export const integersOf = (bytes: Uint8Array, width: number): bigint[] => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  return Array.from({ length: bytes.length / width }, (_, i) =>
    BigInt(`0x${hex.slice(2 * width * i, 2 * width * (i + 1))}`),
  );
};

/** Big-endian, 32 bytes each. */
export const bytesOf = (integers: readonly bigint[]): Uint8Array =>
  new Uint8Array(Buffer.from(integers.map((value) => value.toString(16).padStart(64, "0")).join(""), "hex"));

/** Bytes from which a remainder modulo an order of 256 bits comes out uniform but for 2^-128. */
export const WIDE = 48;
