/** What every bench prints: one JSON object a line, so that runs can be compared by a program. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

/** A figure. `target` is what it has to reach: at least, unless `atMost` says otherwise. */
export interface Figure {
  readonly bench: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: number;
  /** The value has to be at least the target (the default when there is one), or at most. */
  readonly atLeast?: true;
  readonly atMost?: true;
  /** The same measured on a comparable product, in the same run. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** Whatever else a reader has to know of the run. */
  readonly note?: string;
}

const version = (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string })
  .version;

/** Where the figures come from. */
export const machine = {
  cpus: availableParallelism(),
  model: cpus()[0]?.model.trim() ?? "unknown",
  node: process.version,
};

/** Whether the figure reaches its target; true without one. */
export const reached = ({ value, target, atMost }: Figure): boolean =>
  target === undefined || (atMost ? value <= target : value >= target);

/** Prints the figure as a JSON line; a target that was missed makes the process end with 1. */
export const report = (figure: Figure): void => {
  const { bench, metric, value, unit, target, atMost, peer, note } = figure;
  const line = {
    bench,
    metric,
    value: rounded(value),
    unit,
    ...(target !== undefined && { target, bound: atMost ? "at most" : "at least", ok: reached(figure) }),
    ...(peer && { peer: peer.name, peerValue: rounded(peer.value), ratio: rounded(value / peer.value) }),
    ...(note && { note }),
    version,
    machine,
  };
  console.log(JSON.stringify(line));
  if (!reached(figure)) process.exitCode = 1;
};

/** Three significant digits; whole above 1,000. */
const rounded = (value: number): number => (value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3)));

/** @param p 0 to 1; nearest rank */
export const percentile = (values: readonly number[], p: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/**
 * What each contender measures, one after another in every turn, so that all see the same machine.
 * @param warmUp turns before those that count
 */
export const takeTurns = async <Name extends string, T>(
  contenders: Readonly<Record<Name, () => Promise<T>>>,
  { runs, warmUp }: { readonly runs: number; readonly warmUp: number },
): Promise<Record<Name, T[]>> => {
  const names = Object.keys(contenders) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>;
  for (let run = -warmUp; run < runs; run++)
    for (const name of names) {
      const one = await contenders[name]();
      if (run >= 0) measured[name].push(one);
    }
  return measured;
};
