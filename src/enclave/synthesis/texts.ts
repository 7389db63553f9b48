/** Texts that look like what production tables hold. None of them is anybody's: names are put together, numbers made up. */
import type { Random } from "./random.ts";

type MakeText = (random: Random, ordinal: number) => string;

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.whole(0, 9)).join("");

const GIVEN = ["Ada", "Chen", "Noor", "Ivan", "Lucía", "Mbali", "Søren", "Yuki"];
const FAMILY = ["Okafor", "Lindqvist", "García", "O'Neill", "Novák", "Silva", "Tanaka", "Weber"];
const SURNAMES = [..."王李张刘陈杨赵黄周吴"];
const CHARACTERS = [..."伟芳娜敏静丽强磊洋勇艳杰涛明超"];

export const person: MakeText = (random) =>
  random.oneIn(2)
    ? `${random.pick(GIVEN)} ${random.pick(FAMILY)}`
    : `${random.pick(SURNAMES)}${random.pick(CHARACTERS)}${random.oneIn(2) ? random.pick(CHARACTERS) : ""}`;

/** example.* is nobody's (RFC 2606). */
export const email: MakeText = (random) =>
  `${random.pick(["info", "li.wei", "a.novak", "m_silva", "office"])}${random.whole(1, 999_999)}@example.${random.pick(["com", "org", "net"])}`;

export const phone: MakeText = (random) => `1${random.whole(3, 9)}${digits(random, 9)}`;

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/** Number of a resident identity card, its check digit right (GB 11643, ISO 7064 MOD 11-2). */
export const identityCard: MakeText = (random) => {
  const region = random.pick(["110101", "310115", "440305", "330106", "510107"]);
  const two = (n: number) => String(n).padStart(2, "0");
  const born = `${random.whole(1940, 2015)}${two(random.whole(1, 12))}${two(random.whole(1, 28))}`;
  const body = `${region}${born}${digits(random, 3)}`;
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(body[i]), 0);
  return `${body}${"10X98765432"[sum % 11]}`;
};

const hex = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.whole(0, 15).toString(16)).join("");

export const uuid: MakeText = (random) =>
  [hex(random, 8), hex(random, 4), `4${hex(random, 3)}`, `8${hex(random, 3)}`, hex(random, 12)].join("-");

export const url: MakeText = (random) => `https://example.com/${hex(random, 8)}`;

/** 192.0.2.0/24 is for documentation (RFC 5737). */
export const address4: MakeText = (random) => `192.0.2.${random.whole(0, 255)}`;

export const postcode: MakeText = (random) => `${random.whole(1, 8)}${digits(random, 5)}`;

export const oneOf =
  (...among: string[]): MakeText =>
  (random) =>
    random.pick(among);

export const city = oneOf("北京", "上海", "深圳", "Berlin", "São Paulo", "Nairobi");
export const country = oneOf("CN", "DE", "BR", "KE", "US", "JP");
export const street: MakeText = (random) =>
  `${random.pick(["人民路", "Main Street", "Hauptstraße"])} ${random.whole(1, 200)}`;

/** `P000042` for a column called patient_no. */
export const identifier =
  (name: string): MakeText =>
  (_, ordinal) =>
    `${/[a-z]/i.exec(name)?.[0].toUpperCase() ?? "N"}${String(ordinal).padStart(6, "0")}`;

/** Few different values, always the same for a column of this name: what groups and joins are made by. */
export const category =
  (name: string): MakeText =>
  (random) =>
    `${name.slice(0, 32)} ${"ABCDEFGH"[Math.min(random.whole(0, 7), random.whole(0, 7))]}`;

/** What breaks programs that were only tried on pleasant text. */
export const TEXT_EDGES = ["", " ", "NULL", 'a, "b"\r\n', "𠮷野家 🙂", "'; --", "x".repeat(200)];
