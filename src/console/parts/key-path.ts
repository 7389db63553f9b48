/** Paths of child keys as people write them. */

/** `m/0/5`; empty for the key itself. */
const KEY_PATH = /^\s*(m|(m\/)?\d{1,10}(\/\d{1,10}){0,7})?\s*$/;
const MOST = 2 ** 31 - 1;

/** @returns undefined for what is no path of children that a public key has (BIP 32, non-hardened) */
export const pathOf = (written = ""): number[] | undefined => {
  if (!KEY_PATH.test(written)) return undefined;
  const path = written
    .trim()
    .replace(/^m\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .map(Number);
  return path.every((step) => step <= MOST) ? path : undefined;
};
