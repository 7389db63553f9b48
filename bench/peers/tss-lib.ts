/** Builds and runs bench/peers/tss-lib: GG18 ECDSA in Go, all parties in one process. */
import { cache, runGo } from "./go.ts";

interface Figures {
  readonly name: string;
  /** CPU milliseconds of all parties together, safe primes not counted. */
  readonly keygen: number;
  readonly sign: number;
}

/**
 * The first run makes the safe primes that it lacks, half a minute each, and keeps them.
 * @returns the figures, or why there are none
 */
export const measureTssLib = async (threshold: number, parties: number): Promise<Figures | { skip: string }> => {
  const args = [`-threshold=${threshold}`, `-parties=${parties}`, `-primes=${cache}tss-lib-primes.json`];
  const ran = await runGo<Omit<Figures, "name">>("tss-lib", "github.com/bnb-chain/tss-lib/v2", args);
  return "skip" in ran ? ran : { name: `tss-lib ${ran.version}`, ...ran.printed };
};
