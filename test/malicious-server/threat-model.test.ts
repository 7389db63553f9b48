/** The threat model names every attack that is performed, and no other, in both languages. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { catalogue as refusals } from "../../src/base/refusal.ts";
import { catalogue } from "./catalogue.ts";
import type { Refuser } from "./harness.ts";

interface Told {
  readonly id: string;
  readonly name: string;
  readonly by: string;
  readonly codes: readonly string[];
}

/** A paragraph: **A01 Name.** … Refused by the client: `code`, `code`. Or: Bounded by the enclave. */
const attacksIn = (language: string, ends: RegExp): Told[] => {
  const text = readFileSync(new URL(`../../docs/${language}/threat-model.md`, import.meta.url), "utf8");
  const paragraphs = text.split("\n\n").filter((one) => /^\*\*A\d/.test(one));
  return paragraphs.map((paragraph) => {
    const [, id = "", name = ""] = /^\*\*(A\d+) (.*?)[.。]\*\* /.exec(paragraph) ?? [];
    const { refuser, bounder, codes = "" } = ends.exec(paragraph.trimEnd())?.groups ?? {};
    const by = refuser ?? bounder;
    assert.ok(name && by, `${language} ${id}: ${paragraph}`);
    return { id, name, by, codes: [...codes.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code) };
  });
};

const ENGLISH = /(Refused by the (?<refuser>\w+): (?<codes>[^.]*(\.[^ .][^.]*)*)|Bounded by the (?<bounder>\w+))\.$/;
const CHINESE = /(由(?<refuser>[^由。]+)拒绝：(?<codes>[^。]*)|由(?<bounder>[^由。]+)限定)。$/;
const WORDS: Record<Refuser, string> = {
  enclave: "可信执行环境",
  client: "客户端",
  rules: "规则",
  verifier: "验证程序",
};

const performed = catalogue.map(({ id, name, by, codes }) => ({ id, name, by, codes: codes.toSorted() }));

test("an attack has an id of its own, and is refused by codes that say in both languages what to do", () => {
  const ids = catalogue.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length >= 40);
  for (const id of ids) assert.match(id, /^A\d{2,3}$/);
  for (const { id, codes } of catalogue)
    for (const code of codes) assert.ok(refusals.has(code), `${id}: ${code} is no refusal`);
});

test("the English threat model has every attack, with who refuses it and how", () => {
  assert.deepEqual(attacksIn("en", ENGLISH), performed);
});

test("so has the Chinese", () => {
  const told = attacksIn("zh-CN", CHINESE);
  for (const { id, name } of told) assert.match(name, /\p{Script=Han}/u, id);
  const words = performed.map(({ id, by, codes }) => ({ id, by: WORDS[by], codes }));
  assert.deepEqual(
    told.map(({ id, by, codes }) => ({ id, by, codes })),
    words,
  );
});
