/**
 * RFC 4180 in one pass over bytes: where each field begins and ends. Fields are not copied or turned into text; that
 * is left to the columns that are wanted. Lines may end in LF or CRLF; a blank line is a
 * record only in a table of one column.
 */
import { isUtf8 } from "node:buffer";
import { concat } from "../../base/bytes.ts";
import { MAX_BATCH_ROWS } from "../columns/batch.ts";
import { refuse } from "./errors.ts";
import type { FileBytes } from "./format.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

/** Bytes gathered before they are scanned. */
const BLOCK = 1 << 20;
/** A longer record is taken for an unclosed quote. */
export const MAX_RECORD = 16 << 20;
const MAX_COLUMNS = 4_096;
/** Fields noted at a time: 16 MiB of places. */
const MAX_FIELDS = 1 << 21;

/** Records found in a block. Field f of record r lies at `ends[2 * (r * width + f)]` and the place after it. */
export interface Records {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly width: number;
  /** Pairs of begin and end; a quoted field includes its quotes. */
  readonly places: Int32Array;
  /** Line in which each record begins. */
  readonly lines: Int32Array;
}

/**
 * The records of a file, some at a time (at most 65,536); the first, the header, comes alone.
 * The arrays of a piece are used again for the next one.
 * @throws Refusal source.encoding, source.csv.quote, source.csv.ragged, source.csv.record, source.csv.header
 */
export async function* scan(input: FileBytes): AsyncGenerator<Records> {
  const scanner = createScanner();
  for await (const { bytes, last } of blocks(input)) {
    let from = bytes.from;
    for (;;) {
      const { next, records } = scanner.scan(bytes.all, from, last);
      from = next;
      if (!records) break;
      yield records;
    }
    bytes.keep(from);
  }
  if (scanner.width === 0) throw refuse("source.csv.header", { reason: "the file is empty" });
}

interface Held {
  /** Unscanned bytes begin at `from`. */
  readonly all: Uint8Array;
  readonly from: number;
  /** Called with the place to which `all` was scanned. */
  keep(from: number): void;
}

/** Gathers chunks to blocks behind what was left unscanned, checks their encoding, drops a byte order mark. */
async function* blocks(input: FileBytes): AsyncGenerator<{ bytes: Held; last: boolean }> {
  let held: Uint8Array = new Uint8Array(0);
  let parts: Uint8Array[] = [];
  let fresh = 0;
  /** Offset in the file of the first held byte, and how many of the held ones are known to be UTF-8. */
  let offset = 0;
  let checked = 0;
  let kept = 0;
  const join = (last: boolean): Held => {
    const all = concat(held, ...parts);
    [parts, fresh] = [[], 0];
    checked = checkUtf8(all, checked, offset, last);
    const from = offset === 0 && all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf ? 3 : 0;
    return { all, from, keep: (to) => ([held, kept] = [all.subarray(to), to]) };
  };
  const settle = () => {
    offset += kept;
    checked -= kept;
  };
  for await (const part of input) {
    parts.push(part);
    fresh += part.length;
    // A record that does not end asks for twice the bytes each time, so that it is not scanned over and over.
    if (fresh < Math.max(BLOCK, held.length)) continue;
    yield { bytes: join(false), last: false };
    settle();
  }
  yield { bytes: join(true), last: true };
}

/** How far the bytes are known to be UTF-8: all but a character that may be cut off at the end. */
const checkUtf8 = (bytes: Uint8Array, from: number, offset: number, last: boolean): number => {
  let end = bytes.length;
  if (!last) {
    const earliest = Math.max(from, end - 3);
    for (let at = end - 1; at >= earliest; at--) {
      const byte = bytes[at] as number;
      if (byte < 0x80) break;
      if (byte < 0xc0) continue;
      end = at;
      break;
    }
  }
  if (!isUtf8(bytes.subarray(from, end)))
    throw refuse("source.encoding", { offset: offset + firstBad(bytes, from, end) });
  return end;
};

/** Offset of the first byte that cannot be part of UTF-8: where its character begins. */
const firstBad = (bytes: Uint8Array, from: number, end: number): number => {
  const decodes = (to: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(from, to), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [from, end + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(middle)) good = middle;
    else bad = middle;
  }
  let begin = good;
  while (begin > from && good - begin < 3 && ((bytes[begin - 1] as number) & 0xc0) === 0x80) begin--;
  const lead = begin > from ? (bytes[begin - 1] as number) : 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
  return length > good - (begin - 1) ? begin - 1 : good;
};

const createScanner = () => {
  let width = 0;
  let line = 1;
  let places = new Int32Array(2 * MAX_COLUMNS + 2);
  let lines = new Int32Array(1);

  /** Behind the field that begins at `at`: at its comma, LF or the end; -1 when more bytes are needed. */
  const fieldEnd = (bytes: Uint8Array, at: number, last: boolean): number => {
    if (bytes[at] === QUOTE) return quotedEnd(bytes, at, last);
    let end = at;
    for (; end < bytes.length; end++) {
      const byte = bytes[end];
      if (byte === COMMA || byte === LF) return end;
      if (byte === QUOTE) throw brokenQuote(line, "a quote is inside a field that does not begin with one");
    }
    return last ? end : -1;
  };

  const quotedEnd = (bytes: Uint8Array, open: number, last: boolean): number => {
    const opened = line;
    let at = open + 1;
    for (; ; at += 2) {
      while (at < bytes.length && bytes[at] !== QUOTE) if (bytes[at++] === LF) line++;
      if (bytes[at + 1] !== QUOTE) break;
    }
    if (at >= bytes.length && last) throw brokenQuote(opened, "a quote is never closed");
    let end = at + 1;
    if (bytes[end] === CR) end++;
    if (end >= bytes.length) return last ? bytes.length : -1;
    if (bytes[end] === LF || (bytes[end] === COMMA && end === at + 1)) return end;
    throw brokenQuote(line, "text follows a closing quote");
  };

  /** Notes the fields of the record at `at` from `places[count]` on; says where the next begins, or -1. */
  const scanRecord = (bytes: Uint8Array, at: number, count: number, last: boolean): { next: number; count: number } => {
    for (let start = at; ; ) {
      const end = fieldEnd(bytes, start, last);
      if (end < 0) return { next: -1, count };
      if (count >= places.length) throw tooWide(width, line);
      const ends = end >= bytes.length || bytes[end] === LF;
      places[count++] = start;
      places[count++] = ends && end > start && bytes[end - 1] === CR ? end - 1 : end;
      start = end + 1;
      if (ends) return { next: Math.min(start, bytes.length), count };
    }
  };

  /** Scans until the arrays are full or no further record is whole. */
  const scanSome = (bytes: Uint8Array, from: number, last: boolean): { next: number; records?: Records } => {
    let [at, rows, used] = [from, 0, 0];
    while (rows < lines.length && at < bytes.length) {
      const begun = line;
      const { next, count } = scanRecord(bytes, at, used, last);
      if (next < 0) {
        line = begun;
        if (bytes.length - at > MAX_RECORD) throw refuse("source.csv.record", { line, limit: MAX_RECORD });
        break;
      }
      at = next;
      line++;
      const found = (count - used) >> 1;
      if (width === 0) width = found;
      else if (width > 1 && found === 1 && places[used] === places[used + 1]) continue;
      if (found !== width) throw refuse("source.csv.ragged", { line: begun, found, expected: width });
      lines[rows++] = begun;
      used = count;
    }
    return rows === 0 ? { next: at } : { next: at, records: { bytes, rows, width, places, lines } };
  };

  return {
    scan(bytes: Uint8Array, from: number, last: boolean) {
      const isHeader = width === 0;
      const result = scanSome(bytes, from, last);
      if (result.records && isHeader) {
        // The header says how wide the table is; from here on, many records at a time.
        const rows = Math.max(1, Math.min(MAX_BATCH_ROWS, Math.floor(MAX_FIELDS / width)));
        places = new Int32Array(2 * rows * width);
        lines = new Int32Array(rows);
      }
      return result;
    },
    get width() {
      return width;
    },
  };
};

const brokenQuote = (line: number, reason: string) => refuse("source.csv.quote", { line, reason });
const tooWide = (width: number, line: number) =>
  width === 0
    ? refuse("source.csv.header", { reason: `more than ${MAX_COLUMNS} columns` })
    : refuse("source.csv.ragged", { line, found: `more than ${width}`, expected: width });
