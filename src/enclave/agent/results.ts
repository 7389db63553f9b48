/** Sealed results, kept until their receipts are on the ledger: a run that ended is handed over again, not made again. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { refuse } from "../errors.ts";
import { syncDirectory } from "./files.ts";

export interface Kept {
  /** SHA-256, hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

export interface Results {
  /** Durable when it resolves. */
  keep(content: AsyncIterable<Uint8Array>): Promise<Kept>;
  /** From the beginning, as often as asked. @throws Refusal enclave.host where it is no longer what was kept */
  content(kept: Kept): AsyncIterable<Uint8Array>;
  drop(digests: Iterable<string>): Promise<void>;
}

/** @param known digests of those that are still wanted; others are removed */
export const openResults = async (state: string, known: ReadonlySet<string>): Promise<Results> => {
  const directory = join(state, "results");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const drop = async (digests: Iterable<string>) => {
    for (const digest of digests) await rm(join(directory, digest), { force: true });
  };
  await drop((await readdir(directory)).filter((name) => !known.has(name)));
  let next = 0;
  return {
    drop,

    async keep(content) {
      const fresh = join(directory, `new-${process.pid}-${next++}`);
      const hash = createHash("sha256");
      let size = 0;
      const file = await open(fresh, "wx", 0o600);
      try {
        for await (const piece of content) {
          hash.update(piece);
          size += piece.length;
          await file.writeFile(piece);
        }
        await file.datasync();
      } catch (error) {
        await rm(fresh, { force: true });
        throw error;
      } finally {
        await file.close();
      }
      const digest = hash.digest("hex");
      await rename(fresh, join(directory, digest));
      await syncDirectory(directory);
      return { digest, size };
    },

    async *content({ digest, size }) {
      const hash = createHash("sha256");
      let passed = 0;
      for await (const piece of createReadStream(join(directory, digest), { highWaterMark: 1 << 20 })) {
        hash.update(piece);
        passed += piece.length;
        // The last of it goes only when all of it is right: nobody takes another for the whole.
        if (passed >= size && (passed > size || hash.digest("hex") !== digest)) break;
        yield piece;
        if (passed === size) return;
      }
      throw refuse("enclave.host", { reason: "a sealed result that was kept is no longer there as it was" });
    },
  };
};
