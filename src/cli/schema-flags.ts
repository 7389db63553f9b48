/** Flags from the JSON Schema of an input, and the input again from the flags that were given. */
import type { Flag, FlagType } from "./command.ts";
import { kebab } from "./names.ts";

/** The part of JSON Schema that the contract's inputs use. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** A flag and the place in the input where its value goes. */
export interface Placed extends Flag {
  readonly path: readonly string[];
}

/** Flags for every property of an object; those of objects within it carry its name before theirs. */
export const flagsOf = (schema: Schema, path: readonly string[] = [], inRequired = true): Placed[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const required = inRequired && (schema.required ?? []).includes(name) && property.default === undefined;
    return propertyFlags(property, [...path, name], required);
  });

const propertyFlags = (schema: Schema, path: readonly string[], required: boolean): Placed[] => {
  const union = schema.oneOf ?? schema.anyOf;
  if (union?.every(({ properties }) => properties)) return unionFlags(union, path, required);
  if (schema.type === "object" && schema.properties) return flagsOf(schema, path, required);
  const item = schema.type === "array" ? schema.items : undefined;
  const many = item && scalarOf(item) !== undefined;
  const type = scalarOf(many ? item : schema) ?? (isRecordOfScalars(schema) ? "pair" : "json");
  const limits = limitsOf(many ? item : schema);
  const choices = choicesOf(many ? item : schema);
  return [
    {
      name: path.map(kebab).join("-"),
      path,
      type,
      ...((many || type === "pair") && { many: true }),
      ...(required && { required: true }),
      ...(choices && { choices }),
      ...(schema.default !== undefined && schema.default !== "" && { default: schema.default }),
      ...(limits && { limits }),
    },
  ];
};

/**
 * Alternatives told apart by one property with a fixed value: the flag of the union's own name chooses, the others'
 * properties follow with it before theirs.
 */
const unionFlags = (union: readonly Schema[], path: readonly string[], required: boolean): Placed[] => {
  const [tag = ""] =
    Object.entries(union[0]?.properties ?? {}).find(([, { const: value }]) => value !== undefined) ?? [];
  const choices = union.map(({ properties }) => String(properties?.[tag]?.const));
  const others = new Map(
    union.flatMap(({ properties = {} }) => Object.entries(properties).filter(([name]) => name !== tag)),
  );
  return [
    {
      name: path.map(kebab).join("-"),
      path: [...path, tag],
      type: "text",
      choices,
      ...(required && { required: true }),
    },
    ...[...others].flatMap(([name, schema]) => propertyFlags(schema, [...path, name], false)),
  ];
};

const scalarOf = ({ type, enum: choices, const: fixed }: Schema): FlagType | undefined => {
  if (type === "integer" || type === "number" || type === "boolean") return type;
  return type === "string" || choices || typeof fixed === "string" ? "text" : undefined;
};

const SCALARS: readonly string[] = ["string", "number", "integer", "boolean"];

const isRecordOfScalars = ({ type, additionalProperties }: Schema): boolean => {
  if (type !== "object" || typeof additionalProperties !== "object") return false;
  const types = [additionalProperties.type ?? additionalProperties.anyOf?.map((each) => each.type)].flat(2);
  return types.every((each) => each !== undefined && SCALARS.includes(each));
};

const choicesOf = ({ enum: choices, const: fixed }: Schema): string[] | undefined =>
  choices?.map(String) ?? (fixed === undefined ? undefined : [String(fixed)]);

/** Numbers that nobody reaches are no limits worth a word. */
const UNSPOKEN = Number.MAX_SAFE_INTEGER;

const limitsOf = ({ type, minimum, maximum, minLength, maxLength }: Schema): string | undefined => {
  if (type === "integer" || type === "number") {
    if (minimum === undefined && maximum === undefined) return undefined;
    return maximum === undefined || maximum >= UNSPOKEN ? `>= ${minimum}` : `${minimum ?? ""}..${maximum}`;
  }
  if (maxLength === undefined) return undefined;
  return `${minLength ?? 0}..${maxLength}`;
};

/** The input that flags make. Later values win over those of `base`. */
export const inputOf = (
  placed: readonly Placed[],
  flags: Readonly<Record<string, unknown>>,
  base: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> => {
  const input = structuredClone(base) as Record<string, unknown>;
  for (const { name, path } of placed) {
    const value = flags[name];
    if (value !== undefined) putIn(input, path, value);
  }
  return input;
};

const putIn = (input: Record<string, unknown>, path: readonly string[], value: unknown): void => {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    input[first] = value;
    return;
  }
  const inner = input[first];
  const next = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
  input[first] = next;
  putIn(next, rest, value);
};
