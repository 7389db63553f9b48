/** Settings whose entries are pairs, or belong to one enclave of several. */

/** Options of the enclave with a number: each may have a device of its own. */
export const optionsOf = (written: readonly string[], number: number): Record<string, string> =>
  Object.fromEntries(
    Object.entries(pairsOf(written)).map(([name, value]) => [name, value.replaceAll("{enclave}", String(number))]),
  );

/** Networks of the enclave with a number: those of all, and those that are written `number=network`. */
export const networksOf = (written: readonly string[], number: number): { networks?: string[] } => {
  const networks = written.flatMap((one) => {
    const [, own, network = one] = /^(\d+)=(.*)$/.exec(one) ?? [];
    return own === undefined || Number(own) === number ? [network] : [];
  });
  return networks.length === 0 ? {} : { networks };
};

/** `name=value`, as settings have them. */
export const pairsOf = (written: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    // A value may be a list itself: what has no name belongs to the one before.
    written
      .join(",")
      .split(/,(?=[a-z]+=)/)
      .filter((pair) => pair !== "")
      .map((pair) => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
  );
