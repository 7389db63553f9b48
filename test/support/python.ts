/** Models in Python for tests, and the image to run them in. */
import { makePythonImage } from "../../scripts/python-image.ts";
import type { Manifest } from "../../src/enclave/runners/manifest.ts";
import { createPythonRunner } from "../../src/enclave/runners/python/index.ts";
import type { Limits } from "../../src/enclave/runners/runner.ts";
import { createRig, sandboxedWith } from "./runner.ts";

/** The image's folder, made where it is not there yet; or why there is none. */
export const findPythonImage = (): Promise<{ directory: string } | { skip: string }> =>
  makePythonImage().then(
    (directory) => ({ directory }),
    (error: Error) => ({ skip: `there is no image of Python: ${error.message.split("\n", 1)[0]}` }),
  );

const image = await findPythonImage();
export const runner = createPythonRunner("skip" in image ? undefined : image.directory);
export const LIMITS: Limits = { seconds: 20, memory: 256 << 20, output: 8 << 20 };
export const MANIFEST: Manifest = {
  runner: "python",
  entry: "main.py",
  tables: { people: { columns: { id: "f64", name: "utf8" } } },
  result: { columns: { name: "utf8", value: "f64" }, maxRows: 100 },
  parameters: {},
};
const rig = createRig({
  runner,
  limits: LIMITS,
  manifest: MANIFEST,
  rows: [[{ id: 1, name: "a" }], [{ id: 2, name: null }]],
});
export const { start, resultOf, rowsFrom, refusalOf } = rig;
export const sandboxed = sandboxedWith(
  async () => ("skip" in image ? image.skip : runner.available()),
  "/python/bin/python3",
);

/** The main function that has this body, its lines as deep as the first of them. */
export const body = (text: string) => {
  const [, indent = ""] = /^\n?( *)/.exec(text) ?? [];
  const lines = text.split("\n").map((line) => `    ${line.startsWith(indent) ? line.slice(indent.length) : line}`);
  return `import os, sys\ndef main(tables, parameters, log):\n${lines.join("\n")}\n`;
};
