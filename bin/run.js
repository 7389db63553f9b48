#!/usr/bin/env node
/** The scripts of package.json: `node bin/run.js <verb> [arguments]`. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { command, fail, root, run } from "./bootstrap.js";

const [verb = "", ...args] = process.argv.slice(2);

/** `<folder>/<name>.ts`, its name being the first argument. */
const named = (folder) => () => {
  const [name, ...rest] = args;
  const names = existsSync(join(root, folder)) ? programsIn(folder) : [];
  if (name && names.includes(name)) return run(join(folder, `${name}.ts`), rest);
  const list = `npm run ${verb} -- <name>, where <name> is one of:\n  ${names.join("\n  ") || "(none yet)"}\n`;
  if (name && !name.startsWith("-")) fail(`there is no ${verb} called ${name}. Use ${list.trimEnd()}`, 2);
  process.stdout.write(list);
};

/** Files directly in the folder; what they share lies in support.ts and in folders below. */
const programsIn = (folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "support.ts")
    .map((file) => file.slice(0, -".ts".length))
    .sort();

const verbs = {
  start: () => run("src/cli/main.ts", ["up", ...args]),
  demo: () => run("src/cli/main.ts", ["demo", ...args]),
  test: () => run("scripts/test.ts", args),
  check: () => run("scripts/check.ts", args),
  python: () => run("scripts/python-image.ts", args),
  bundle: () => run("scripts/bundle.ts", args),
  console: () => run("scripts/console.ts", args),
  pictures: () => run("scripts/pictures.ts", args),
  bench: named("bench"),
  drill: named("drill"),
};

command(() => {
  if (!Object.hasOwn(verbs, verb)) fail(`unknown command ${verb}. Use one of: ${Object.keys(verbs).join(", ")}`, 2);
  verbs[verb]();
});
