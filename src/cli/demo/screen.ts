/** What the demo shows: lines for people, or one JSON object a line. */
import type { Running } from "../../compose.ts";
import type { Step, Text } from "../../sample/story.ts";
import { attestationVerifiers } from "../../trust/attestation/verify.ts";

export interface Screen {
  begin(home: string): void;
  started(platform: Running): void;
  step(who: string, what: Text, ms: number): void;
  end(told: Ending): void;
  /** Of a demo of another story: its heading, and names with what they are; for programs, those as one object. */
  finish(heading: Text, rows: readonly (readonly [Text, string])[], facts: object): void;
}

export const stepOn =
  (screen: Screen): Step =>
  async (who, what, work) => {
    const began = performance.now();
    const value = await work();
    screen.step(who, what, performance.now() - began);
    return value;
  };

export interface Ending {
  readonly table: readonly { readonly measure: string; readonly value: number }[];
  readonly result: Readonly<Record<string, number>>;
  readonly bundle: string;
  readonly task: string;
  readonly verify: { readonly ok: boolean; readonly ms: number };
  readonly url: string;
  readonly profiles: string;
  readonly ms: number;
  readonly once: boolean;
}

interface ScreenOptions {
  readonly json: boolean;
  readonly language: "en" | "zh-CN";
  readonly title?: Text;
}

export const createScreen = ({ json, language, title }: ScreenOptions): Screen =>
  json ? jsonScreen(language) : textScreen(language, title?.[language] ?? WORDS[language].title);

const print = (value: object) => console.log(JSON.stringify(value));

const jsonScreen = (language: "en" | "zh-CN"): Screen => ({
  begin: (home) => print({ began: true, data: home }),
  started: ({ url, enclave }) => print({ started: true, url, enclave }),
  step: (who, what, ms) => print({ step: what[language], who, ms: Math.round(ms) }),
  end: ({ result, bundle, verify, url, task, ms }) => print({ done: true, result, bundle, verify, url, task, ms }),
  finish: (_, __, facts) => print({ done: true, ...facts }),
});

const WORDS = {
  en: {
    title: "Three organisations compute on one another's private tables",
    data: "Everything is kept under",
    simulated: "The enclave is SIMULATED: nothing here is protected from whoever runs this machine.",
    isolation: "Models run in",
    result: "Result, as the institute alone can read it",
    verdict: (ok: boolean, ms: number) =>
      ok ? `An outsider verified the bundle offline in ${ms} ms: every check holds` : "The bundle does NOT hold",
    next: "Where to look next",
    bundle: "evidence bundle",
    profiles: "each organisation's own keys",
    verify: "verify it yourself",
    api: "the interface",
    total: "in all",
    stay: "The platform stays up until Ctrl-C.",
  },
  "zh-CN": {
    title: "三家机构对彼此的私有数据联合计算",
    data: "所有文件保存在",
    simulated: "可信执行环境为【模拟】：此处没有任何针对本机运营者的保护。",
    isolation: "模型运行于",
    result: "计算结果（只有研究所能够解密）",
    verdict: (ok: boolean, ms: number) =>
      ok ? `外部人员离线验证证据包用时 ${ms} 毫秒：全部检查通过` : "证据包【不成立】",
    next: "接下来可以查看",
    bundle: "证据包",
    profiles: "各机构自己的密钥",
    verify: "自行验证",
    api: "接口文档",
    total: "总用时",
    stay: "平台将持续运行，按 Ctrl-C 停止。",
  },
} as const;

/** Columns that a text takes on a terminal: Chinese characters take two. */
const width = (text: string): number =>
  [...text].reduce((sum, character) => sum + (/[\u1100-\u115f\u2e80-\uffe6]/u.test(character) ? 2 : 1), 0);
const pad = (text: string, to: number): string => text + " ".repeat(Math.max(0, to - width(text)));

const textScreen = (language: "en" | "zh-CN", title: string): Screen => {
  const words = WORDS[language];
  const colour = process.stdout.isTTY
    ? (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`
    : () => (text: string) => text;
  const [bold, dim, green, yellow] = [colour(1), colour(2), colour(32), colour(33)];
  const say = (line = "") => console.log(line);
  return {
    begin(home) {
      say(`\n  ${bold("Entente 协约")}  ${title}`);
      say(dim(`  ${words.data} ${home}\n`));
    },
    started({ enclave }) {
      if (!attestationVerifiers[enclave.attestation]?.hardware) say(`  ${yellow(words.simulated)}`);
      say(dim(`  ${words.isolation} ${enclave.isolation}\n`));
    },
    step(who, what, ms) {
      say(`  ${green("✓")} ${pad(who, 31)} ${pad(what[language], 76)} ${dim(`${Math.round(ms)} ms`.padStart(8))}`);
    },
    end({ table, verify, bundle, profiles, url, ms, once }) {
      say(`\n  ${bold(words.result)}\n`);
      for (const { measure, value } of table) say(`    ${pad(measure, 28)} ${formatted(value).padStart(12)}`);
      say(`\n  ${verify.ok ? green("✓") : "✗"} ${bold(words.verdict(verify.ok, verify.ms))}`);
      say(`\n  ${words.next}`);
      say(`    ${pad(words.bundle, 32)} ${bundle}`);
      say(`    ${pad(words.verify, 32)} npx entente verify ${bundle}`);
      say(`    ${pad(words.profiles, 32)} ${profiles}`);
      say(`    ${pad(words.api, 32)} ${url}/openapi.json`);
      say(dim(`\n  ${words.total} ${(ms / 1_000).toFixed(1)} s`));
      if (!once) say(`\n  ${words.stay}`);
    },
    finish(heading, rows) {
      say(`\n  ${bold(heading[language])}\n`);
      for (const [name, value] of rows) say(`    ${pad(name[language], 32)} ${value}`);
    },
  };
};

const formatted = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(4));
