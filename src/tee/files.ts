/** Small files: there whole, or not at all. */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

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
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await Promise.all([file.sync(), syncDirectory(dirname(path))]);
  } finally {
    await file.close();
  }
};

/** Makes durable which files there are. */
export const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};
