/** Aligned columns on a terminal, where a Chinese character takes two cells. */

/** East Asian wide and fullwidth (Unicode Standard Annex 11), and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Marks that sit on the character before, and what shows nothing. */
const ZERO = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Cells that the text takes. */
export const widthOf = (text: string): number => {
  let width = 0;
  for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
};

export const padTo = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

/** Control characters would move the cursor: they are shown as what they are. */
export const printable = (text: string): string =>
  text.replace(
    /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** JSON of the same value, in which nothing moves a terminal's cursor or turns the direction of what follows. */
export const safeJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\u009f\p{Bidi_Control}\u2028\u2029]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** What shows nothing, or as a space: it can be part of a name in code, or of a path. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A stranger's code on a terminal: tabs stay, nothing else moves the cursor, and whatever is there is seen. */
export const shownCode = (code: string): string =>
  code
    .split("\n")
    .map((line) => line.split("\t").map(printable).join("\t"))
    .join("\n")
    .replace(INVISIBLE, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);

const GAP = "  ";

/** Rows under their headings; no line ends in spaces. */
export const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, i) => Math.max(...all.map((row) => widthOf(row[i] ?? ""))));
  const line = (row: readonly string[]) =>
    widths
      .map((width, i) => padTo(row[i] ?? "", width))
      .join(GAP)
      .trimEnd();
  const [head = [], ...body] = all;
  return [line(head), widths.map((width) => "─".repeat(width)).join(GAP), ...body.map(line)].join("\n");
};

/** Names and what they are, side by side; values of several lines are indented. */
export const pairs = (rows: readonly (readonly [string, string])[], indent = ""): string => {
  const width = Math.max(0, ...rows.map(([name]) => widthOf(name)));
  return rows
    .map(([name, value]) => {
      const lines = value.split("\n").map(printable);
      const rest = `\n${indent}${" ".repeat(width)}${GAP}`;
      return `${indent}${padTo(printable(name), width)}${GAP}${lines.join(rest)}`.trimEnd();
    })
    .join("\n");
};
