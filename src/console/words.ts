/** What the console says, in the language of whoever reads it. */
import type { Language } from "../base/refusal.ts";
import type { Text } from "../contract/endpoint.ts";

/** Says a text in the person's language. Both stand side by side where they are used, so that none can be missing. */
export interface Words {
  /** @param values replace `{name}` in both texts; `{name|row|rows}` is the first where it is one, else the second */
  (en: string, zh: string, values?: Readonly<Record<string, string | number>>): string;
  (text: Text): string;
}

export const wordsOf = (language: Language): Words => {
  const fill = (text: string, values: Readonly<Record<string, string | number>> = {}) =>
    text.replace(/\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
      const value = values[name] ?? whole;
      return one === undefined || many === undefined ? String(value) : String(value) === "1" ? one : many;
    });
  return (first: string | Text, zh?: string, values?: Readonly<Record<string, string | number>>) =>
    typeof first === "string" ? fill(language === "en" ? first : (zh ?? first), values) : first[language];
};
