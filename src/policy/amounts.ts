/**
 * Amounts as policies see them. Ethereum counts in integers of 256 bits, Cedar in 64 bits and JavaScript's JSON in 53, so
 * an amount is given in units of 10^9 (gwei) as well. Every form is rounded up and stops at its greatest value: an amount
 * is never made smaller, so a limit is never wider than it reads (docs/protocols/policies.md, section 3).
 */

const GIGA = 1_000_000_000n;
/** Greatest number that policies are given: 2^53 - 1. A limit at or above it limits nothing. */
export const MOST = Number.MAX_SAFE_INTEGER;
/** Cedar's decimal is 64 bits with four places. */
const MOST_DECIMAL = 2n ** 63n - 1n;
const DECIMAL_PLACE = 10n ** 14n;

const natural = (amount: bigint): bigint => {
  if (amount < 0n) throw new RangeError("an amount is negative");
  return amount;
};

const dividedUp = (amount: bigint, by: bigint): bigint => (natural(amount) + by - 1n) / by;

/** As it is, or `MOST`. */
export const units = (amount: bigint): number => (natural(amount) > BigInt(MOST) ? MOST : Number(amount));

/** In units of 10^9: wei as gwei. */
export const gigaUnits = (amount: bigint): number => units(dividedUp(amount, GIGA));

/** Wei as ether with four places, for Cedar's `decimal`. */
export const ether = (wei: bigint): string => {
  const places = dividedUp(wei, DECIMAL_PLACE);
  const digits = String(places > MOST_DECIMAL ? MOST_DECIMAL : places).padStart(5, "0");
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
};
