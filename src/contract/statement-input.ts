/**
 * From what people say of an act to what is signed. The input is the payload with the text itself as `detail`; salt,
 * digest and, for resources with a number (M…, K…), the id are filled in. Clients that sign and the platform
 * signing for a managed key do it alike.
 */
import type { z } from "zod";
import type { Kind } from "../rules/rulebook.ts";
import { digestOf } from "../trust/digest.ts";
import { refuse as refuseStatement } from "../trust/errors.ts";

/** The input of an act of a kind with payload `P` and detail `D`. */
export type ActInput<P extends z.ZodType, D extends z.ZodType | undefined> = Omit<z.input<P>, "id" | "detail"> &
  (z.input<P> extends { id: string } ? { id?: string } : unknown) &
  (D extends z.ZodType ? { detail: Omit<z.input<D>, "salt"> & { salt?: string } } : unknown);

export interface Prepared {
  readonly payload: Record<string, unknown>;
  readonly detail: Record<string, unknown> | undefined;
}

/** First letter of the ids that kinds give out. */
const LETTERS: Readonly<Record<string, string>> = {
  "model.published": "M",
  "source.registered": "D",
  "task.created": "T",
  "key-group.founded": "G",
  "key.founded": "K",
  "key-request.founded": "R",
};

/** Whether acts of this kind name a new resource by a number of their own. */
export const givesId = (kind: Pick<Kind<unknown>, "name">): boolean => kind.name in LETTERS;

/** `M20230106154827` and a sequence number of one to six digits. @param time milliseconds */
export const resourceIdOf = (kind: Pick<Kind<unknown>, "name">, time: number, sequence: number): string =>
  `${LETTERS[kind.name] ?? ""}${new Date(time).toISOString().replace(/\D/g, "").slice(0, 14)}${sequence}`;

/**
 * @param fill `salt`: 16 random bytes, base64url; `id` where the input has none
 * @throws Refusal statement.payload naming what is wrong
 */
export const prepare = (
  // A kind's types are its own; what it is given is parsed by its own schemas.
  // biome-ignore lint/suspicious/noExplicitAny: existential type
  kind: Kind<any>,
  input: Readonly<Record<string, unknown>>,
  fill: { salt: string; id?: string },
): Prepared => {
  const { detail: text, ...rest } = input;
  const detail = kind.detail && parse(kind, kind.detail, { salt: fill.salt, ...(text as object | undefined) });
  const payload = parse(kind, kind.payload, {
    ...(givesId(kind) && { id: fill.id }),
    ...rest,
    ...(detail ? { detail: digestOf(detail) } : text !== undefined && { detail: text }),
  });
  return { payload, detail };
};

const parse = (kind: { name: string }, schema: z.ZodType, value: unknown): Record<string, unknown> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Record<string, unknown>;
  const issues = parsed.error.issues
    .map(({ path, message }) => `${path.join(".") || "(whole)"}: ${message}`)
    .join("; ");
  throw refuseStatement("statement.payload", { kind: kind.name, issues });
};
