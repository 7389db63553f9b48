/** A model's archive made in a browser: ustar (POSIX.1-1988) of plain files, without times and owners, gzipped. */
import { concat, utf8 } from "../../base/bytes.ts";

const BLOCK = 512;

export const pack = async (files: Readonly<Record<string, string>>): Promise<Uint8Array> => {
  const parts = Object.entries(files).flatMap(([path, text]) => {
    const content = utf8(text);
    const rest = (BLOCK - (content.length % BLOCK)) % BLOCK;
    return [headerOf(path, content.length), content, new Uint8Array(rest)];
  });
  const tar = concat(...parts, new Uint8Array(2 * BLOCK));
  const packed = new Blob([tar]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
};

/** @param path shorter than 100 bytes */
const headerOf = (path: string, size: number): Uint8Array => {
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => header.set(utf8(text), at);
  const octal = (at: number, length: number, value: number) =>
    put(at, `${value.toString(8).padStart(length - 1, "0")}\0`);
  put(0, path);
  octal(100, 8, 0o644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, size);
  octal(136, 12, 0);
  // While the sum is made, its own field is spaces.
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
};
