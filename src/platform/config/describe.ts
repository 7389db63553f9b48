import { type Config, envName, flagName } from "./load.ts";
import { settings } from "./settings.ts";

/** One line of the reference page. */
export interface SettingDescription {
  name: string;
  env: string;
  flag: string;
  type: { en: string; zh: string };
  /** As it is written in the file. */
  preset: unknown;
  description: { en: string; zh: string };
  secret: boolean;
}

/** All settings in the order they are declared: what the reference page is generated from. */
export const describeConfig = (): SettingDescription[] =>
  Object.entries(settings).map(([name, { kind, preset, en, zh, secret }]) => ({
    name,
    env: envName(name),
    flag: `--${flagName(name)}`,
    type: { en: kind.en, zh: kind.zh },
    preset,
    description: { en, zh },
    secret,
  }));

/** The configuration as it may be shown: of a secret only whether it is set. */
export const redactedConfig = (config: Config): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, { secret }]) => {
      const value = config[name as keyof Config];
      return [name, secret && value !== "" ? "***" : value];
    }),
  );

/** Each setting in force as people write it, and what it is for; of a secret only whether it is set. */
export const explainedConfig = (config: Config) => {
  const shown = redactedConfig(config);
  return Object.fromEntries(
    Object.entries(settings).map(([name, { kind, en, zh, secret }]) => {
      const value = shown[name];
      const toText = secret ? undefined : (kind.toText as ((value: unknown) => string) | undefined);
      const plain = typeof value === "object" && !Array.isArray(value) ? JSON.stringify(value) : String(value);
      return [name, { secret, about: { en, "zh-CN": zh }, written: toText?.(value) ?? plain }];
    }),
  );
};
