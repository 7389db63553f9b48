/** Cold start of JavaScript's sandbox against a bare Node.js that imports as small a module (sandbox/cold-start.ts). */
import { createJavascriptRunner } from "../src/enclave/runners/javascript/index.ts";
import { benchColdStart } from "./sandbox/cold-start.ts";

await benchColdStart({
  bench: "sandbox",
  runner: createJavascriptRunner(),
  runs: 40,
  target: 1.3,
  model: { entry: "index.js", source: "export const main = () => [{ value: 1 }];\n" },
  bare: {
    name: "node",
    command: process.execPath,
    file: "index.mjs",
    source: `import { writeSync } from "node:fs";
const main = () => [{ value: 1 }];
writeSync(1, "started");
main();
`,
  },
});
