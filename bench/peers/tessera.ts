/** Builds and runs bench/peers/tessera: a Tessera POSIX log in Go, loaded as our ledger is. */
import { runGo } from "./go.ts";

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
  const load = [`-submitters=${submitters}`, `-bytes=${bytes}`, `-directory=${directory}`];
  const ran = await runGo<Omit<Figures, "name">>("tessera", "github.com/transparency-dev/tessera", load);
  return "skip" in ran ? ran : { name: `Tessera POSIX ${ran.version}`, ...ran.printed };
};
