/** Peers written in Go: built from bench/peers/<name> into the cache, and run. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
/** What is expensive and stays over runs. */
export const cache = fileURLToPath(new URL("../../.cache/", import.meta.url));

/**
 * @param name of the folder beside this file; @param library the module that is measured
 * @returns what the program printed, as JSON, and the library's version; or why it could not be run
 */
export const runGo = async <T>(
  name: string,
  library: string,
  args: readonly string[],
): Promise<{ version: string; printed: T } | { skip: string }> => {
  const cwd = fileURLToPath(new URL(`${name}/`, import.meta.url));
  const program = `${cache}${name}`;
  try {
    await mkdir(cache, { recursive: true });
    const version = await run("go", ["list", "-m", "-f", "{{.Version}}", library], { cwd });
    await run("go", ["build", "-trimpath", "-o", program, "."], { cwd });
    const { stdout } = await run(program, args);
    return { version: version.stdout.trim(), printed: JSON.parse(stdout) as T };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { skip: code === "ENOENT" ? "Go is not installed" : (message.split("\n")[0] ?? "") };
  }
};
