/**
 * What a server sends during `COPY … TO STDOUT (FORMAT binary)` (PostgreSQL manual, 55.7 and COPY "Binary Format"): messages
 * of one byte and a length, among them CopyData with rows. The server is not believed: every length is checked.
 */
import { type Batch, MAX_BATCH_ROWS } from "../../columns/batch.ts";
import { refuse } from "../errors.ts";
import { type Budget, type ColumnBuilder, createColumn, type Rows, type WireField } from "./columns.ts";
import { sqlstateOf } from "./failures.ts";

/** A row on the wire, at most. */
export const MAX_ROW_BYTES = 64 << 20;
/** Every other message, at most. */
const MAX_MESSAGE_BYTES = 1 << 20;
/** A batch ends with fewer rows than it may have once its text takes so much. */
const BATCH_TEXT_BYTES = 16 << 20;
/** Rows that are found before their columns are filled. */
const STRIDE = 1_024;
const BEGIN_BYTES = 256 << 10;
/** PGCOPY\n\377\r\n\0 */
const SIGNATURE = Uint8Array.of(0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00);
/** The signature, flags, and the length of an extension that no server has. */
const HEADER_BYTES = SIGNATURE.length + 8;

const MESSAGE = { copyData: 0x64, copyDone: 0x63, copyOut: 0x48, complete: 0x43, ready: 0x5a, error: 0x45 } as const;
/** NoticeResponse, ParameterStatus and NotificationResponse may come at any time. */
const ASIDE = new Set([0x4e, 0x53, 0x41]);

const malformed = (reason: string) => refuse("database.protocol", { reason });

export interface CopyDecoder {
  /** Takes what was received. */
  push(chunk: Uint8Array): void;
  /** The next batch as far as it is there. @throws Refusal database.* */
  next(): Batch | undefined;
  /** Whether the server has said that it sent everything. */
  readonly done: boolean;
}

/** In the order in which they come. */
const STATE = { copyOut: 0, header: 1, rows: 2, copyDone: 3, complete: 4, ready: 5, done: 6 } as const;

/** @param failure what an error of the server's means, by its SQLSTATE */
export const createCopyDecoder = (fields: readonly WireField[], failure: (sqlstate: string) => Error): CopyDecoder => {
  const width = fields.length;
  let bytes = new Uint8Array(BEGIN_BYTES);
  let view = new DataView(bytes.buffer);
  let begin = 0;
  let end = 0;
  let state: number = STATE.copyOut;
  let building = createBatch(fields);
  const places = new Int32Array(2 * STRIDE * width);
  let found = 0;

  const fill = () => {
    if (found > 0) building.append({ bytes, view, count: found, width, places });
    found = 0;
  };
  const finish = (): Batch => {
    const batch = building.finish();
    building = createBatch(fields);
    return batch;
  };

  /** Notes where the fields of the row at `at` lie; says where it ends. */
  const findRow = (at: number, limit: number): number => {
    let next = at + 2;
    let place = 2 * found * width;
    for (let i = 0; i < width; i++) {
      if (next + 4 > limit) throw malformed("a row ends within a field");
      const length = view.getInt32(next);
      next += 4;
      places[place++] = next;
      places[place++] = length;
      if (length === -1) continue;
      if (length < 0 || length > limit - next) throw malformed("a field is longer than its row");
      next += length;
    }
    found++;
    return next;
  };

  /** A message has one row (55.2.6), the first one the header before it, the last one the end of rows. */
  const copyData = (from: number, limit: number) => {
    let at = from;
    if (state === STATE.header) {
      requireHeader(bytes.subarray(at, limit), view, at);
      at += HEADER_BYTES;
      state = STATE.rows;
      if (at === limit) return;
    }
    if (state !== STATE.rows || limit - at < 2) throw malformed("rows where none belong");
    const columns = view.getInt16(at);
    if (columns === width) at = findRow(at, limit);
    else if (columns === -1) {
      at += 2;
      state = STATE.copyDone;
    } else throw malformed(`a row of ${columns} fields where ${width} were asked for`);
    if (at !== limit) throw malformed("a row is shorter than its message");
  };

  const other = (type: number, at: number, limit: number) => {
    if (type === MESSAGE.error) throw failure(sqlstateOf(bytes.subarray(at, limit)));
    if (type === MESSAGE.copyOut && state === STATE.copyOut && isBinary(view, at, limit, width)) state = STATE.header;
    else if (type === MESSAGE.copyDone && state === STATE.copyDone) state = STATE.complete;
    else if (type === MESSAGE.complete && state === STATE.complete) state = STATE.ready;
    else if (type === MESSAGE.ready && state === STATE.ready) state = STATE.done;
    else if (!ASIDE.has(type)) throw malformed(`message ${type} where it does not belong`);
  };

  return {
    push(chunk) {
      if (chunk.length > bytes.length - end) {
        const used = bytes.subarray(begin, end);
        if (used.length + chunk.length > bytes.length) {
          bytes = new Uint8Array(Math.max(used.length + chunk.length, 2 * bytes.length));
          view = new DataView(bytes.buffer);
        }
        bytes.set(used);
        begin = 0;
        end = used.length;
      }
      bytes.set(chunk, end);
      end += chunk.length;
    },
    next() {
      while (state !== STATE.done && end - begin >= 5) {
        const type = bytes[begin] as number;
        const length = view.getInt32(begin + 1);
        if (length < 4) throw malformed("a message of a wrong length");
        if (type === MESSAGE.copyData && length > MAX_ROW_BYTES)
          throw refuse("database.row-size", { limit: MAX_ROW_BYTES });
        if (type !== MESSAGE.copyData && length > MAX_MESSAGE_BYTES) throw malformed("a message of a wrong length");
        const limit = begin + 1 + length;
        if (limit > end) break;
        if (type === MESSAGE.copyData) copyData(begin + 5, limit);
        else other(type, begin + 5, limit);
        begin = limit;
        if (found < STRIDE && building.rows + found < MAX_BATCH_ROWS) continue;
        fill();
        if (building.full) return finish();
      }
      fill();
      if (building.full || (state === STATE.done && building.rows > 0)) return finish();
      return undefined;
    },
    get done() {
      return state === STATE.done;
    },
  };
};

const createBatch = (fields: readonly WireField[]) => {
  const budget: Budget = { used: 0 };
  const columns: ColumnBuilder[] = fields.map((field) => createColumn(field, budget));
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    get full() {
      return rows === MAX_BATCH_ROWS || budget.used >= BATCH_TEXT_BYTES;
    },
    append(more: Rows) {
      for (const [i, column] of columns.entries()) column.append(more, i);
      rows += more.count;
    },
    finish: (): Batch => ({ rows, columns: columns.map((column) => column.finish()) }),
  };
};

const requireHeader = (message: Uint8Array, view: DataView, at: number): void => {
  const signed = message.length >= HEADER_BYTES && SIGNATURE.every((byte, i) => message[i] === byte);
  if (!signed || view.getInt32(at + SIGNATURE.length) !== 0 || view.getInt32(at + SIGNATURE.length + 4) !== 0)
    throw malformed("rows are not in the binary format");
};

/** CopyOutResponse: the whole in binary, and how many columns. */
const isBinary = (view: DataView, at: number, limit: number, width: number): boolean =>
  limit - at === 3 + 2 * width && view.getInt8(at) === 1 && view.getInt16(at + 1) === width;
