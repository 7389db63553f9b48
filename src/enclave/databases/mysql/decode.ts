/** Rows of the binary protocol (Protocol::BinaryResultsetRow) into columns. The server's lengths are not believed. */

import type { Batch, ColumnType, Field } from "../../columns/batch.ts";
import { refuse } from "../errors.ts";
import { BATCH_BYTES, batchFrom, createStore, layOut, makeRoom, nextStore, SLACK, setNull } from "./columns.ts";
import { type Definition, typeOf, WIRE } from "./definitions.ts";
import { malformed } from "./packets.ts";
import { daysFromCivil, timeText, writeDecimal, writeUnsigned } from "./values.ts";

/** Bytes of a text that is copied without a call. */
const SHORT = 128;

/** How a value lies on the wire, and where it goes. */
const HOW = {
  i8: 0,
  u8: 1,
  i16: 2,
  u16: 3,
  i32: 4,
  u32: 5,
  i64: 6,
  u64: 7,
  f32: 8,
  f64: 9,
  date: 10,
  timestamp: 11,
  time: 12,
  bytes: 13,
  decimal: 14,
  flag: 15,
  bits: 16,
  bits64: 17,
} as const;

const howOf = ({ wire, unsigned }: Definition, type: ColumnType): number => {
  switch (wire) {
    case WIRE.tiny:
      return unsigned ? HOW.u8 : HOW.i8;
    case WIRE.short:
    case WIRE.year:
      return unsigned ? HOW.u16 : HOW.i16;
    case WIRE.int24:
      return HOW.i32;
    case WIRE.long:
      return unsigned ? HOW.u32 : HOW.i32;
    case WIRE.longlong:
      return unsigned ? HOW.u64 : HOW.i64;
    case WIRE.float:
      return HOW.f32;
    case WIRE.double:
      return HOW.f64;
    case WIRE.date:
    case WIRE.newdate:
      return HOW.date;
    case WIRE.timestamp:
    case WIRE.datetime:
      return HOW.timestamp;
    case WIRE.time:
      return HOW.time;
    case WIRE.decimal:
    case WIRE.newdecimal:
      return HOW.decimal;
    case WIRE.bit:
      return type === "bool" ? HOW.flag : type === "i64" ? HOW.bits : HOW.bits64;
    default:
      return HOW.bytes;
  }
};

export interface Decoder {
  /**
   * Decodes the row that lies at `from` (behind its header byte 0) to `end`.
   * @param bytes with `PADDING` bytes behind `end` that may be read as well
   * @returns whether the batch is full
   * @throws Refusal database.protocol, database.value
   */
  row(bytes: Uint8Array, view: DataView, from: number, end: number): boolean;
  /** The rows so far, as a batch; the next one begins. @throws Refusal database.value */
  take(): Batch | undefined;
}

const short = () => malformed("a row is shorter than its values");

/** @throws Refusal database.type */
export const createDecoder = (definitions: readonly Definition[]): Decoder => {
  const fields: Field[] = definitions.map((definition) => ({ name: definition.name, type: typeOf(definition) }));
  const layout = layOut(fields);
  const count = fields.length;
  const { at: places, rows: capacity } = layout;
  const hows = Uint8Array.from(definitions, (definition, i) => howOf(definition, fields[i]?.type ?? "binary"));
  const isText = fields.map(({ type }) => type === "utf8" || type === "binary" || type === "decimal");
  const nulls = (count + 9) >> 3;
  let store = createStore(layout);
  let rows = 0;
  let size = 0;

  const bad = (i: number, reason: string) => {
    const { name: column, type } = fields[i] as Field;
    return refuse("database.value", { column, type, reason });
  };
  const noValue = (i: number): void => {
    setNull(store, i, rows, capacity);
    if (isText[i]) endText(i, store.used[i] as number);
  };
  const endText = (i: number, used: number): void => {
    store.used[i] = used;
    store.i32[(places[i] as number) + rows + 1] = used;
  };
  /** Where a text of so many bytes is written to. */
  const room = (i: number, length: number): Uint8Array => {
    if ((store.used[i] as number) + length + SLACK > (store.texts[i] as Uint8Array).length) makeRoom(store, i, length);
    return store.texts[i] as Uint8Array;
  };

  /** DATE, DATETIME and TIMESTAMP: 0, 4, 7 or 11 bytes behind a length. */
  const moment = (i: number, bytes: Uint8Array, view: DataView, at: number, end: number): number => {
    const length = bytes[at] as number;
    const next = at + 1 + length;
    if (next > end) throw short();
    // The zero date is NULL: MySQL itself finds 0000-00-00 with IS NULL.
    if (length === 0) noValue(i);
    else if (length === 4 || length === 7 || length === 11) {
      const days = daysFromCivil(view.getUint16(at + 1, true), bytes[at + 3] as number, bytes[at + 4] as number);
      if (Number.isNaN(days)) throw bad(i, "there is no such day, as 2026-02-30 or 2026-00-00");
      if (hows[i] === HOW.date) store.i32[(places[i] as number) + rows] = days;
      else putMoment((places[i] as number) + rows, days, length, bytes, view, at);
    } else throw malformed("a date has a wrong length");
    return next;
  };
  const putMoment = (
    place: number,
    days: number,
    length: number,
    bytes: Uint8Array,
    view: DataView,
    at: number,
  ): void => {
    let seconds = days * 86_400;
    let micros = 0;
    if (length >= 7) {
      const [hour, minute, second] = [bytes[at + 5] as number, bytes[at + 6] as number, bytes[at + 7] as number];
      if (hour > 23 || minute > 59 || second > 59) throw malformed("a time of day has wrong parts");
      seconds += hour * 3_600 + minute * 60 + second;
    }
    if (length === 11) {
      micros = view.getUint32(at + 8, true);
      if (micros > 999_999) throw malformed("a time of day has wrong parts");
    }
    const total = seconds * 1e6 + micros;
    if (total <= Number.MAX_SAFE_INTEGER && total >= Number.MIN_SAFE_INTEGER) {
      const high = Math.floor(total / 0x1_0000_0000);
      store.i32[2 * place] = total - high * 0x1_0000_0000;
      store.i32[2 * place + 1] = high;
    } else store.i64[place] = BigInt(seconds) * 1_000_000n + BigInt(micros);
  };

  /** TIME: 0, 8 or 12 bytes behind a length, as text. */
  const time = (i: number, bytes: Uint8Array, view: DataView, at: number, end: number): number => {
    const length = bytes[at] as number;
    if (length !== 0 && length !== 8 && length !== 12) throw malformed("a time has a wrong length");
    if (at + 1 + length > end) throw short();
    const text = timeText(view, at + 1, length, definitions[i]?.decimals ?? 0);
    const into = room(i, text.length);
    const used = store.used[i] as number;
    for (let k = 0; k < text.length; k++) into[used + k] = text.charCodeAt(k);
    endText(i, used + text.length);
    return at + 1 + length;
  };

  /** BIT: as many bytes as it needs, the highest first. */
  const bits = (i: number, bytes: Uint8Array, at: number, length: number): void => {
    if (length === 0 || length > 8) throw malformed("a bit field has a wrong length");
    let [low, high] = [0, 0];
    for (let k = 0; k < length; k++) {
      high = ((high << 8) | (low >>> 24)) >>> 0;
      low = ((low << 8) | (bytes[at + k] as number)) >>> 0;
    }
    const place = (places[i] as number) + rows;
    if (hows[i] === HOW.flag) {
      if (high !== 0 || low > 1) throw malformed("a bit is neither 0 nor 1");
      store.u8[place] = low;
    } else if (hows[i] === HOW.bits) {
      store.i32[2 * place] = low;
      store.i32[2 * place + 1] = high;
    } else unsigned(i, low, high);
  };
  const unsigned = (i: number, low: number, high: number): void => {
    endText(i, writeUnsigned(low, high, room(i, 20), store.used[i] as number));
  };

  /** Values behind a length of more than one byte, decimals and bits (Protocol::LengthEncodedInteger). */
  const lengthed = (i: number, bytes: Uint8Array, view: DataView, start: number, end: number): number => {
    let at = start + 1;
    let length = bytes[start] as number;
    if (length === 252) {
      length = view.getUint16(at, true);
      at += 2;
    } else if (length === 253) {
      length = view.getUint32(start, true) >>> 8;
      at += 3;
    } else if (length === 254 && view.getUint32(at + 4, true) === 0) {
      length = view.getUint32(at, true);
      at += 8;
    } else if (length > 250) throw malformed("a value has a wrong length");
    if (length > end - at) throw short();
    if (hows[i] === HOW.bytes) {
      const into = room(i, length);
      const used = store.used[i] as number;
      into.set(bytes.subarray(at, at + length), used);
      endText(i, used + length);
    } else if (hows[i] === HOW.decimal) {
      const into = room(i, length);
      const used = writeDecimal(bytes, at, at + length, into, store.used[i] as number);
      if (used < 0) throw malformed("a decimal is not a number");
      endText(i, used);
    } else bits(i, bytes, at, length);
    return at + length;
  };

  const row = (bytes: Uint8Array, view: DataView, from: number, end: number): boolean => {
    const { i32, f64, texts, views, used } = store;
    let at = from + nulls;
    if (at > end) throw short();
    for (let i = 0; i < count; i++) {
      if ((bytes[from + ((i + 2) >> 3)] as number) & (1 << ((i + 2) & 7))) {
        noValue(i);
        continue;
      }
      // Every value takes a byte. What is read until `at` is compared again is at most PADDING bytes behind the end.
      if (at >= end) throw short();
      const place = (places[i] as number) + rows;
      // The numbers of HOW: V8 jumps by literals and compares names one by one, which costs a sixth of the time.
      switch (hows[i]) {
        case 0: // i8
          i32[place] = view.getInt8(at);
          at += 1;
          break;
        case 1: // u8
          i32[place] = bytes[at] as number;
          at += 1;
          break;
        case 2: // i16
          i32[place] = view.getInt16(at, true);
          at += 2;
          break;
        case 3: // u16
          i32[place] = view.getUint16(at, true);
          at += 2;
          break;
        case 4: // i32
          i32[place] = view.getInt32(at, true);
          at += 4;
          break;
        case 5: // u32
          i32[2 * place] = view.getInt32(at, true);
          at += 4;
          break;
        case 6: // i64
          i32[2 * place] = view.getInt32(at, true);
          i32[2 * place + 1] = view.getInt32(at + 4, true);
          at += 8;
          break;
        case 8: // f32
          f64[place] = view.getFloat32(at, true);
          at += 4;
          break;
        case 9: // f64
          f64[place] = view.getFloat64(at, true);
          at += 8;
          break;
        case 7: // u64
          unsigned(i, view.getUint32(at, true), view.getUint32(at + 4, true));
          at += 8;
          break;
        case 10: // date
        case 11: // timestamp
          at = moment(i, bytes, view, at, end);
          break;
        case 12: // time
          at = time(i, bytes, view, at, end);
          break;
        case 13: {
          // bytes
          const length = bytes[at] as number;
          const begin = used[i] as number;
          // Short texts are copied faster by fours, some bytes too many, than by a call.
          if (length <= SHORT && length < end - at && begin + length + SLACK <= (texts[i] as Uint8Array).length) {
            const into = views[i] as DataView;
            for (let k = 0; k < length; k += 4) into.setInt32(begin + k, view.getInt32(at + 1 + k));
            used[i] = begin + length;
            i32[place + 1] = begin + length;
            at += 1 + length;
          } else at = lengthed(i, bytes, view, at, end);
          break;
        }
        default:
          at = lengthed(i, bytes, view, at, end);
      }
    }
    if (at !== end) throw at > end ? short() : malformed("a row is longer than its values");
    size += end - from;
    rows++;
    return rows === capacity || size >= BATCH_BYTES;
  };

  return {
    row,
    take() {
      if (rows === 0) return undefined;
      const batch = batchFrom(layout, store, rows);
      store = nextStore(layout, store, rows);
      [rows, size] = [0, 0];
      return batch;
    },
  };
};
