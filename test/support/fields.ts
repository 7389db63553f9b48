/** Fields of forms, tried one after another: what is too much is said below each, and stays. */
import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import type { Person } from "./browser.ts";

export type Said = readonly [en: string, zh: string];
/** A field, what is typed into it one after another and said below it, and what it takes. */
export type Row = readonly [
  label: Said,
  refused: readonly (readonly [text: string, said: Said])[],
  taken: readonly string[],
];

export const long = (n: number, max: number): Said => [
  `${n} characters; at most ${max}`,
  `已输入 ${n} 个字符，最多 ${max} 个`,
];
export const short = (min: number): Said => [`At least ${min} characters`, `至少 ${min} 个字符`];
export const between = (min: number, max: number): Said => {
  const [a, b] = [min, max].map((n) => n.toLocaleString("en"));
  return [`A whole number from ${a} to ${b}`, `请输入 ${a} 至 ${b} 的整数`];
};

/** Of a shape whose limit is a length: one more is refused, the very limit is taken. */
export const upTo = (
  max: number | null,
  character = "a",
): Pick<{ refused: Row[1]; taken: Row[2] }, "refused" | "taken"> => {
  assert.ok(max);
  return { refused: [[character.repeat(max + 1), long(max + 1, max)]], taken: [character.repeat(max)] };
};
/** Of a shape of whole numbers. */
export const bounds = (
  { minValue, maxValue }: { minValue: number | null; maxValue: number | null },
  label: Said,
): Row => {
  assert.ok(minValue !== null && maxValue !== null);
  const said = between(minValue, maxValue);
  const wrong = [minValue - 1, maxValue + 1, minValue + 0.5].map((n) => [String(n), said] as const);
  return [label, wrong, [String(minValue), String(maxValue)]];
};

export const fill = async ({ t }: Person, within: Locator, rows: readonly Row[]): Promise<void> => {
  for (const [label, refused, taken] of rows) {
    const field = within.getByLabel(t(...label), { exact: true }).locator("visible=true");
    const item = field.locator("xpath=ancestor::div[contains(concat(' ', @class, ' '), ' ant-form-item ')][1]");
    const wrong = item.locator(".ant-form-item-explain-error");
    for (const [text, said] of refused) {
      await field.fill(text);
      await field.blur();
      await wrong.filter({ hasText: t(...said) }).waitFor();
      assert.equal(await field.inputValue(), text, `${t(...label)}: what was typed stays`);
    }
    for (const text of taken) {
      await field.fill(text);
      await field.blur();
      await wrong.first().waitFor({ state: "detached" });
      assert.equal(await field.inputValue(), text);
    }
  }
};
