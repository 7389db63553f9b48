/** CSV (RFC 4180) as rows of fields, for people to read. */
import { harmless } from "./harmless.ts";

/** What spreadsheets take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

export interface Csv {
  /** The first ones, with what forges other text made visible. */
  readonly rows: string[][];
  /** How many there are in all. */
  readonly total: number;
  /** A spreadsheet that opens the file may calculate, or fetch, what a field says. */
  readonly formulas: boolean;
}

/** @param limit of rows, the header among them */
export const parseCsv = (text: string, limit = Number.POSITIVE_INFINITY): Csv => {
  const rows: string[][] = [];
  let [total, row, field, at, quoted, formulas] = [0, [] as string[], "", 0, false, false];
  const endField = () => {
    formulas ||= field.length > 1 && FORMULA.test(field) && Number.isNaN(Number(field));
    row.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    if (row.length > 1 || row[0] !== "") {
      if (total < limit) rows.push(row.map(harmless));
      total++;
    }
    row = [];
  };
  const source = text.replace(/^\ufeff/, "");
  for (; at < source.length; at++) {
    const c = source[at];
    if (quoted) {
      if (c !== '"') field += c;
      else if (source[at + 1] === '"') {
        field += '"';
        at++;
      } else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ",") endField();
    else if (c === "\n") endRow();
    else if (c !== "\r" || source[at + 1] !== "\n") field += c;
  }
  endRow();
  return { rows, total, formulas };
};
