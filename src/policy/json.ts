/** JSON without duplicate names: of two values with one name, readers choose differently. */

/** A text and, when it names a member, the colon after it. */
const NAMES = /"(?:[^"\\]|\\.)*"\s*(:?)/g;
const MAX_DEPTH = 64;

/**
 * @param no makes the refusal
 * @throws whatever `no` makes, for text that is not JSON, nests too deeply or has a name twice in one object
 */
export const parseUnique = (text: string, no: (reason: string) => Error): unknown => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw no("it is not JSON");
  }
  let written = 0;
  for (const [, colon] of text.matchAll(NAMES)) if (colon === ":") written++;
  if (countNames(value, 0, no) !== written) throw no("a name stands twice in one object");
  return value;
};

const countNames = (value: unknown, depth: number, no: (reason: string) => Error): number => {
  if (typeof value !== "object" || value === null) return 0;
  if (depth === MAX_DEPTH) throw no(`it nests more than ${MAX_DEPTH} deep`);
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, one) => sum + countNames(one, depth + 1, no), own);
};
