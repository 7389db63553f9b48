/** What comes out of a sandbox, believed in nothing: each batch is decoded, compared with the declaration, counted. */
import { Refusal } from "../../base/refusal.ts";
import { type Batch, type Schema, schemaOf } from "../columns/batch.ts";
import { decodeBatch } from "../columns/codec.ts";
import { refuse } from "./errors.ts";
import { type Manifest, schemaOfColumns } from "./manifest.ts";
import { type Limits, MAX_SAID } from "./runner.ts";

export interface Collector {
  readonly schema: Schema;
  /** @throws Refusal model.result-schema, model.result-rows, model.protocol */
  add(header: unknown, body: Uint8Array): void;
  finish(): { schema: Schema; batches: Batch[]; rows: number };
}

export const createCollector = ({ result }: Manifest): Collector => {
  const schema = schemaOfColumns(result.columns);
  const declared = JSON.stringify(schema);
  const batches: Batch[] = [];
  let rows = 0;
  return {
    schema,
    add(header, body) {
      const batch = decodeBatch(header, body);
      if (JSON.stringify(schemaOf(batch)) !== declared)
        throw refuse("model.result-schema", { reason: "the columns are not those declared, in their order and types" });
      rows += batch.rows;
      if (rows > result.maxRows) throw refuse("model.result-rows", { maxRows: result.maxRows });
      // Without rows a batch says nothing, however many come.
      if (batch.rows > 0) batches.push(batch);
    },
    finish: () => ({ schema, batches, rows }),
  };
};

/** Text of strangers for a message: one line of at most 500 characters, nothing that steers a terminal. */
export const quote = (text: unknown): string =>
  String(text)
    .slice(0, 500)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ")
    .trim();

/** The trace of a failure as the sandbox reports it: text of strangers, whatever its type. */
export const traceOf = (trace: unknown): string => (typeof trace === "string" ? trace.slice(0, MAX_SAID) : "");

/** A failure that the sandbox reports of itself. */
export const reported = (code: unknown, message: unknown, limits: Limits, manifest: Manifest): Refusal => {
  if (code === "memory") return refuse("model.memory", { memory: limits.memory });
  if (code === "result-schema") return refuse("model.result-schema", { reason: quote(message) });
  if (code === "result-rows") return refuse("model.result-rows", { maxRows: manifest.result.maxRows });
  return refuse("model.threw", { message: quote(message) });
};

/** What the reader of frames refuses, in words about a model. */
export const translated = (error: unknown, limits: Limits): unknown => {
  if (!(error instanceof Refusal)) return error;
  if (error.code === "columns.too-large") return refuse("model.output-too-large", { limit: limits.output });
  return error.code === "columns.malformed"
    ? refuse("model.protocol", { reason: error.details.reason as string })
    : error;
};
