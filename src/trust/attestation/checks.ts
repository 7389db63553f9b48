/** How evidence is read: little-endian structures, and doubts that end as a verdict. */
import type { z } from "zod";
import { type Bytes, concat } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import type { Attested, Verdict } from "./provider.ts";

/** Why evidence does not hold. The message goes to people as it is. */
export class Doubt extends Error {
  override readonly name = "Doubt";
}

/** @throws Doubt */
export function demand(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new Doubt(reason);
}

/** What `judge` finds, or the doubt that it throws: evidence is hostile, so whatever its parts break is one. */
export const judged = (judge: () => Attested): Verdict => {
  try {
    return { ok: true, ...judge() };
  } catch (error) {
    if (error instanceof Doubt || error instanceof SyntaxError || error instanceof Refusal)
      return { ok: false, reason: error.message };
    // Text that is not UTF-8, numbers and dates out of range.
    if (error instanceof TypeError || error instanceof RangeError)
      return { ok: false, reason: `the evidence is malformed: ${error.message}` };
    throw error;
  }
};

/** @throws Doubt when the text is not JSON of this shape */
export const parseJson = <S extends z.ZodType>(shape: S, text: string, what: string): z.output<S> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Doubt(`${what} is not JSON`);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Doubt(`${what} is not of its form: ${issue?.path.join(".")}: ${issue?.message}`);
};

/** Takes a structure apart from its start. Every method throws a Doubt when it is cut short. */
export interface Reader {
  bytes(length: number): Bytes;
  u16(): number;
  u32(): number;
  /** What has not been taken yet. */
  rest(): Bytes;
}

export const readerOf = (structure: Uint8Array, what: string): Reader => {
  let at = 0;
  const bytes = (length: number): Bytes => {
    demand(at + length <= structure.length, `${what} is cut short`);
    at += length;
    return structure.slice(at - length, at) as Bytes;
  };
  return {
    bytes,
    u16: () => littleEndian(bytes(2)),
    u32: () => littleEndian(bytes(4)),
    rest: () => bytes(structure.length - at),
  };
};

/** Up to six bytes. */
export const littleEndian = (bytes: Uint8Array): number => bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);

export const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** Whether `value` under `mask` is `expected` under `mask`; false when the lengths differ. */
export const equalUnder = (mask: Uint8Array, value: Uint8Array, expected: Uint8Array): boolean =>
  mask.length === value.length &&
  mask.length === expected.length &&
  mask.every((bits, i) => (bits & (value[i] ?? 0)) === (bits & (expected[i] ?? 0)));

/** A new array in the other byte order. */
export const reversed = (bytes: Uint8Array): Bytes => concat(bytes).reverse();
