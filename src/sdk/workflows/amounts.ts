/** Amounts as people write them, exactly. */
const ETHER_PLACES = 18;
export const GWEI_PLACES = 9;

/** `1.25` in units of 10^places; undefined for what is no such number, or finer than the unit. */
export const unitsOf = (written: string, places = ETHER_PLACES): bigint | undefined => {
  const [, whole = "", part = ""] = /^(\d{1,40})(?:\.(\d+))?$/.exec(written.trim()) ?? [];
  if (whole === "" || part.length > places) return undefined;
  return BigInt(whole + part.padEnd(places, "0"));
};

/** Without trailing zeros. */
export const writtenOf = (units: bigint, places = ETHER_PLACES): string => {
  const digits = String(units).padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "");
};
