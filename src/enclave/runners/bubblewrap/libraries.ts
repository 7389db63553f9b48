/** What a program of this machine stands on. */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Absolute path of a program of the system, undefined where it is not installed. */
export const findProgram = (name: string): string | undefined =>
  ["/usr/bin", "/bin", "/usr/local/bin"]
    .map((folder) => `${folder}/${name}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/**
 * Absolute paths that the dynamic linker resolves for these programs and libraries.
 * @param folders where it looks first
 * @throws Error when one is missing
 */
export const librariesOf = async (binaries: readonly string[], folders: readonly string[] = []): Promise<string[]> => {
  const { stdout } = await run("ldd", [...binaries], {
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", LD_LIBRARY_PATH: folders.join(":") },
    maxBuffer: 64 << 20,
  });
  const [missing] = /\S+(?= => not found)/.exec(stdout) ?? [];
  if (missing) throw new Error(`the library ${missing} is missing`);
  return [...new Set(Array.from(stdout.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(/gm), ([, path = ""]) => path))];
};
