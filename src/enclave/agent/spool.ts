/**
 * Tables that come over a network, taken whole before a model sees the first row: by the pace at which a connection is
 * read, a model could tell whoever carries its packets what it read elsewhere. What does not fit into memory waits on
 * disk, encrypted under a key of this run.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { aes256gcm, randomBytes } from "#crypto";
import { concat } from "../../base/bytes.ts";
import { type Batch, hasOffsets } from "../columns/batch.ts";
import { decodeBatch, encodeBatch } from "../columns/codec.ts";
import { refuse } from "../errors.ts";

/** Bytes of columns that are kept in memory, of each table. */
const IN_MEMORY = 48 << 20;

/** Bytes of columns of a table at most. */
const MAX_SIZE = 8 * 2 ** 30;

export interface Spool {
  readonly rows: number;
  /** From the beginning, once. */
  batches(): AsyncGenerator<Batch>;
  drop(): Promise<void>;
}

/** @param directory for what does not fit into memory */
export const spoolTable = async (table: AsyncIterable<Batch>, directory: string): Promise<Spool> => {
  const held: Batch[] = [];
  const disk = createDisk(join(directory, `table-${randomUUID()}`));
  let rows = 0;
  let size = 0;
  try {
    for await (const batch of table) {
      rows += batch.rows;
      size += sizeOf(batch);
      if (size > MAX_SIZE) throw refuse("enclave.table-size", { limit: MAX_SIZE });
      if (size <= IN_MEMORY) held.push(batch);
      else await disk.write(batch);
    }
  } catch (error) {
    await disk.drop();
    throw error;
  }
  return {
    rows,
    async *batches() {
      for (let batch = held.shift(); batch; batch = held.shift()) yield batch;
      yield* disk.read();
    },
    drop: disk.drop,
  };
};

const sizeOf = ({ columns }: Batch): number =>
  columns.reduce(
    (sum, column) =>
      sum +
      (column.validity?.length ?? 0) +
      (hasOffsets(column) ? column.bytes.length + column.offsets.byteLength : column.values.byteLength),
    0,
  );

interface Record {
  readonly header: object;
  readonly length: number;
}

const AAD = new Uint8Array();

/** Batches in a file that is made with the first of them: each encrypted, its number its nonce. */
const createDisk = (path: string) => {
  const key = randomBytes(32);
  const records: Record[] = [];
  let file: FileHandle | undefined;
  const nonceOf = (number: number): Uint8Array => {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(8, number);
    return nonce;
  };
  return {
    async write(batch: Batch): Promise<void> {
      file ??= await open(path, "wx+", 0o600);
      const { header, buffers } = encodeBatch(batch);
      const sealed = aes256gcm.seal(key, nonceOf(records.length), AAD, joined(buffers));
      records.push({ header, length: sealed.length });
      await file.writeFile(sealed);
    },
    async *read(): AsyncGenerator<Batch> {
      let position = 0;
      for (const [number, { header, length }] of records.entries()) {
        const sealed = new Uint8Array(length);
        await file?.read(sealed, 0, length, position);
        position += length;
        const plain = aes256gcm.open(key, nonceOf(number), AAD, sealed);
        if (!plain) throw refuse("enclave.host", { reason: "a table that waited on disk was changed there" });
        yield decodeBatch(header, plain);
      }
    },
    async drop(): Promise<void> {
      await file?.close();
      await rm(path, { force: true });
    },
  };
};

/** Buffers one after the other, each padded to a multiple of 8, as a frame's body has them. */
const joined = (buffers: readonly Uint8Array[]): Uint8Array =>
  concat(...buffers.flatMap((buffer) => [buffer, new Uint8Array((8 - (buffer.length % 8)) % 8)]));
