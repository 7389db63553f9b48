/** Archives of models read where there is no Node.js: by the rules, and with the reader, of the enclave. */
import { concat } from "../base/bytes.ts";
import type { Refusal } from "../base/refusal.ts";
import { filesOf, MAX_ARCHIVE_BYTES, MAX_UNPACKED_BYTES, malformed, refuse } from "../rules/archive.ts";

const tooLarge = () => refuse("archive.too-large", { limit: MAX_ARCHIVE_BYTES });
const bomb = () => refuse("archive.bomb", { limit: MAX_UNPACKED_BYTES });

/** The bytes of an archive that somebody else sends. @throws Refusal archive.too-large */
export const readArchive = (sent: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  readAll(sent, MAX_ARCHIVE_BYTES, tooLarge);

/**
 * The files of an archive by path.
 * @throws Refusal archive.*; also of archives with anything behind their end, which the enclave passes over
 */
export const unpackArchive = async (archive: Uint8Array): Promise<Map<string, Uint8Array>> => {
  if (archive.length > MAX_ARCHIVE_BYTES) throw tooLarge();
  return filesOf(await gunzip(archive));
};

const gunzip = async (archive: Uint8Array): Promise<Uint8Array> => {
  try {
    const packed = new Blob([archive as Uint8Array<ArrayBuffer>]).stream();
    return await readAll(packed.pipeThrough(new DecompressionStream("gzip")), MAX_UNPACKED_BYTES, bomb);
  } catch (error) {
    throw malformed(error);
  }
};

const readAll = async (
  from: ReadableStream<Uint8Array>,
  limit: number,
  tooMany: () => Refusal,
): Promise<Uint8Array> => {
  const reader = from.getReader();
  const parts: Uint8Array[] = [];
  for (let total = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return concat(...parts);
    total += value.length;
    if (total > limit) {
      await reader.cancel();
      throw tooMany();
    }
    parts.push(value);
  }
};
