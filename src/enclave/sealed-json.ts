/** Envelopes whose plain text is a small JSON value: how a database is reached, where an object is. */
import type { z } from "zod";
import { concat, fromUtf8 } from "../base/bytes.ts";

const MAX_BYTES = 256 << 10;

/**
 * @param failure makes the refusal; its reason names the place, never what stands there
 * @throws what `failure` makes
 */
export const parseSealed = async <S extends z.ZodType>(
  bytes: AsyncIterable<Uint8Array>,
  shape: S,
  failure: (reason: string) => Error,
): Promise<z.output<S>> => {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of bytes) {
    length += part.length;
    if (length > MAX_BYTES) throw failure(`it is longer than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  const parsed = shape.safeParse(jsonOf(concat(...parts)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw failure(`${issue?.path.join(".") || "the whole"}: ${issue?.message ?? "wrong shape"}`);
};

/** undefined, which no shape takes, where it is none. */
const jsonOf = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
};
