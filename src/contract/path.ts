/** Paths of endpoints. */

/** Names of the `:name` parameters of a path, in order. */
export const parametersOf = (path: string): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "");
