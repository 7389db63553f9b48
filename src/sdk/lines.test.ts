import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { unifiedDiff } from "./lines.ts";

const home = mkdtempSync(join(tmpdir(), "entente-lines-"));
after(() => rmSync(home, { recursive: true }));

/** Hunks of diff(1), which is told to look for the shortest script too. */
const theirs = (a: string, b: string): string[] => {
  writeFileSync(join(home, "a"), a);
  writeFileSync(join(home, "b"), b);
  const { stdout } = spawnSync("diff", ["-d", "-u", "a", "b"], { cwd: home, encoding: "utf8" });
  return stdout.split("\n").slice(2, -1);
};

/** What a reader of the diff makes of `a`. */
const patched = (a: string, diff: readonly string[]): string => {
  const lines = a.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const out: string[] = [];
  let at = 0;
  diff.forEach((line, i) => {
    const [, start, count = "1"] = /^@@ -(\d+)(?:,(\d+))? /.exec(line) ?? [];
    if (start !== undefined) {
      const from = count === "0" ? Number(start) : Number(start) - 1;
      out.push(...lines.slice(at, from));
      at = from;
      return;
    }
    if (line.startsWith("\\")) return;
    const text = line.slice(1) + (diff[i + 1]?.startsWith("\\") ? "" : "\n");
    if (line[0] !== "+") {
      assert.equal(lines[at], text);
      at++;
    }
    if (line[0] !== "-") out.push(text);
  });
  return [...out, ...lines.slice(at)].join("");
};

const edits = (diff: readonly string[]): number => diff.filter((line) => /^[+-]/.test(line)).length;

test("as diff(1) has it", () => {
  const text = (...lines: (string | number)[]) => lines.map((line) => `${line}\n`).join("");
  const long = Array.from({ length: 40 }, (_, i) => i);
  const changed = (...at: number[]) => long.map((line) => (at.includes(line) ? "x" : line));
  for (const [a, b] of [
    ["", ""],
    ["", "a\n"],
    ["a\n", ""],
    ["a", "a\n"],
    ["a\nb", "a\nc"],
    [text(1, 2, 3), text(1, 2, 3)],
    [text(...long), text(...changed(0))],
    [text(...long), text(...changed(39))],
    [text(...long), text(...changed(10, 17))],
    [text(...long), text(...changed(10, 18))],
    [text(...long), text(...long.slice(5), "y")],
  ] as const)
    assert.deepEqual(unifiedDiff(a, b), theirs(a, b), `${JSON.stringify(a)} ${JSON.stringify(b)}`);
});

test("any two texts: the diff makes the second of the first, with no more edits than diff(1)", () => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % below;
  };
  const text = () => {
    const lines = Array.from({ length: random(30) }, () => "abcd"[random(4)]);
    return lines.join("\n") + (random(3) ? "\n" : "");
  };
  for (let i = 0; i < 150; i++) {
    const [a, b] = [text(), text()];
    const diff = unifiedDiff(a, b);
    assert.equal(patched(a, diff), b);
    assert.equal(edits(diff), edits(theirs(a, b)));
  }
});

test("texts that have nothing in common are told in bounded time", () => {
  const text = (mark: string) => Array.from({ length: 50_000 }, (_, i) => `${mark}${i}\n`).join("");
  const diff = unifiedDiff(text("a"), text("b"));
  assert.equal(edits(diff), 100_000);
  assert.equal(patched(text("a"), diff), text("b"));
});
