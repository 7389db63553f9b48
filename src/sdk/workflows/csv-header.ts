/** The header of a table in CSV (RFC 4180): what its owner knows of its structure without the enclave. */
import { concat, fromUtf8 } from "../../base/bytes.ts";
import type { ByteSource } from "../../trust/envelope/reader.ts";

const [QUOTE, LF] = [0x22, 0x0a];
/** A header that is longer is none; the enclave will say so. */
const MAX_HEADER = 16 << 20;

/** Names of the columns, as far as the content is CSV. Reads no more of it than the first record. */
export const csvHeader = async (content: ByteSource): Promise<string[]> => {
  const parts: Uint8Array[] = [];
  let [quoted, length] = [false, 0];
  for await (const part of content) {
    const end = part.findIndex((byte) => {
      if (byte === QUOTE) quoted = !quoted;
      return byte === LF && !quoted;
    });
    parts.push(end < 0 ? part : part.subarray(0, end));
    length += part.length;
    if (end >= 0 || length > MAX_HEADER) break;
  }
  return fieldsOf(
    fromUtf8(concat(...parts))
      .replace(/^\ufeff/, "")
      .replace(/\r$/, ""),
  );
};

const fieldsOf = (record: string): string[] => {
  const fields: string[] = [];
  for (const [, inner, plain, end] of record.matchAll(/(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/g)) {
    fields.push(inner === undefined ? (plain ?? "") : inner.replaceAll('""', '"'));
    if (end === "") break;
  }
  return fields;
};
