/**
 * How long signers wait for one another, milliseconds: short at first, as others may sign in the place of one that says
 * nothing; twice as long with each try at the same request that came to nothing, as all of them may be slow. A
 * presignature takes some 80 ms of each of three nodes where nothing is native.
 */
const FIRST = 10_000;
const FIRST_EACH = 60;
const LONGEST = 60_000;
const LONGEST_EACH = 120;

/** @param count messages of the request @param failed tries before, as far as they are known */
export const patienceOf = (count: number, failed: number): number =>
  Math.min((FIRST + FIRST_EACH * count) * 2 ** Math.min(failed, 8), LONGEST + LONGEST_EACH * count);
