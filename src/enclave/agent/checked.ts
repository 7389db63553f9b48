/** Files of the server's: taken whole and compared with the digest that a statement names, before a byte is used. */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "#crypto";
import { concat, equal } from "../../base/bytes.ts";
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
  const spool = async (pieces: readonly Uint8Array[]) => {
    file ??= await open(path, "wx", 0o600);
    for (const piece of pieces) {
      await file.writeFile(piece);
      blocks.push({ length: piece.length, digest: sha256(piece) });
    }
  };
  try {
    for await (const chunk of joined(chunks)) {
      size += chunk.length;
      if (size > max) throw refuse("enclave.file", { digest });
      hash.update(chunk);
      held.push(chunk);
      if (size > IN_MEMORY) await spool(held.splice(0));
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

/** Pieces of at least 64 KiB, but for the last: each is remembered, however small it comes. */
async function* joined(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    // One of a full size goes on as it is.
    if (size === 0 && chunk.length >= BLOCK) {
      yield chunk;
      continue;
    }
    held.push(chunk);
    size += chunk.length;
    if (size < BLOCK && held.length < BLOCK) continue;
    yield concat(...held);
    held = [];
    size = 0;
  }
  if (size > 0) yield concat(...held);
}
const BLOCK = 64 << 10;

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
