/** Reads Prometheus' text form: what the charts are made of. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

const numberIn = (text: string): number =>
  text === "+Inf" ? Number.POSITIVE_INFINITY : text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);

export const samplesOf = (text: string): Sample[] =>
  text.split("\n").flatMap((line) => {
    const [, name, labels = "", value = ""] = line.startsWith("#") ? [] : (LINE.exec(line) ?? []);
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = "", written = ""]) => [
      key,
      written.replace(/\\(.)/g, "$1"),
    ]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: numberIn(value) }];
  });

/** The sum over all labels; undefined where there is none. */
export const total = (samples: readonly Sample[], name: string): number | undefined => {
  const found = samples.filter((sample) => sample.name === name && Number.isFinite(sample.value));
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
};

/**
 * Value below which a share of what a histogram has seen lies, interpolated as Prometheus does.
 * @param since counts of an earlier look, so that only what came after counts
 */
export const quantile = (
  share: number,
  samples: readonly Sample[],
  name: string,
  since: readonly Sample[] = [],
): number | undefined => {
  const counts = (of: readonly Sample[]) => {
    const found = new Map<number, number>();
    for (const { name: each, labels, value } of of)
      if (each === `${name}_bucket`) {
        const most = numberIn(labels.le ?? "");
        found.set(most, (found.get(most) ?? 0) + value);
      }
    return found;
  };
  const before = counts(since);
  const buckets = [...counts(samples)]
    .map(([most, count]) => ({ most, count: count - (before.get(most) ?? 0) }))
    .toSorted((a, b) => a.most - b.most);
  const all = buckets.at(-1)?.count ?? 0;
  if (all === 0) return undefined;
  const wanted = share * all;
  const at = buckets.findIndex(({ count }) => count >= wanted);
  const [low, high] = [buckets[at - 1], buckets[at]];
  if (!high || !Number.isFinite(high.most)) return low?.most;
  const within = high.count - (low?.count ?? 0);
  const part = within === 0 ? 1 : (wanted - (low?.count ?? 0)) / within;
  return (low?.most ?? 0) + (high.most - (low?.most ?? 0)) * part;
};
