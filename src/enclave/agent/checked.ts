/** Files of the server's: taken whole and compared with the digest that a statement names, before a byte is used. */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "#crypto";
import { equal } from "../../base/bytes.ts";
import { refuse } from "../errors.ts";

/** Bytes that are kept in memory; what is larger waits on disk, sealed as it came. */
const IN_MEMORY = 32 << 20;

export interface CheckedFile {
  /** The content, from the beginning, as often as asked. */
  content(): AsyncIterable<Uint8Array>;
  /** Removes what was put on disk. */
  drop(): Promise<void>;
}

/**
 * Takes a file whole. So the server cannot see by its reads what a model does with it, nor swap the part that was not
 * read yet.
 * @param directory for what does not fit into memory
 * @param max bytes
 * @throws Refusal enclave.file when it is another, or larger
 */
export const takeFile = async (
  chunks: AsyncIterable<Uint8Array>,
  digest: string,
  { directory, max = Number.POSITIVE_INFINITY }: { directory: string; max?: number },
): Promise<CheckedFile> => {
  const hash = createHash("sha256");
  const path = join(directory, `incoming-${randomUUID()}`);
  const held: Uint8Array[] = [];
  // Of what waits on disk, so that whoever owns the disk cannot change it between this check and its use.
  const blocks: Block[] = [];
  let size = 0;
  let file: FileHandle | undefined;
  const drop = () => rm(path, { force: true });
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > max) throw refuse("enclave.file", { digest });
      hash.update(chunk);
      held.push(chunk);
      if (size <= IN_MEMORY) continue;
      file ??= await open(path, "wx", 0o600);
      for (const piece of held.splice(0)) {
        await file.writeFile(piece);
        blocks.push({ length: piece.length, digest: sha256(piece) });
      }
    }
    if (hash.digest("hex") !== digest) throw refuse("enclave.file", { digest });
  } catch (error) {
    await file?.close();
    await drop();
    throw error;
  }
  await file?.close();
  return { content: () => (file ? readBlocks(path, blocks, digest) : piecesOf(held)), drop };
};

interface Block {
  readonly length: number;
  readonly digest: Uint8Array;
}

/** @throws Refusal enclave.file where a block is not the one that was taken */
async function* readBlocks(path: string, blocks: readonly Block[], digest: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    for (const block of blocks) {
      const bytes = new Uint8Array(block.length);
      const { bytesRead } = await file.read(bytes, 0, block.length);
      if (bytesRead < block.length || !equal(sha256(bytes), block.digest)) throw refuse("enclave.file", { digest });
      yield bytes;
    }
  } finally {
    await file.close();
  }
}

async function* piecesOf(held: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* held;
}

/** Passes content on; afterwards `sum` has the SHA-256 (hex) and size of what passed. */
export const summed = (content: AsyncIterable<Uint8Array>) => {
  const hash = createHash("sha256");
  let size = 0;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of content) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
    complete = true;
  }
  let complete = false;
  return {
    content: pieces(),
    /** @throws Refusal enclave.host when not everything was taken */
    sum() {
      if (!complete) throw refuse("enclave.host", { reason: "it did not take the whole result" });
      return { digest: hash.digest("hex"), size };
    },
  };
};
