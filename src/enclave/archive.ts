/** Archives of models (.tar.gz) in the enclave and on an author's machine: unpacked as they come, packed the same always. */
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, gzipSync } from "node:zlib";
import { pack as tarPack } from "tar-stream";
import { concat } from "../base/bytes.ts";
import type { Refusal } from "../base/refusal.ts";
import { badPath, filesOf, MAX_ARCHIVE_BYTES, MAX_UNPACKED_BYTES, malformed, refuse } from "../rules/archive.ts";

/**
 * The files of an archive by path, such as `lib/score.js`. Nothing is ever written to a disk.
 * @throws Refusal archive.*
 */
export const unpack = async (archive: AsyncIterable<Uint8Array> | Uint8Array): Promise<Map<string, Uint8Array>> => {
  const unpacked: Uint8Array[] = [];
  try {
    await pipeline(
      Readable.from(archive instanceof Uint8Array ? [archive] : archive),
      counted(MAX_ARCHIVE_BYTES, () => refuse("archive.too-large", { limit: MAX_ARCHIVE_BYTES })),
      createGunzip(),
      counted(MAX_UNPACKED_BYTES, () => refuse("archive.bomb", { limit: MAX_UNPACKED_BYTES })),
      async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) unpacked.push(chunk);
      },
    );
  } catch (error) {
    throw malformed(error);
  }
  return filesOf(concat(...unpacked));
};

/** Passes bytes on until there are too many. */
const counted = (limit: number, tooMany: () => Refusal): Transform => {
  let total = 0;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      total += chunk.length;
      if (total > limit) done(tooMany());
      else done(null, chunk);
    },
  });
};

/**
 * A .tar.gz of these files: sorted by path, without times, owners and permissions.
 * @throws Refusal archive.path, archive.too-large
 */
export const pack = async (files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> => {
  const tar = tarPack();
  const paths = [...files.keys()].sort();
  for (const path of paths) {
    const reason = path === "" ? "it is empty" : badPath(path);
    if (reason) throw refuse("archive.path", { path: JSON.stringify(path), reason });
    tar.entry(
      { name: path, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) },
      Buffer.from(files.get(path) as Uint8Array),
    );
  }
  tar.finalize();
  const bytes = concat(...(await Array.fromAsync(tar as AsyncIterable<Uint8Array>)));
  const archive = new Uint8Array(gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
  // RFC 1952: which system packed it says nothing about the files.
  archive[9] = 255;
  if (archive.length > MAX_ARCHIVE_BYTES) throw refuse("archive.too-large", { limit: MAX_ARCHIVE_BYTES });
  return archive;
};
