/** `entente.json` in the root of a model's archive: which tables it reads, which result it gives. */
import { z } from "zod";
import { fromUtf8 } from "../../base/bytes.ts";
import { columnTypes, type Schema } from "../columns/batch.ts";
import { NoiseByColumn } from "../gate/declaration.ts";
import { refuse } from "./errors.ts";

export const MANIFEST_FILE = "entente.json";

/** Names that are also words of a program: of tables, parameters and the main function. */
const Identifier = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "is not a plain name");
const Columns = z
  .record(z.string().min(1).max(128), z.enum(columnTypes))
  .refine((columns) => Object.keys(columns).length > 0, "names no column")
  .refine((columns) => Object.keys(columns).length <= 4_096, "names more than 4096 columns");
const ParameterValue = z.union([z.number(), z.string().max(4_096), z.boolean()]);
export type ParameterValue = z.output<typeof ParameterValue>;

export const Manifest = z.strictObject({
  /** Id of the runner. */
  runner: z.string().max(32),
  /** Path of the module that exports the main function. */
  entry: z.string().min(1).max(240),
  tables: z.record(Identifier, z.strictObject({ columns: Columns, description: z.string().max(200).optional() })),
  result: z.strictObject({
    columns: Columns,
    maxRows: z.int().min(1).max(10_000_000),
    /** Noise that the output gate adds, by column (docs/protocols/gate.md, section 4). */
    noise: NoiseByColumn.optional(),
  }),
  parameters: z
    .record(
      Identifier,
      z
        .strictObject({ type: z.enum(["number", "string", "boolean"]), default: ParameterValue.optional() })
        .refine((one) => one.default === undefined || typeof one.default === one.type, "has a default of another type"),
    )
    .default({}),
});
export type Manifest = z.output<typeof Manifest>;

/** @throws Refusal model.manifest */
export const readManifest = (files: ReadonlyMap<string, Uint8Array>): Manifest => {
  const bytes = files.get(MANIFEST_FILE);
  if (!bytes) throw refuse("model.manifest", { reason: "it is not in the root of the archive" });
  const parsed = Manifest.safeParse(parse(bytes));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refuse("model.manifest", {
      reason: `${issue?.path.join(".") || "the file"}: ${issue?.message ?? "wrong shape"}`,
    });
  }
  if (!files.has(parsed.data.entry))
    throw refuse("model.manifest", { reason: `the archive has no ${parsed.data.entry}` });
  return parsed.data;
};

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    throw refuse("model.manifest", { reason: "it is not JSON in UTF-8" });
  }
};

/** Declared columns in their order. */
export const schemaOfColumns = (columns: Manifest["result"]["columns"]): Schema =>
  Object.entries(columns).map(([name, type]) => ({ name, type }));

/** The task's parameters over the defaults. @throws Refusal model.parameter */
export const resolveParameters = (
  manifest: Manifest,
  given: Record<string, unknown>,
): Record<string, ParameterValue> => {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(manifest.parameters, name));
  if (unknown !== undefined)
    throw refuse("model.parameter", { name: unknown, reason: "the model has none of this name" });
  const entries = Object.entries(manifest.parameters).map(([name, declared]): [string, ParameterValue] => {
    const value = ParameterValue.safeParse(given[name] ?? declared.default);
    if (!value.success) throw refuse("model.parameter", { name, reason: "it has no value" });
    if (typeof value.data !== declared.type)
      throw refuse("model.parameter", { name, reason: `it is not a ${declared.type}` });
    return [name, value.data];
  });
  return Object.fromEntries(entries);
};
