/** Cold start of Python's sandbox against its interpreter bare, that runs as small a script (sandbox/cold-start.ts). */
import { createPythonRunner } from "../src/enclave/runners/python/index.ts";
import { findPythonImage } from "../test/support/python.ts";
import { benchColdStart } from "./sandbox/cold-start.ts";
import { report } from "./support.ts";

const bench = "sandbox-python";
const image = await findPythonImage();
if ("skip" in image) {
  console.log(JSON.stringify({ bench, skip: image.skip }));
} else {
  const runner = createPythonRunner(image.directory);
  const measured = await benchColdStart({
    bench,
    runner,
    runs: 60,
    target: 1.5,
    model: { entry: "main.py", source: 'def main(tables, parameters):\n    return [{"value": 1}]\n' },
    bare: {
      name: "python",
      command: `${image.directory}/python/bin/python3`,
      file: "main.py",
      source: `import os
def main():
    return [{"value": 1}]
os.write(1, b"started")
main()
`,
    },
  });
  if (measured) {
    const began = performance.now();
    await runner.imageDigest();
    report({ bench, metric: "digest of the image, once a process", value: performance.now() - began, unit: "ms" });
  }
}
