/** Differences between two texts, line by line, as `diff -u` shows them. */

/** Lines kept around a change. */
const CONTEXT = 3;
/** Beyond so many inserted and deleted lines the shortest script is not looked for. */
const MAX_EDITS = 2_000;

interface Edit {
  readonly kind: " " | "-" | "+";
  readonly line: string;
}

/** Lines with what ends them, so that a missing last newline shows. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/**
 * Hunks of `diff -u`, without the names of the files. Empty where the texts are the same.
 * @returns lines without their newlines
 */
export const unifiedDiff = (a: string, b: string): string[] => {
  const edits = editsOf(linesOf(a), linesOf(b));
  const changed = edits.flatMap(({ kind }, i) => (kind === " " ? [] : [i]));
  const hunks: [from: number, to: number][] = [];
  for (const at of changed) {
    const last = hunks.at(-1);
    if (last && at - last[1] <= 2 * CONTEXT + 1) last[1] = at;
    else hunks.push([at, at]);
  }
  let [at, old, now] = [0, 0, 0];
  return hunks.flatMap(([first, last]) => {
    const from = Math.max(0, first - CONTEXT);
    // Counted on from the hunk before: from the beginning each time would take as long as there are hunks and lines.
    for (; at < from; at++) {
      if (edits[at]?.kind !== "+") old++;
      if (edits[at]?.kind !== "-") now++;
    }
    return hunkOf(edits.slice(from, Math.min(edits.length, last + CONTEXT + 1)), old, now);
  });
};

/** @param old lines before it, on either side */
const hunkOf = (within: readonly Edit[], old: number, now: number): string[] => {
  // GNU diff: where a side has no lines, the line before is named.
  const place = (other: Edit["kind"], before: number) => {
    const lines = within.filter(({ kind }) => kind !== other).length;
    const start = before + (lines === 0 ? 0 : 1);
    return lines === 1 ? `${start}` : `${start},${lines}`;
  };
  return [
    `@@ -${place("+", old)} +${place("-", now)} @@`,
    ...within.flatMap(({ kind, line }) =>
      line.endsWith("\n") ? [kind + line.slice(0, -1)] : [kind + line, "\\ No newline at end of file"],
    ),
  ];
};

const editsOf = (a: readonly string[], b: readonly string[]): Edit[] => {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (line: string): Edit => ({ kind: " ", line });
  return [
    ...a.slice(0, start).map(same),
    ...shortestEdits(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
};

/**
 * The shortest script of insertions and deletions (E. W. Myers, An O(ND) Difference Algorithm and Its Variations,
 * Algorithmica 1, 1986, figure 2): `furthest[k]` is how far into `a` one comes on diagonal k with d edits.
 */
const shortestEdits = (a: readonly string[], b: readonly string[]): Edit[] => {
  const most = Math.min(a.length + b.length, MAX_EDITS);
  const origin = most + 1;
  const furthest = new Int32Array(2 * origin + 1);
  const trace: Int32Array[] = [];
  for (let d = 0; d <= most; d++) {
    // What the walk back looks at: diagonals -d to d, and one beyond on either side.
    trace.push(furthest.slice(origin - d - 1, origin + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const [above, left] = [furthest[origin + k + 1] as number, furthest[origin + k - 1] as number];
      let x = k === -d || (k !== d && left < above) ? above : left + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest[origin + k] = x;
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trace);
    }
  }
  return [...a.map((line): Edit => ({ kind: "-", line })), ...b.map((line): Edit => ({ kind: "+", line }))];
};

const walkBack = (a: readonly string[], b: readonly string[], trace: readonly Int32Array[]): Edit[] => {
  const edits: Edit[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d >= 0; d--) {
    const at = (k: number) => trace[d]?.[k + d + 1] as number;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    // Where the run of equal lines began that ended the path with d edits.
    const start = d === 0 ? 0 : down ? at(k + 1) : at(k - 1) + 1;
    while (x > start) {
      edits.push({ kind: " ", line: a[--x] as string });
      y--;
    }
    if (d === 0) break;
    if (down) edits.push({ kind: "+", line: b[--y] as string });
    else edits.push({ kind: "-", line: a[--x] as string });
  }
  return edits.reverse();
};
