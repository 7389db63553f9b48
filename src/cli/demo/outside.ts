/** What somebody with nothing but the file and this program would do: a process of its own, timed as a whole. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

export const verifyOutside = async (bundle: string): Promise<{ ok: boolean; ms: number }> => {
  const began = performance.now();
  const verifier = join(import.meta.dirname, "..", "verify-main.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [verifier, bundle, "--json"]);
  const { ok } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as { ok?: boolean };
  return { ok: ok === true, ms: Math.round(performance.now() - began) };
};
