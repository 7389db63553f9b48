/** Kinds of settings: how each is written in a file, in the environment and after a flag, and what it becomes. */
import { z } from "zod";
import { DAY, HOUR, MINUTE, SECOND } from "../../base/clock.ts";

export interface Kind<T> {
  /** As the reference page and error messages name it, in both languages. */
  en: string;
  zh: string;
  schema: z.ZodType<T>;
  /** What text from the environment or a flag stands for, before the schema sees it. */
  fromText: (text: string) => unknown;
  /** How people write a value, where that is not the value itself. */
  toText?: (value: T) => string;
}

const asItIs = (text: string): unknown => text;

export const text = (pattern = /^.*$/s, en = "text", zh = "文本"): Kind<string> => ({
  en,
  zh,
  schema: z.string().regex(pattern),
  fromText: asItIs,
});

export const integer = (min: number, max: number): Kind<number> => ({
  en: `a whole number from ${min} to ${max}`,
  zh: `${min} 到 ${max} 的整数`,
  schema: z.number().int().min(min).max(max),
  fromText: (written) => (/^\d+$/.test(written) ? Number(written) : written),
});

export const oneOf = <const V extends readonly [string, ...string[]]>(...values: V): Kind<V[number]> => ({
  en: `one of ${values.join(", ")}`,
  zh: `${values.join("、")} 之一`,
  schema: z.enum(values),
  fromText: asItIs,
});

export const list = (en = "a list, with commas between", zh = "以逗号分隔的列表"): Kind<string[]> => ({
  en,
  zh,
  schema: z.array(z.string().trim().min(1)),
  fromText: (written) => (written.trim() === "" ? [] : written.split(",")),
});

/** Milliseconds; written `500ms`, `30s`, `15m`, `12h` or `7d`. */
export const duration = (min: number, max: number): Kind<number> =>
  scaled(
    UNITS_OF_TIME,
    /^(\d+)(ms|s|m|h|d)$/,
    min,
    max,
    "a duration such as 30s, 15m, 12h or 7d",
    "时长，例如 30s、15m、12h 或 7d",
  );

/** Bytes; written `4096`, `64KiB`, `20MiB` or `2GiB`. */
export const size = (min: number, max: number): Kind<number> =>
  scaled(
    UNITS_OF_SIZE,
    /^(\d+)(KiB|MiB|GiB)$/,
    min,
    max,
    "a size such as 64KiB, 20MiB or 2GiB",
    "大小，例如 64KiB、20MiB 或 2GiB",
  );

const UNITS_OF_TIME: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };
const UNITS_OF_SIZE: Record<string, number> = { KiB: 1 << 10, MiB: 1 << 20, GiB: 1 << 30 };

const scaled = (
  units: Record<string, number>,
  pattern: RegExp,
  min: number,
  max: number,
  en: string,
  zh: string,
): Kind<number> => {
  const name = (value: number): string => {
    const [unit, factor] = Object.entries(units).findLast(([, each]) => value % each === 0) ?? ["", 1];
    return `${value / factor}${unit}`;
  };
  return {
    en: `${en}, from ${name(min)} to ${name(max)}`,
    zh: `${zh}，范围 ${name(min)} 到 ${name(max)}`,
    schema: z
      .union([
        z.number().int(),
        z
          .string()
          .regex(pattern)
          .transform((written) => Number.parseInt(written, 10) * (units[written.replace(/^\d+/, "")] ?? 1)),
      ])
      .pipe(z.number().int().min(min).max(max)),
    fromText: (written) => (/^\d+$/.test(written) ? Number(written) : written),
    toText: name,
  };
};
