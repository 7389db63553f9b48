/** How the values of a column are made up: ordinary ones, and those at the edges of what it may hold. */
import type { ColumnType, Value } from "../columns/batch.ts";
import { type DescribedField, type Meaning, meaningOf, type Range } from "./meanings.ts";
import type { Random } from "./random.ts";
import { category, identifier, TEXT_EDGES } from "./texts.ts";

export interface Maker {
  /** @param ordinal 1, 2, … : what a value that names something is made of */
  make(random: Random, ordinal: number): Value;
  readonly edges: readonly Value[];
}

export const makerOf = (field: DescribedField): Maker => MAKERS[field.type](field, meaningOf(field));

/**
 * Whether tables are joined by a column like this: it names somebody or something, or it is a whole number that says
 * nothing else.
 */
export const isJoined = (field: DescribedField): boolean => {
  const meaning = meaningOf(field);
  if (field.type === "i32" || field.type === "i64") return meaning === undefined || meaning.names === true;
  return (field.type === "utf8" || field.type === "decimal") && meaning?.names === true;
};

const numberIn = (random: Random, [low, high, decimals]: Range): number => {
  const scale = 10 ** decimals;
  return random.whole(Math.round(low * scale), Math.round(high * scale)) / scale;
};

/** Without a meaning of its own most values lie in the middle, as the sums of chances do. */
const PLAIN: Range = [0, 1_000, 0];
const bell = (random: Random): number => (random.next() + random.next() + random.next() + random.next()) / 4;

/** A text of digits where that is what the column means: telephone numbers in a column of numbers. */
const digitsOf = (meaning: Meaning | undefined, random: Random, ordinal: number, largest: number) => {
  const text = meaning?.text?.(random, ordinal);
  return text !== undefined && /^[1-9]\d*$/.test(text) && Number(text) <= largest ? text : undefined;
};

const wholeMaker =
  (largest: number, edges: readonly Value[], convert: (value: number) => Value) =>
  (_: DescribedField, meaning?: Meaning): Maker => {
    const { range } = meaning ?? {};
    return {
      make(random, ordinal) {
        if (range) return convert(Math.round(numberIn(random, range)));
        if (meaning?.text) return convert(Number(digitsOf(meaning, random, ordinal, largest) ?? 100_000 + ordinal));
        return convert(meaning?.names ? 100_000 + ordinal : Math.round(numberIn(random, PLAIN)));
      },
      edges: range ? [convert(Math.ceil(range[0])), convert(Math.floor(range[1]))] : meaning ? [] : edges,
    };
  };

const FIRST_DAY = Date.parse("2000-01-01") / 86_400_000;
const LAST_DAY = Date.parse("2025-12-31") / 86_400_000;
const LEAP_DAY = Date.parse("2024-02-29") / 86_400_000;
const DAY_MICROS = 86_400_000_000n;
const isoDay = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10);

const dayIn = (random: Random, meaning?: Meaning): number => random.whole(...(meaning?.days ?? [FIRST_DAY, LAST_DAY]));

const MAKERS: Readonly<Record<ColumnType, (field: DescribedField, meaning?: Meaning) => Maker>> = {
  bool: () => ({ make: (random) => random.oneIn(2), edges: [] }),
  i32: wholeMaker(2 ** 31 - 1, [0, -1, 2 ** 31 - 1, -(2 ** 31)], (value) => value),
  i64: wholeMaker(Number.MAX_SAFE_INTEGER, [0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)], BigInt),
  f64: (_, meaning) => ({
    make: (random, ordinal) => {
      if (meaning?.range) return numberIn(random, meaning.range);
      return meaning?.names ? 100_000 + ordinal : Math.round(bell(random) * 100_000) / 1_000;
    },
    edges: meaning?.range ? [meaning.range[0], meaning.range[1]] : [0, -1, 1e-9, 1e9],
  }),
  decimal: (_, meaning) => ({
    make(random, ordinal) {
      if (meaning?.range) return numberIn(random, meaning.range).toFixed(Math.max(meaning.range[2], 2));
      return meaning?.names ? String(100_000 + ordinal) : (random.whole(0, 10_000_000) / 100).toFixed(2);
    },
    edges: meaning ? ["0", "0.00"] : ["0", "-0.01", "99999999999999999999.999999", "0.10"],
  }),
  date: (_, meaning) => ({ make: (random) => dayIn(random, meaning), edges: [0, -1, LEAP_DAY] }),
  timestamp: (_, meaning) => ({
    make: (random) => BigInt(dayIn(random, meaning)) * DAY_MICROS + BigInt(random.whole(0, 86_399_999_999)),
    edges: [0n, -1n, BigInt(LEAP_DAY) * DAY_MICROS],
  }),
  utf8: (field, meaning) => ({ make: textMaker(field, meaning), edges: TEXT_EDGES }),
  binary: () => ({
    make: (random) => Uint8Array.from({ length: random.whole(1, 32) }, () => random.whole(0, 255)),
    edges: [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(255, 254)],
  }),
};

const DATE_WORDS = /date|day\b|日期|时间|time/i;

const textMaker = ({ name, description = "" }: DescribedField, meaning?: Meaning): Maker["make"] => {
  if (meaning?.text) return meaning.text;
  const { range, names, days } = meaning ?? {};
  if (range) return (random) => numberIn(random, range).toFixed(range[2]);
  if (names) return identifier(name);
  if (days || DATE_WORDS.test(`${name} ${description}`)) return (random) => isoDay(dayIn(random, meaning));
  return category(name);
};
