/** A worker thread that flips every bit of some bytes of a bundle, one at a time, and counts how each is refused. */
import { parentPort, workerData } from "node:worker_threads";
import { Refusal } from "../../src/base/refusal.ts";
import { verifyBundle } from "../../src/evidence/verify.ts";

export interface Flips {
  readonly bytes: Uint8Array;
  /** Bytes `first`, `first + step`, … are this worker's. */
  readonly first: number;
  readonly step: number;
}
/** How often each code was given; `accepted` and `crashed` say where, as `byte.bit`. */
export interface Flipped {
  readonly codes: Map<string, number>;
  readonly accepted: string[];
  readonly crashed: string[];
}

const { bytes, first, step } = workerData as Flips;
const flipped: Flipped = { codes: new Map(), accepted: [], crashed: [] };
for (let at = first; at < bytes.length; at += step)
  for (let bit = 0; bit < 8; bit++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
    try {
      verifyBundle(damaged);
      flipped.accepted.push(`${at}.${bit}`);
    } catch (error) {
      if (error instanceof Refusal) flipped.codes.set(error.code, (flipped.codes.get(error.code) ?? 0) + 1);
      else flipped.crashed.push(`${at}.${bit} ${error}`);
    }
  }
parentPort?.postMessage(flipped);
