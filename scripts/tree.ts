/** The files of a checkout, as the checks and the test runner see them. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What .gitignore leaves out, and git's own. */
const GENERATED = new Set(["node_modules", "dist", ".data", ".cache", ".git"]);

/** Paths relative to `top`, sorted, with `/` between their parts; folders and generated files left out. */
export const filesOf = (top: string): string[] =>
  globSync(["**/*", ".*", ".ci/*"], { cwd: top, withFileTypes: true, exclude: (entry) => GENERATED.has(entry.name) })
    .filter((entry) => entry.isFile() && !GENERATED.has(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(top.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();

/** A file's text; undefined when it holds bytes that are not text. */
export const textOf = (top: string, file: string): string | undefined => {
  const text = readFileSync(join(top, file), "utf8");
  return text.includes("\0") ? undefined : text;
};
