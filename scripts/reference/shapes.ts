/** Schemas in words: the fields of an input or an answer, one line each, and what may stand in them. */
import { z } from "zod";
import type { Language } from "../../src/base/refusal.ts";
import { code, text } from "./markdown.ts";

interface Json {
  readonly [key: string]: unknown;
}

export interface Field {
  /** Path, such as `sources[].table`. */
  readonly name: string;
  readonly required: boolean;
  readonly type: string;
}

const WORDS = {
  string: text("text", "文本"),
  integer: text("whole number", "整数"),
  number: text("number", "数值"),
  boolean: text("true or false", "布尔值"),
  object: text("object", "对象"),
  null: text("null", "null"),
} as const;
const list = text("list of", "列表，元素为：");
const or = text(" or ", " 或 ");
const anything = text("anything", "任意值");
const digest = text("SHA-256, hex", "SHA-256（十六进制）");
const base64 = text("base64", "base64");
const time = text("ISO 8601", "ISO 8601 时间");
const characters = text(" characters", " 个字符");

/** A pattern that is longer says nothing at a glance. */
const LONGEST_PATTERN = 44;

/** JSON Schema (2020-12) of a schema. Named shapes in it become references, and are noted in `named`. */
export const createShapes = () => {
  const named = new Map<string, Json>();

  const schemaOf = (schema: z.ZodType, io: "input" | "output"): Json => {
    const { $defs = {}, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
    for (const [name, shape] of Object.entries($defs as Record<string, Json>)) named.set(name, shape);
    if (typeof json.id !== "string") return json;
    named.set(json.id, json);
    return { $ref: `#/$defs/${json.id}` };
  };

  /** Every field of an object, those of objects within it under their path. */
  const fieldsOf = (schema: Json, language: Language, path = ""): Field[] => {
    const { properties, required = [] } = schema as { properties?: Record<string, Json>; required?: string[] };
    return Object.entries(properties ?? {}).flatMap(([name, field]) => {
      const at = `${path}${name}`;
      const inner = innerOf(field);
      const line = { name: at, required: required.includes(name), type: typeOf(field, language) };
      return inner ? [line, ...fieldsOf(inner.schema, language, `${at}${inner.list ? "[]" : ""}.`)] : [line];
    });
  };

  return {
    named,
    /** What an input or an answer holds: fields of its own, or the type that it is as a whole. */
    describe(schema: z.ZodType, io: "input" | "output", language: Language): { fields: Field[]; whole: string } {
      const json = schemaOf(schema, io);
      return { fields: fieldsOf(json, language), whole: typeOf(json, language) };
    },
    fieldsOfNamed: (name: string, language: Language): Field[] => fieldsOf(named.get(name) ?? {}, language),
  };
};
export type Shapes = ReturnType<typeof createShapes>;

/** The object whose fields are worth lines of their own: the field's, or that of its list's items. */
const innerOf = (field: Json): { schema: Json; list: boolean } | undefined => {
  const [only, ...more] = alternatives(field).filter(({ type }) => type !== "null");
  if (!only || more.length > 0) return undefined;
  if (only.properties) return { schema: only, list: false };
  const items = only.items as Json | undefined;
  return items?.properties ? { schema: items, list: true } : undefined;
};

const alternatives = (schema: Json): Json[] => {
  const { anyOf, oneOf, type } = schema as { anyOf?: Json[]; oneOf?: Json[]; type?: string | string[] };
  if (Array.isArray(type)) return type.map((one) => ({ ...schema, type: one }));
  return anyOf ?? oneOf ?? [schema];
};

const typeOf = (schema: Json, language: Language): string => {
  const every = alternatives(schema);
  if (every.length > 1) return [...new Set(every.map((one) => typeOf(one, language)))].join(or[language]);
  const {
    $ref,
    type,
    items,
    default: preset,
  } = schema as { $ref?: string; type?: string; items?: Json; default?: unknown };
  if ($ref) return linkTo($ref.slice($ref.lastIndexOf("/") + 1));
  if ("const" in schema) return code(JSON.stringify(schema.const));
  const choices = schema.enum as unknown[] | undefined;
  const found = choices ? choices.map((one) => code(String(one))).join(", ") : plain(type, items, schema, language);
  return preset === undefined ? found : `${found} (${code(JSON.stringify(preset))})`;
};

/** GitHub's anchor of a heading. */
export const linkTo = (name: string): string => `[${name}](#${name.toLowerCase().replace(/[^a-z0-9 -]/g, "")})`;

const plain = (type: string | undefined, items: Json | undefined, schema: Json, language: Language): string => {
  if (type === "array") return `${list[language]} ${typeOf(items ?? {}, language)}`;
  if (type === undefined || !(type in WORDS)) return anything[language];
  const word = known(schema)?.[language];
  if (word) return word;
  const { pattern } = schema as { pattern?: string };
  const written = pattern && pattern.length <= LONGEST_PATTERN ? code(pattern) : "";
  return [WORDS[type as keyof typeof WORDS][language], written, rangeOf(schema, language)].filter(Boolean).join(", ");
};

/** Forms that have a name. */
const known = ({ pattern, format, contentEncoding }: Json) => {
  if (pattern === "^[0-9a-f]{64}$") return digest;
  if (format === "date-time") return time;
  return contentEncoding === "base64" ? base64 : undefined;
};

/** Bounds of a number, or of the length of a text. */
const rangeOf = (schema: Json, language: Language): string => {
  const { minimum, maximum, minLength, maxLength } = schema as Record<string, number>;
  const safe = (bound: number | undefined) => (Math.abs(bound ?? 0) >= Number.MAX_SAFE_INTEGER ? undefined : bound);
  const isText = schema.type === "string";
  const [low, high] = isText ? [minLength, maxLength] : [safe(minimum), safe(maximum)];
  const unit = isText ? characters[language] : "";
  if (low === undefined && high === undefined) return "";
  if (high === undefined) return `≥ ${low}${unit}`;
  return low === undefined ? `≤ ${high}${unit}` : `${low}–${high}${unit}`;
};
