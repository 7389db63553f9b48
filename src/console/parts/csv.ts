/** CSV (RFC 4180) as rows of fields. */

/**
 * @param limit of rows, the header among them
 * @returns the first rows, and how many there are in all
 */
export const parseCsv = (text: string, limit = Number.POSITIVE_INFINITY): { rows: string[][]; total: number } => {
  const rows: string[][] = [];
  let [total, row, field, at, quoted] = [0, [] as string[], "", 0, false];
  const endField = () => {
    row.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    if (row.length > 1 || row[0] !== "") {
      if (total < limit) rows.push(row);
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
  return { rows, total };
};
