/** Small files: there whole, or not at all. */
import { closeSync, fsync, openSync, writeFile } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const [sync, write] = [promisify(fsync), promisify(writeFile)];

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
  await rename(fresh, path);
  await syncDirectory(dirname(path));
};

/** A file whose former content nobody needs; durable when it resolves. */
export const writeNew = async (path: string, bytes: Uint8Array): Promise<void> => {
  const file = openSync(path, "w", 0o600);
  try {
    await write(file, bytes);
    await Promise.all([sync(file), syncDirectory(dirname(path))]);
  } finally {
    closeSync(file);
  }
};

/** Makes durable which files there are. */
export const syncDirectory = async (path: string): Promise<void> => {
  const directory = openSync(path, "r");
  try {
    await sync(directory);
  } finally {
    closeSync(directory);
  }
};
