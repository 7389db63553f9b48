/** What a column is about, read from its name and its description, in English and in Chinese. */
import type { Field } from "../columns/batch.ts";
import * as texts from "./texts.ts";

/** A column, and what its owner says of it. */
export interface DescribedField extends Field {
  readonly description?: string;
}

/** Lowest, highest, decimals. */
export type Range = readonly [low: number, high: number, decimals: number];

export interface Meaning {
  readonly range?: Range;
  readonly text?: ReturnType<typeof texts.oneOf>;
  /** Days since 1970-01-01. */
  readonly days?: readonly [from: number, to: number];
  /** One value a person or a thing: tables are joined by it. */
  readonly names?: true;
}

const day = (date: string): number => Date.parse(date) / 86_400_000;

const range = (low: number, high: number, decimals = 0): Meaning => ({ range: [low, high, decimals] });

/** The first that fits counts. */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/\be ?mail\b|邮箱|电子邮件/, { text: texts.email, names: true }],
  [/\b(id|identity|citizen) ?card\b|身份证|证件号/, { text: texts.identityCard, names: true }],
  [/\b(phone|mobile|telephone|tel)\b|手机|电话/, { text: texts.phone, names: true }],
  [/\b(uuid|guid)\b/, { text: texts.uuid, names: true }],
  [/\b(url|website|homepage)\b|网址/, { text: texts.url }],
  [/\bip( address)?\b|ip地址/, { text: texts.address4 }],
  [/\b(postcode|postal code|zip( code)?)\b|邮编|邮政编码/, { text: texts.postcode }],
  [/\b(lat|latitude)\b|纬度/, range(-90, 90, 6)],
  [/\b(lon|lng|longitude)\b|经度/, range(-180, 180, 6)],
  [/\b(birth|born|birthday|dob)\b|出生|生日/, { days: [day("1930-01-01"), day("2024-12-31")] }],
  [/\bage\b|年龄/, range(0, 120)],
  [/\byear\b|年份|年度/, range(1990, 2025)],
  [/\bmonth\b|月份/, range(1, 12)],
  [/\b(heart rate|pulse)\b|心率|脉搏/, range(30, 220)],
  [/\b(blood )?pressure\b|血压/, range(40, 220)],
  [/\btemperature\b|体温|温度/, range(34, 42, 1)],
  [/\bheight\b|身高/, range(45, 210, 1)],
  [/\bweight\b|体重/, range(2, 180, 1)],
  [/\b(gender|sex)\b|性别/, { ...range(0, 1), text: texts.oneOf("F", "M") }],
  [/\b(percent|percentage|pct)\b|百分比/, range(0, 100, 2)],
  [/\b(rate|ratio|share|probability|fraction|score)\b|比例|概率|占比|[^频汇]率$/, range(0, 1, 4)],
  [
    /\b(amount|price|cost|fee|balance|salary|income|revenue|paid|sum|total)\b|金额|价格|费用|余额|收入|工资|总额/,
    range(0, 100_000, 2),
  ],
  [/\b(count|quantity|qty|times|days|hours|minutes|duration)\b|数量|次数|天数|时长/, range(0, 100)],
  [
    /^(is|has|was)\b|\b(flag|label|target|outcome)\b|是否|标志|标签/,
    { ...range(0, 1), text: texts.oneOf("no", "yes") },
  ],
  [/\bcity\b|城市/, { text: texts.city }],
  [/\bcountry\b|国家/, { text: texts.country }],
  [/\b(address|street)\b|地址|住址/, { text: texts.street }],
  [/\b(id|no|nr|number|key|serial)\b|编号|号码|号$|主键/, { names: true }],
  [/\b(name|surname)\b|姓名|名字/, { text: texts.person, names: true }],
];

/** `patientAge` and `PATIENT_AGE` are `patient age`. */
const wordsOf = (text: string): string =>
  text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

const RANGE = /(?<![\d.-])(-?\d+(?:\.\d+)?)\s*(?:\.\.|to|[-–—~～至到])\s*(-?\d+(?:\.\d+)?)(?![\d.-])/;

/** `0-120`, `0.0 to 1.0`, `1至5` in a description. */
const statedRange = (description: string): Range | undefined => {
  const [, low = "", high = ""] = RANGE.exec(description) ?? [];
  if (low === "" || !(Number(low) < Number(high)) || Math.abs(Number(high)) > 2 ** 31 - 1) return undefined;
  const decimals = Math.max(...[low, high].map((text) => text.split(".")[1]?.length ?? 0));
  return [Number(low), Number(high), decimals];
};

const CHOICE = String.raw`[\p{L}\p{N}_+]+`;
const CHOICES = new RegExp(
  String.raw`(?:${CHOICE}, )*${CHOICE},? or ${CHOICE}|${CHOICE}(?:\/${CHOICE})+|(?:${CHOICE}、)*${CHOICE}或${CHOICE}|${CHOICE}(?:、${CHOICE})+|${CHOICE}(?: \| ${CHOICE})+`,
  "u",
);

/** `benign or malignant`, `A/B/O/AB`, `良性、恶性` in a description. */
const statedChoices = (description: string): string[] | undefined => {
  const [found] = CHOICES.exec(description) ?? [];
  const choices = found?.split(/,? or |, |\/|、|或| \| /).filter((choice) => choice !== "");
  return choices && choices.length > 1 ? [...new Set(choices)] : undefined;
};

/** What a description states counts above what a name suggests. Undefined where neither says anything. */
export const meaningOf = ({ name, type, description = "" }: DescribedField): Meaning | undefined => {
  const choices = type === "utf8" ? statedChoices(description) : undefined;
  if (choices) return { text: texts.oneOf(...choices) };
  const stated = type === "utf8" ? undefined : statedRange(description);
  const decimals = type === "f64" || type === "decimal" ? 2 : 0;
  if (stated) return { range: [stated[0], stated[1], Math.max(stated[2], decimals)] };
  const find = (text: string) => MEANINGS.find(([words]) => words.test(wordsOf(text)))?.[1];
  return find(name) ?? find(description);
};
