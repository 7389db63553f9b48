/** Persistent maps as plain objects in the order of their keys, for comparing. */
export const plain = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const entries =
    Symbol.iterator in value && "has" in value ? [...(value as Iterable<[string, unknown]>)] : Object.entries(value);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, plain(one)]));
};
