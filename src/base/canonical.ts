/**
 * RFC 8785 (JSON Canonicalization Scheme). ECMAScript's own serialisation of numbers and strings is the one the
 * standard names, and property names sort by UTF-16 code units, as JavaScript compares strings.
 * `undefined` properties are left out, as JSON.stringify leaves them.
 */
import { refusals } from "./refusal.ts";

const refuse = refusals({
  "json.not-canonical": {
    status: 400,
    en: "The JSON text is not in canonical form (RFC 8785). Serialise it with the canonical form and sign that.",
    zh: "该 JSON 文本不是规范形式（RFC 8785）。请按规范形式序列化后再签名。",
  },
  "json.not-representable": {
    status: 400,
    en: "A {type} has no form in JSON. Send numbers that are finite, and text without lone surrogates.",
    zh: "{type} 无法用 JSON 表示。请使用有限数值以及不含孤立代理项的文本。",
  },
});

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Deeper nesting than any value here has: a text cannot exhaust the stack of whoever reads it. */
const MAX_DEPTH = 64;

/** @throws Refusal json.not-representable for NaN, infinities, lone surrogates, functions, bigints, too deep nesting */
export const canonical = (value: unknown): string => write(value, 0);

const write = (value: unknown, depth: number): string => {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) throw refuse("json.not-representable", { type: String(value) });
      return JSON.stringify(value);
    case "string":
      if (!value.isWellFormed()) throw refuse("json.not-representable", { type: "lone surrogate" });
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (depth === MAX_DEPTH) throw refuse("json.not-representable", { type: `value nested ${MAX_DEPTH} deep` });
      if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
      return `{${Object.keys(value)
        .filter((key) => (value as Record<string, unknown>)[key] !== undefined)
        .sort()
        .map((key) => `${write(key, depth)}:${write((value as Record<string, unknown>)[key], depth + 1)}`)
        .join(",")}}`;
    default:
      throw refuse("json.not-representable", { type: typeof value });
  }
};

/**
 * Parses text that must already be canonical: equal bytes in, equal value out, and no second spelling of either.
 * This also refuses duplicate keys, unusual escapes and -0.
 * @throws Refusal json.not-canonical
 */
export const parseCanonical = (text: string): unknown => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("json.not-canonical");
  }
  if (canonical(value) !== text) throw refuse("json.not-canonical");
  return value;
};
