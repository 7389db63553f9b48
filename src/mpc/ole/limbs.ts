/**
 * Sums and products modulo an order of 256 bits, many after one another: in limbs of 24 bits, whose products a double
 * holds exactly even when a dozen of them are added up. No value is a bigint, so nothing is left for the collector of
 * garbage, and no branch is taken by what a value is, but with a chance of 2^-24.
 */
import { toBytes32, toInteger } from "../scalars.ts";

const BASE = 2 ** 24;
const BITS = 24n;
/** Limbs of a residue, the lowest first. */
export const LIMBS = 11;
/** Limbs of a value that was not reduced: of 48 bytes, or a sum of two such. */
export const WIDE_LIMBS = 17;
/** Limbs of the product of both, and one for what many of them add up to. */
const LONG = LIMBS + WIDE_LIMBS;

/**
 * An accumulator of what is between -2^386 and 2^660: `store`, `write` and `integer` reduce what it has, and empty it.
 * Values are in arrays of limbs, named by the place of their first one.
 */
export interface Modulus {
  /** Adds a residue, takes it away, or neither. */
  add(residues: Float64Array, at: number, times: -1 | 0 | 1): void;
  /** The same of a wide value. */
  addWide(values: Float64Array, at: number, times: -1 | 0 | 1): void;
  /** A residue times a wide value, of two values of 48 bytes at most. */
  addProduct(residues: Float64Array, at: number, values: Float64Array, of: number): void;
  /** As a residue. */
  store(residues: Float64Array, at: number): void;
  /** 32 bytes, big-endian, below the order. */
  write(bytes: Uint8Array, at: number): void;
  integer(): bigint;
  /** Whether 32 bytes are below the order. */
  isResidue(bytes: Uint8Array, at: number): boolean;
}

/** Adds 32 or 48 bytes, big-endian, to a wide value. */
export const addBytes = (
  values: Float64Array,
  at: number,
  bytes: Uint8Array,
  first: number,
  width: 32 | 48,
  times: -1 | 0 | 1 = 1,
): void => {
  const whole = width === 48 ? 16 : 10;
  let place = first + width;
  for (let i = 0; i < whole; i++, place -= 3)
    values[at + i]! += times * (bytes[place - 1]! | (bytes[place - 2]! << 8) | (bytes[place - 3]! << 16));
  if (width === 32) values[at + whole]! += times * (bytes[place - 1]! | (bytes[place - 2]! << 8));
};

const limbsOf = (value: bigint, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Number((value >> (BITS * BigInt(i))) & 0xff_ffffn));

const create = (order: bigint): Modulus => {
  const q = limbsOf(order, LIMBS);
  const orderBytes = toBytes32(order);
  /** A multiple of the order above 2^386. */
  const above = limbsOf(order << 131n, WIDE_LIMBS);
  /** 2^(24·i) modulo the order, for the limbs above a residue's. */
  const folded = Array.from({ length: LONG + 1 - LIMBS }, (_, i) =>
    limbsOf((1n << (BITS * BigInt(LIMBS + i))) % order, LIMBS),
  );
  /** 2^240 by the order. */
  const inverse = Number((1n << 512n) / order) / 2 ** 272;
  const sum = new Float64Array(LONG + 1);
  /** Limbs in use: a product makes them more. */
  let used = WIDE_LIMBS;

  /** All at once: limbs of 2^52 come to less than 2^24 + 2^28, and when it is done again to little more than 2^24. */
  const relax = (count: number): void => {
    let over = 0;
    for (let i = 0; i < count; i++) {
      const limb = sum[i]!;
      const next = Math.floor(limb / BASE);
      sum[i] = limb - next * BASE + over;
      over = next;
    }
    sum[count]! += over;
  };
  /** One after another: all but the highest are in [0, 2^24) then. */
  const carry = (count: number): void => {
    let over = 0;
    for (let i = 0; i < count; i++) {
      const limb = sum[i]! + over;
      over = Math.floor(limb / BASE);
      sum[i] = limb - over * BASE;
    }
    sum[count]! += over;
  };

  /** To one of [0, order), or less than 2^-24 of it beside: a double has the quotient of what was folded that well. */
  const reduce = (): void => {
    for (let i = 0; i < WIDE_LIMBS; i++) sum[i]! += above[i]!;
    relax(used);
    relax(used);
    for (let k = LIMBS; k <= used; k++) {
      const high = sum[k]!;
      const row = folded[k - LIMBS]!;
      sum[k] = 0;
      for (let i = 0; i < LIMBS; i++) sum[i]! += high * row[i]!;
    }
    used = WIDE_LIMBS;
    relax(LIMBS);
    relax(LIMBS);
    const top = sum[LIMBS]! * BASE + sum[LIMBS - 1]! + sum[LIMBS - 2]! / BASE + sum[LIMBS - 3]! / BASE / BASE;
    const quotient = Math.floor(top * inverse);
    for (let i = 0; i < LIMBS; i++) sum[i]! -= quotient * q[i]!;
    sum[LIMBS - 1]! += sum[LIMBS]! * BASE;
    sum[LIMBS] = 0;
    carry(LIMBS - 1);
  };
  const addOrder = (times: -1 | 1): void => {
    for (let i = 0; i < LIMBS; i++) sum[i]! += times * q[i]!;
    carry(LIMBS - 1);
  };
  const reachesOrder = (): boolean => {
    for (let i = LIMBS - 1; i >= 0; i--) if (sum[i] !== q[i]) return sum[i]! > q[i]!;
    return true;
  };

  const write = (bytes: Uint8Array, at: number): void => {
    reduce();
    if (sum[LIMBS - 1]! < 0) addOrder(1);
    if (reachesOrder()) addOrder(-1);
    let place = at + 32;
    for (let i = 0; i < LIMBS; i++, place -= 3) {
      const limb = sum[i]!;
      sum[i] = 0;
      bytes[place - 1] = limb;
      bytes[place - 2] = limb >> 8;
      if (i < LIMBS - 1) bytes[place - 3] = limb >> 16;
    }
  };

  return {
    write,
    add(residues, at, times) {
      for (let i = 0; i < LIMBS; i++) sum[i]! += times * residues[at + i]!;
    },
    addWide(values, at, times) {
      for (let i = 0; i < WIDE_LIMBS; i++) sum[i]! += times * values[at + i]!;
    },
    addProduct(residues, at, values, of) {
      for (let i = 0; i < LIMBS; i++) {
        const limb = residues[at + i]!;
        for (let j = 0; j < WIDE_LIMBS; j++) sum[i + j]! += limb * values[of + j]!;
      }
      used = LONG;
      relax(LONG);
    },
    store(residues, at) {
      reduce();
      if (sum[LIMBS - 1]! < 0) addOrder(1);
      for (let i = 0; i < LIMBS; i++) {
        residues[at + i] = sum[i]!;
        sum[i] = 0;
      }
    },
    integer() {
      const bytes = new Uint8Array(32);
      write(bytes, 0);
      return toInteger(bytes);
    },
    isResidue(bytes, at) {
      const differs = orderBytes.findIndex((byte, i) => byte !== bytes[at + i]);
      return differs >= 0 && bytes[at + differs]! < orderBytes[differs]!;
    },
  };
};

const known = new Map<bigint, Modulus>();

export const modulusOf = (order: bigint): Modulus => {
  const found = known.get(order) ?? create(order);
  known.set(order, found);
  return found;
};
