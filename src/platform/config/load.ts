import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CLIENT_PREFIX } from "./environment.ts";
import { refuse } from "./errors.ts";
import { type Setting, settings } from "./settings.ts";

type Settings = typeof settings;
type Name = keyof Settings & string;

/** Every setting with its value: durations in milliseconds, sizes in bytes. */
export type Config = { readonly [K in Name]: Settings[K] extends Setting<infer T> ? T : never };

export interface Sources {
  /** Parsed content of entente.json. */
  file?: Readonly<Record<string, unknown>>;
  env?: Readonly<Record<string, string | undefined>>;
  /** By the flag's name without dashes: `{ "log-level": "debug" }`. */
  flags?: Readonly<Record<string, string | undefined>>;
}

const names = Object.keys(settings) as Name[];
const words = (name: string): string[] => name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
export const flagName = (name: string): string => words(name).join("-");
export const envName = (name: string): string => `ENTENTE_${words(name).join("_").toUpperCase()}`;

/**
 * Flags before environment before file before defaults.
 * @throws Refusal config.unknown, config.invalid
 */
export const loadConfig = ({ file = {}, env = {}, flags = {} }: Sources): Config => {
  const fromEnv = Object.entries(env).filter(([key]) => key.startsWith("ENTENTE_") && !key.startsWith(CLIENT_PREFIX));
  for (const key of Object.keys(file)) known(key, "entente.json", names);
  for (const [key] of fromEnv) known(key, "environment", names.map(envName));
  for (const key of Object.keys(flags)) known(key, "flag", names.map(flagName));

  const values = names.map((name) => {
    const { kind, preset } = settings[name];
    const flag = flags[flagName(name)];
    if (flag !== undefined) return [name, read(name, `--${flagName(name)}`, kind.fromText(flag))];
    const variable = env[envName(name)];
    if (variable !== undefined) return [name, read(name, envName(name), kind.fromText(variable))];
    if (file[name] !== undefined) return [name, read(name, "entente.json", file[name])];
    return [name, read(name, "default", preset)];
  });
  return Object.freeze(Object.fromEntries(values)) as Config;
};

const read = (name: Name, origin: string, written: unknown): unknown => {
  const { kind } = settings[name];
  const result = z.safeParse<z.ZodType<unknown>>(kind.schema, written);
  // The value itself is not repeated: it may be a secret.
  if (!result.success) throw refuse("config.invalid", { name, origin, expected: kind.en });
  return result.data;
};

/**
 * Reads the configuration file, the data directory's own unless another is named: a file that was named must exist.
 * @throws Refusal config.file
 */
export const readConfigFile = (dataDir: string, named?: string): Record<string, unknown> => {
  const path = named ?? join(dataDir, "entente.json");
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    if (named === undefined && (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw refuse("config.file", { file: path, reason: (error as NodeJS.ErrnoException).code ?? "unreadable" });
  }
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(content));
  } catch (error) {
    // Not the parser's message: it repeats a piece of the file, which may be a secret.
    const reason = error instanceof SyntaxError ? "not valid JSON" : "not an object";
    throw refuse("config.file", { file: path, reason });
  }
};

const known = (key: string, origin: string, allowed: readonly string[]): void => {
  if (allowed.includes(key)) return;
  const [nearest, steps] = allowed
    .map((name) => [name, distance(key.toLowerCase(), name.toLowerCase())] as const)
    .reduce((best, next) => (next[1] < best[1] ? next : best), ["", Number.POSITIVE_INFINITY]);
  const hint =
    steps <= Math.max(2, key.length / 4) ? `Did you mean ${nearest}?` : "The reference page lists all settings.";
  throw refuse("config.unknown", { name: key, origin, hint });
};

/** Levenshtein's. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
};
