/**
 * `node scripts/reference.ts [--check]`: writes the reference pages in both languages from what the source declares.
 * With `--check` it writes nothing and fails, naming the pages that are not as the source is.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { Language } from "../src/base/refusal.ts";
import { apiPage } from "./reference/api.ts";
import { cliPage } from "./reference/cli.ts";
import { configurationPage } from "./reference/configuration.ts";
import { errorsPage, loadCatalogue } from "./reference/errors.ts";
import { LANGUAGES } from "./reference/markdown.ts";
import { root } from "./tree.ts";

/** One line a page. */
const PAGES: Readonly<Record<string, (language: Language) => string>> = {
  "api.md": apiPage,
  "cli.md": cliPage,
  "configuration.md": configurationPage,
  "errors.md": errorsPage,
};

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

await loadCatalogue();
const stale: string[] = [];
for (const language of LANGUAGES)
  for (const [name, make] of Object.entries(PAGES)) {
    const path = join("docs", language, "reference", name);
    const file = join(root, path);
    const content = make(language);
    if (existsSync(file) && readFileSync(file, "utf8") === content) continue;
    stale.push(path);
    if (values.check) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    console.log(path);
  }

if (values.check && stale.length > 0) {
  console.error(`Not as the source is: ${stale.join(", ")}. Run: node scripts/reference.ts`);
  process.exitCode = 1;
}
