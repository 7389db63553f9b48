import { refusals } from "../../base/refusal.ts";

export const refuse = refusals({
  "config.unknown": {
    status: 400,
    en: "There is no setting {name} ({origin}). {hint}",
    zh: "没有名为 {name} 的设置（来源：{origin}）。{hint}",
  },
  "config.invalid": {
    status: 400,
    en: "The setting {name} ({origin}) must be {expected}. Correct it and start again.",
    zh: "设置 {name}（来源：{origin}）应为：{expected}。请修正后重新启动。",
  },
  "config.file": {
    status: 400,
    en: "The configuration file {file} cannot be read as a JSON object: {reason}. Correct it, or name another with --config.",
    zh: "无法将配置文件 {file} 读取为 JSON 对象：{reason}。请修正该文件，或用 --config 指定其他文件。",
  },
});
