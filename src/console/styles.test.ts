/** Stylesheets of pages stay when the page is left: what one of them names, no other may. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { filesOf } from "../../scripts/tree.ts";

const here = import.meta.dirname;

/** Classes that a rule of a stylesheet begins with. */
const classesOf = (file: string): Set<string> =>
  new Set([...readFileSync(file, "utf8").matchAll(/^\.([a-z0-9-]+)/gm)].map(([, name = ""]) => name));

test("no two stylesheets of the console style the same class", () => {
  // The library's is always there, and says only how its parts stand within ours.
  const sheets = filesOf(here).filter((file) => file.endsWith(".css") && file !== "library.css");
  assert.ok(sheets.length > 1);
  const known = new Map<string, string>();
  for (const sheet of sheets)
    for (const name of classesOf(join(here, sheet))) {
      assert.equal(known.get(name), undefined, `.${name} is in ${known.get(name)} and in ${sheet}`);
      known.set(name, sheet);
    }
});
