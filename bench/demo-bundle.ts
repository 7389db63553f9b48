/** The evidence bundle of the demo, made once and kept as long as it holds. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runEntente } from "../test/support/platform.ts";

const cache = fileURLToPath(new URL("../.cache/", import.meta.url));
const bundle = join(cache, "demo.evidence.json");
const verifier = fileURLToPath(new URL("../src/cli/verify-main.ts", import.meta.url));

/** @returns its path */
export const demoBundle = async (): Promise<string> => {
  await mkdir(cache, { recursive: true });
  const holds = promisify(execFile)(process.execPath, [verifier, bundle, "--json"]);
  if (
    await holds.then(
      () => true,
      () => false,
    )
  )
    return bundle;
  const directory = await mkdtemp(join(tmpdir(), "entente-bench-"));
  try {
    const printed = await runEntente(["demo", "--once", "--json", `--data=${join(directory, "demo")}`]);
    const { bundle: made } = JSON.parse(printed.trim().split("\n").at(-1) ?? "{}") as { bundle: string };
    await copyFile(made, bundle);
    return bundle;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
