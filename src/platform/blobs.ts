/** Bytes by their SHA-256, on disk: `blobs/ab/cdef…`. Whole and synced before anyone hears of them. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, rmSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { refuse } from "./errors.ts";

export interface StoredBlob {
  /** SHA-256, hexadecimal. */
  digest: string;
  /** Bytes. */
  size: number;
}

export interface Blobs {
  /**
   * Stores what arrives. Putting the same again is harmless.
   * @param options.max bytes allowed; @param options.digest refuse content with another one
   * @throws Refusal blob.too-large, blob.digest, storage.full; nothing stays behind then
   */
  put(content: AsyncIterable<Uint8Array>, options: { max: number; digest?: string }): Promise<StoredBlob>;
  /** The content, hashed again as it is read. @throws Refusal blob.unknown at once, blob.corrupt at the end */
  get(digest: string): Promise<{ size: number; content: AsyncIterable<Uint8Array> }>;
  has(digest: string): Promise<boolean>;
  /** Whether there was something to delete. */
  delete(digest: string): Promise<boolean>;
}

/** The directory belongs to this process: what an earlier one left half-written is removed. */
export const createBlobs = ({ dataDir }: { dataDir: string }): Blobs => {
  const root = join(dataDir, "blobs");
  const drafts = join(root, "drafts");
  rmSync(drafts, { recursive: true, force: true });
  mkdirSync(drafts, { recursive: true });

  const pathOf = (digest: string): string => {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw refuse("blob.unknown", { digest });
    return join(root, digest.slice(0, 2), digest.slice(2));
  };

  return {
    async put(content, { max, digest: expected }) {
      const draft = join(drafts, randomUUID());
      try {
        const stored = await write(draft, content, max);
        if (expected !== undefined && expected !== stored.digest)
          throw refuse("blob.digest", { expected, actual: stored.digest });
        const path = pathOf(stored.digest);
        const firstOfItsFolder = await mkdir(dirname(path), { recursive: true });
        await rename(draft, path);
        await syncDirectory(dirname(path));
        if (firstOfItsFolder) await syncDirectory(root);
        return stored;
      } catch (error) {
        await rm(draft, { force: true });
        throw isFull(error) ? refuse("storage.full", { what: "the data directory" }) : error;
      }
    },

    async get(digest) {
      const path = pathOf(digest);
      const size = await sizeOf(path);
      if (size === undefined) throw refuse("blob.unknown", { digest });
      return { size, content: readChecked(path, digest) };
    },

    has: async (digest) => (await sizeOf(pathOf(digest))) !== undefined,

    async delete(digest) {
      const path = pathOf(digest);
      if (!existsSync(path)) return false;
      await rm(path, { force: true });
      await syncDirectory(dirname(path));
      return true;
    },
  };
};

const write = async (path: string, content: AsyncIterable<Uint8Array>, max: number): Promise<StoredBlob> => {
  const hash = createHash("sha256");
  let size = 0;
  let file: FileHandle | undefined;
  try {
    file = await open(path, "wx", 0o600);
    for await (const chunk of content) {
      size += chunk.length;
      if (size > max) throw refuse("blob.too-large", { max });
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file?.close();
  }
  return { digest: hash.digest("hex"), size };
};

async function* readChecked(path: string, digest: string): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== digest) throw refuse("blob.corrupt", { digest });
}

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};

/** A rename is durable once the directory is. */
const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, "r");
  await directory.sync().finally(() => directory.close());
};

const isFull = (error: unknown): boolean => ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
