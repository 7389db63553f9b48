/** Small tables that people write by hand. Data never passes through here. */
import { refuse } from "./errors.ts";
import { readText } from "./files.ts";

/** Records of CSV (RFC 4180). */
export const parseCsv = (content: string): string[][] => {
  const records: string[][] = [];
  let record: string[] = [];
  // A field, quoted or plain, and what ends it: a comma, the end of the line, the end of the text.
  for (const [, quoted, plain, end] of content.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    record.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
  }
  return records;
};

/** Descriptions by column name, of a table of two columns with or without a heading. @throws Refusal metadata.columns */
export const readColumns = (path: string): Record<string, string> => {
  const records = parseCsv(readText(path).replace(/^\ufeff/, ""));
  const odd = records.findIndex(({ length }) => length < 2);
  if (records.length === 0) throw refuse("metadata.columns", { path, reason: "0" });
  if (odd >= 0) throw refuse("metadata.columns", { path, reason: `#${odd + 1}` });
  const heading = /^(name|column|字段名称?|列名)$/i.test(records[0]?.[0] ?? "") ? 1 : 0;
  return Object.fromEntries(records.slice(heading).map(([name = "", description = ""]) => [name, description]));
};
