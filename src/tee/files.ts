/**
 * Small files: there whole, or not at all. Only what waits for the disk is awaited: each step that is costs a turn of the
 * event loop, which takes as long as whatever goes on there.
 */
import {
  closeSync,
  constants,
  fdatasync,
  fsync,
  openSync,
  renameSync,
  writeFile,
  writeFileSync,
  writeSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const sync = (file: number): Promise<void> => promisify(fsync)(file);

/** Bytes that are written at once: it takes no longer than handing them to a thread. */
const SMALL = 256 << 10;

export const readIfThere = async (path: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};

/** Replaces the file; durable when it resolves. */
export const writeDurably = async (path: string, bytes: Uint8Array): Promise<void> => {
  const fresh = `${path}.new`;
  await writeNew(fresh, bytes);
  renameSync(fresh, path);
  await syncDirectory(dirname(path));
};

/** A file whose former content nobody needs; durable when it resolves. */
export const writeNew = async (path: string, bytes: Uint8Array): Promise<void> =>
  withFile(openSync(path, "w", 0o600), async (file) => {
    if (bytes.length > SMALL) await promisify(writeFile)(file, bytes);
    else writeFileSync(file, bytes);
    await Promise.all([sync(file), syncDirectory(dirname(path))]);
  });

/** Writes a few bytes in place, at the beginning of a file: durable when it resolves. */
export const overwrite = async (path: string, bytes: Uint8Array): Promise<void> =>
  withFile(openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600), async (file) => {
    writeSync(file, bytes, 0, bytes.length, 0);
    await promisify(fdatasync)(file);
  });

/** Makes durable which files there are. */
export const syncDirectory = async (path: string): Promise<void> => withFile(openSync(path, "r"), sync);

const withFile = async (file: number, work: (file: number) => Promise<void>): Promise<void> => {
  try {
    await work(file);
  } finally {
    closeSync(file);
  }
};
