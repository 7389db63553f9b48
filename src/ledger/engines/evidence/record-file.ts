/**
 * An append-only file of batches, the evidence engine's store. What `append` has resolved for survives the machine.
 * A batch is a frame (length, where it begins, CRC-32, records), and the next one starts only when it is on stable
 * storage: so a bad frame at the end is a write that was interrupted before anybody was told, and is dropped when the
 * file is opened, while a bad frame with a good one behind it, or a good one in another's place, is damage, and an error.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { Refusal } from "../../../base/refusal.ts";
import { refuse } from "../../errors.ts";

/** What the file begins with: another version is refused rather than taken for a write that was interrupted. */
const MAGIC = Buffer.from("entente-ledger/2", "latin1");
const FRAME_HEAD = 16; // u32 length of the body, u64 offset in the file, u32 CRC-32 of offset and body
const [OFFSET_AT, CHECKSUM_AT] = [4, 12];
const RECORD_HEAD = 12; // u64 time in milliseconds, u32 length of the JWS
const MAX_FRAME = 1 << 28;
const READ_CHUNK = 1 << 20;

export interface NewRecord {
  readonly time: number;
  /** ASCII. */
  readonly jws: string;
}

/** Where a record's JWS lies in the file, bytes. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

export interface RecordFile {
  /** Resolves when the batch is on stable storage. One call at a time. */
  append(records: readonly NewRecord[]): Promise<Place[]>;
  read(place: Place): Promise<string>;
  records(): AsyncIterable<NewRecord & Place>;
  close(): Promise<void>;
}

/** @throws Refusal ledger.corrupt */
export const openRecordFile = async (path: string): Promise<RecordFile> => {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let end: number;
  try {
    await requireVersion(file);
    end = await dropTornTail(file);
    await syncDirectory(dirname(path));
  } catch (error) {
    await file.close();
    throw error;
  }

  return {
    async append(records) {
      const frame = encodeFrame(records, end);
      try {
        await writeAll(file, frame, end);
        await file.datasync();
      } catch (error) {
        // What was half-written must not be found behind what is written next.
        await file.truncate(end);
        throw error;
      }
      const start = end;
      end += frame.length;
      return [...decodeBody(frame.subarray(FRAME_HEAD), start + FRAME_HEAD)].map(({ offset, length }) => ({
        offset,
        length,
      }));
    },
    async read({ offset, length }) {
      return (await readFully(file, offset, length)).toString("latin1");
    },
    async *records() {
      for await (const { body, offset } of frames(file, end)) yield* decodeBody(body, offset);
    },
    close: () => file.close(),
  };
};

const encodeFrame = (records: readonly NewRecord[], offset: number): Buffer => {
  const size = records.reduce((sum, { jws }) => sum + RECORD_HEAD + jws.length, FRAME_HEAD);
  const frame = Buffer.allocUnsafe(size);
  let at = FRAME_HEAD;
  for (const { time, jws } of records) {
    frame.writeBigUInt64BE(BigInt(time), at);
    frame.writeUInt32BE(jws.length, at + 8);
    at += RECORD_HEAD + frame.write(jws, at + RECORD_HEAD, "latin1");
  }
  frame.writeUInt32BE(size - FRAME_HEAD, 0);
  frame.writeBigUInt64BE(BigInt(offset), OFFSET_AT);
  frame.writeUInt32BE(checksumOf(frame), CHECKSUM_AT);
  return frame;
};

/** @param frame from its head to its end */
const checksumOf = (frame: Buffer): number =>
  crc32(frame.subarray(FRAME_HEAD), crc32(frame.subarray(OFFSET_AT, CHECKSUM_AT)));

/** @param start offset of the body in the file */
function* decodeBody(body: Buffer, start: number): Generator<NewRecord & Place> {
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 8);
    const from = at + RECORD_HEAD;
    yield {
      time: Number(body.readBigUInt64BE(at)),
      jws: body.toString("latin1", from, from + length),
      offset: start + from,
      length,
    };
    at = from + length;
  }
}

/** The frame at `at` of `bytes`; undefined where they end before it does. */
const frameAt = (bytes: Buffer, at: number, offset: number): Buffer | undefined => {
  if (bytes.length - at < FRAME_HEAD) return undefined;
  const length = bytes.readUInt32BE(at);
  if (length === 0 || length > MAX_FRAME) throw refuse("ledger.corrupt", { offset, reason: "impossible length" });
  if (bytes.length - at < FRAME_HEAD + length) return undefined;
  const frame = bytes.subarray(at, at + FRAME_HEAD + length);
  if (checksumOf(frame) !== frame.readUInt32BE(CHECKSUM_AT))
    throw refuse("ledger.corrupt", { offset, reason: "checksum" });
  if (frame.readBigUInt64BE(OFFSET_AT) !== BigInt(offset)) throw refuse("ledger.corrupt", { offset, reason: "place" });
  return frame.subarray(FRAME_HEAD);
};

/** Bodies of the whole frames before `end`, each with its offset in the file. */
async function* frames(file: FileHandle, end: number): AsyncGenerator<{ body: Buffer; offset: number }> {
  let held: Buffer = Buffer.alloc(0);
  let position = MAGIC.length;
  while (position < end) {
    const chunk = Buffer.allocUnsafe(Math.min(READ_CHUNK, end - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return;
    const base = position - held.length;
    held = Buffer.concat([held, chunk.subarray(0, bytesRead)]);
    position += bytesRead;
    let at = 0;
    for (let body = frameAt(held, at, base + at); body; body = frameAt(held, at, base + at)) {
      yield { body, offset: base + at + FRAME_HEAD };
      at += FRAME_HEAD + body.length;
    }
    held = held.subarray(at);
  }
}

/** @throws Refusal ledger.corrupt when the file ends before */
const readFully = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw refuse("ledger.corrupt", { offset: position + done, reason: "ends early" });
    done += bytesRead;
  }
  return bytes;
};

const writeAll = async (file: FileHandle, bytes: Buffer, position: number) => {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};

/** A new file gets its first bytes; so does one whose making was interrupted. @throws Refusal ledger.corrupt */
const requireVersion = async (file: FileHandle): Promise<void> => {
  const { size } = await file.stat();
  const begins = await readFully(file, 0, Math.min(size, MAGIC.length));
  if (!begins.equals(MAGIC.subarray(0, begins.length)))
    throw refuse("ledger.corrupt", { offset: 0, reason: "not a ledger of this version" });
  if (size >= MAGIC.length) return;
  await writeAll(file, MAGIC, 0);
  await file.datasync();
};

/** Cuts off a last frame whose write was interrupted; returns the length of what is whole. */
const dropTornTail = async (file: FileHandle): Promise<number> => {
  const { size } = await file.stat();
  let whole = MAGIC.length;
  let damage: Refusal | undefined;
  try {
    for await (const { body, offset } of frames(file, size)) whole = offset + body.length;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    damage = error;
  }
  if (whole === size) return whole;
  if (await anyFrameBeyond(file, whole, size))
    throw damage ?? refuse("ledger.corrupt", { offset: whole, reason: "length" });
  await file.truncate(whole);
  await file.datasync();
  return whole;
};

/** Whether a good frame, of this place or another, lies in what is left or beyond its beginning. */
const anyFrameBeyond = async (file: FileHandle, from: number, size: number): Promise<boolean> => {
  const tail = await readFully(file, from, size - from);
  for (let at = 0; at + FRAME_HEAD + RECORD_HEAD < tail.length; at++) {
    const length = tail.readUInt32BE(at);
    if (length < RECORD_HEAD || at + FRAME_HEAD + length > tail.length) continue;
    if (checksumOf(tail.subarray(at, at + FRAME_HEAD + length)) === tail.readUInt32BE(at + CHECKSUM_AT)) return true;
  }
  return false;
};

const syncDirectory = async (path: string) => {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};
