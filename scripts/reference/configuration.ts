/** The page of the settings, from their declarations. */
import type { Language } from "../../src/base/refusal.ts";
import { describeConfig, type SettingDescription } from "../../src/platform/config/describe.ts";
import { code, head, page, table, text } from "./markdown.ts";

const title = text("Configuration", "配置");
const introduction = text(
  "Every setting of the platform. It is looked for as a flag, then in the environment, then in `entente.json` (in the data directory, or where `--config` says), then the default holds. A name that is not known is refused. Sizes are written as `64MiB`, durations as `10s`, `5m`, `2h`, `7d`; lists with commas between.",
  "平台的全部配置项。依次查找命令行参数、环境变量、`entente.json`（位于数据目录，或由 `--config` 指定），均未设置时使用默认值。未知的名称会被拒绝。容量的写法如 `64MiB`，时长的写法如 `10s`、`5m`、`2h`、`7d`，列表以逗号分隔。",
);
const WORDS = {
  setting: text("setting", "配置项"),
  value: text("value", "取值"),
  preset: text("default", "默认值"),
  about: text("meaning", "说明"),
  flag: text("flag", "命令行参数"),
  environment: text("environment", "环境变量"),
  empty: text("(empty)", "（空）"),
  secret: text(" Secret: it is never shown.", "属于机密，不会显示。"),
  names: text("Names", "名称对照"),
  settings: text("Settings", "配置项"),
} as const;

const presetOf = ({ preset }: SettingDescription, language: Language): string =>
  preset === "" || (Array.isArray(preset) && preset.length === 0) ? WORDS.empty[language] : code(String(preset));

/** @returns the page in a language */
export const configurationPage = (language: Language): string => {
  const key = language === "en" ? "en" : "zh";
  const settings = describeConfig();
  return page([
    ...head(title, introduction, language),
    `## ${WORDS.settings[language]}`,
    ...table(
      [WORDS.setting[language], WORDS.value[language], WORDS.preset[language], WORDS.about[language]],
      settings.map((setting) => [
        code(setting.name),
        setting.type[key],
        presetOf(setting, language),
        `${setting.description[key]}${setting.secret ? WORDS.secret[language] : ""}`,
      ]),
    ),
    `## ${WORDS.names[language]}`,
    ...table(
      [WORDS.setting[language], WORDS.flag[language], WORDS.environment[language]],
      settings.map(({ name, flag, env }) => [code(name), code(flag), code(env)]),
    ),
  ]);
};
