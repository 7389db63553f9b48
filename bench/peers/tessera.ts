/** Builds and runs bench/peers/tessera: a Tessera POSIX log in Go, loaded as our ledger is. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const source = fileURLToPath(new URL("tessera/", import.meta.url));
const cache = fileURLToPath(new URL("../../.cache/", import.meta.url));

interface Load {
  readonly directory: string;
  readonly submitters: number;
  /** Of each entry. */
  readonly bytes: number;
}

interface Figures {
  readonly name: string;
  /** Entries a second with a durable index. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** @returns the figures, or why there are none */
export const measureTessera = async ({ directory, submitters, bytes }: Load): Promise<Figures | { skip: string }> => {
  const program = `${cache}tessera`;
  try {
    await mkdir(cache, { recursive: true });
    const { stdout } = await run("go", ["list", "-m", "-f", "{{.Version}}", "github.com/transparency-dev/tessera"], {
      cwd: source,
    });
    await run("go", ["build", "-trimpath", "-o", program, "."], { cwd: source });
    const load = [`-submitters=${submitters}`, `-bytes=${bytes}`, `-directory=${directory}`];
    const { stdout: figures } = await run(program, load);
    return { name: `Tessera POSIX ${stdout.trim()}`, ...(JSON.parse(figures) as Omit<Figures, "name">) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { skip: code === "ENOENT" ? "Go is not installed" : (message.split("\n")[0] ?? "") };
  }
};
