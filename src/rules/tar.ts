/**
 * Reads a tar archive (POSIX pax, and GNU's long names) that is there as a whole, strictly: every byte of it is a
 * header, the content of an entry, or zero. What readers disagree about is refused, so that nobody can write an archive
 * that holds one thing here and another elsewhere.
 */
import { fromUtf8 } from "../base/bytes.ts";

export interface TarEntry {
  readonly name: string;
  /** `file`, `directory`, or what else it is. */
  readonly type: string;
  /** A view of the archive. */
  readonly content: Uint8Array;
}

const BLOCK = 512;
/** Bytes of all headers that go before others: they are read at once, and nobody else is served meanwhile. */
const EXTENDED_MAX = 4 * 2 ** 20;
const TYPES: Readonly<Record<string, string>> = {
  ...{ "0": "file", "\0": "file", "1": "link", "2": "symlink", "3": "character-device", "4": "block-device" },
  ...{ "5": "directory", "6": "fifo", "7": "contiguous-file" },
};
/** For the next entry: pax, for all that follow: pax, a long name, a long name of what it links to. */
const EXTENDED = "xgLK";

const text = new TextDecoder("utf-8", { ignoreBOM: true });
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const upToZero = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
};
/** Also of a hundred megabytes, while everybody else waits. */
const isZero = (bytes: Uint8Array): boolean => {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
};

/** @throws SyntaxError where it is not such an archive */
export function* readTar(tar: Uint8Array): Generator<TarEntry> {
  let name: string | undefined;
  let left = EXTENDED_MAX;
  for (let at = 0; at < tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    if (isZero(header)) {
      if (!isZero(tar.subarray(at))) throw new SyntaxError("it goes on behind its end");
      break;
    }
    const size = sizeIn(header);
    const [from, to] = [at + BLOCK, at + BLOCK + size];
    at = from + Math.ceil(size / BLOCK) * BLOCK;
    if (at > tar.length) throw new SyntaxError("it ends early");
    if (!isZero(tar.subarray(to, at))) throw new SyntaxError("there is something between its entries");
    const content = tar.subarray(from, to);
    const flag = String.fromCharCode(header[156] ?? 0);
    if (EXTENDED.includes(flag)) {
      left -= at - from + BLOCK;
      if (content.length === 0 || left < 0) throw new SyntaxError("headers of no or too many bytes");
      const found = extended(flag, content);
      if (found !== undefined && name !== undefined) throw new SyntaxError("an entry has two names");
      name ??= found;
      continue;
    }
    yield entryOf(header, flag, name, content);
    name = undefined;
  }
  if (name !== undefined) throw new SyntaxError("a name has no entry");
}

/** Of what follows the header. @throws SyntaxError where the block is none */
const sizeIn = (header: Uint8Array): number => {
  if (header.length < BLOCK) throw new SyntaxError("it ends early");
  const sum = header.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  if (octal(header.subarray(148, 156)) !== sum) throw new SyntaxError("a header has a wrong sum");
  if (!/^ustar(\0| {2}\0)/.test(latin1(header.subarray(257, 265))))
    throw new SyntaxError("a header of no known format");
  return octal(header.subarray(124, 136));
};

const octal = (field: Uint8Array): number => {
  const [, digits] = /^ *([0-7]{1,12})[ \0]*$/.exec(latin1(field)) ?? [];
  if (digits === undefined) throw new SyntaxError("a size is no number");
  return Number.parseInt(digits, 8);
};

const entryOf = (header: Uint8Array, flag: string, long: string | undefined, content: Uint8Array): TarEntry => {
  const own = text.decode(upToZero(header.subarray(0, 100)));
  // In GNU's format other things stand where POSIX has the beginning of a name.
  const before = header[262] === 0 ? text.decode(upToZero(header.subarray(345, 500))) : "";
  const name = long ?? (before === "" ? own : `${before}/${own}`);
  const found = TYPES[flag] ?? "unknown";
  const type = found === "file" && name.endsWith("/") ? "directory" : found;
  if (type === "directory" && content.length > 0) throw new SyntaxError("a folder has content");
  return { name, type, content };
};

/** The name that it gives the next entry, if it does. */
const extended = (flag: string, content: Uint8Array): string | undefined => {
  if (flag === "L") return text.decode(upToZero(content));
  if (flag === "K") return undefined;
  const records = paxRecords(content);
  // A size of its own, or content with holes: where the next header is would be a matter of opinion.
  const odd = [...records.keys()].find((key) => key === "size" || key.startsWith("GNU.sparse") || key === "");
  if (odd !== undefined) throw new SyntaxError("a header changes how its entry is read");
  if (flag === "g" && records.has("path")) throw new SyntaxError("a name is for all entries");
  return records.get("path");
};

/** `<length of the record> <key>=<value>\n`, one behind the other. */
const paxRecords = (content: Uint8Array): Map<string, string> => {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const [, digits] = /^([1-9]\d{0,6}) /.exec(latin1(content.subarray(at, at + 8))) ?? [];
    const end = at + Number(digits);
    const record = content.subarray(at + (digits?.length ?? 0) + 1, end - 1);
    const equals = record.indexOf(0x3d);
    if (digits === undefined || end > content.length || content[end - 1] !== 0x0a || equals < 0)
      throw new SyntaxError("a header is malformed");
    const key = fromUtf8(record.subarray(0, equals));
    if (records.has(key)) throw new SyntaxError("a header says a thing twice");
    records.set(key, text.decode(record.subarray(equals + 1)));
    at = end;
  }
  return records;
};
