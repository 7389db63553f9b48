/**
 * Sums and products modulo an order of 256 bits, many after one another: in limbs of 24 bits, whose products a double
 * holds exactly even when two dozen of them are added up, since those of a residue are between -2^23 and 2^23. No value
 * is a bigint, so nothing is left for the collector of garbage, and no branch is taken by what a value is, but with a
 * chance of 2^-16 that more of it than the highest limb is compared with the order's. Four limbs are multiplied in a
 * step: reading and writing the sum costs more than the products.
 */
import { toBytes32, toInteger } from "../scalars.ts";

const BASE = 2 ** 24;
const BITS = 24n;
/** Limbs of a residue, the lowest first. */
export const LIMBS = 11;
/** Limbs of a value that was not reduced: of 48 bytes, or a sum of two such. */
export const WIDE_LIMBS = 17;
/** Limbs of the product of both, and one for what many of them add up to; with room for steps of four. */
const LONG = LIMBS + WIDE_LIMBS;
const ROOM = LIMBS + 20;

/**
 * An accumulator of what is between -2^386 and 2^660: `store`, `write` and `integer` reduce what it has, and empty it.
 * Values are in arrays of limbs, named by the place of their first one.
 */
export interface Modulus {
  /** Adds a residue, takes it away, or neither. */
  add(residues: Float64Array, at: number, times: -1 | 0 | 1): void;
  /** The same of a wide value. */
  addWide(values: Float64Array, at: number, times: -1 | 0 | 1): void;
  /** Takes 48 bytes away, big-endian. */
  subtractBytes(bytes: Uint8Array, first: number): void;
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

/** Integers of 32 or 48 bytes each, big-endian, as wide values. */
export const wideOf = (bytes: Uint8Array, width: 32 | 48): Float64Array => {
  const count = bytes.length / width;
  const values = new Float64Array(WIDE_LIMBS * count);
  const whole = Math.floor(width / 3);
  for (let n = 0; n < count; n++) {
    const at = WIDE_LIMBS * n;
    let place = width * (n + 1);
    // Set, not added: of memory that is fresh, reading costs as much as writing.
    for (let i = 0; i < whole; i++, place -= 3)
      values[at + i] = bytes[place - 1]! | (bytes[place - 2]! << 8) | (bytes[place - 3]! << 16);
    if (width === 32) values[at + whole] = bytes[place - 1]! | (bytes[place - 2]! << 8);
  }
  return values;
};

/** Adds 32 bytes, big-endian, to a wide value, or leaves it as it is: the same steps for both. */
export const addBytes = (values: Float64Array, at: number, bytes: Uint8Array, first: number, times: 0 | 1): void => {
  let place = first + 32;
  for (let i = 0; i < 10; i++, place -= 3)
    values[at + i]! += times * (bytes[place - 1]! | (bytes[place - 2]! << 8) | (bytes[place - 3]! << 16));
  values[at + 10]! += times * (bytes[place - 1]! | (bytes[place - 2]! << 8));
};

const limbsOf = (value: bigint, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Number((value >> (BITS * BigInt(i))) & 0xff_ffffn));

const create = (order: bigint): Modulus => {
  const q = limbsOf(order, LIMBS);
  const orderBytes = toBytes32(order);
  /** A multiple of the order above 2^386. */
  const above = limbsOf(order << 131n, WIDE_LIMBS);
  /** 2^(24·i) modulo the order, for the limbs above a residue's. */
  const folded = Float64Array.from(
    Array.from({ length: ROOM - LIMBS }, (_, i) => [
      ...limbsOf((1n << (BITS * BigInt(LIMBS + i))) % order, LIMBS),
    ]).flat(),
  );
  /** 2^240 by the order. */
  const inverse = Number((1n << 512n) / order) / 2 ** 272;
  const sum = new Float64Array(ROOM);
  /** What was reduced. */
  const digits = new Int32Array(LIMBS);
  /** Limbs in use: a product makes them more. */
  let used = WIDE_LIMBS;
  /** Products that were added since the limbs were carried over: a double holds two. */
  let products = 0;
  /** A wide value with three zeros at both ends. */
  const padded = new Float64Array(WIDE_LIMBS + 6);

  /** All at once: limbs below 2^53 come to less than 2^24 + 2^29, and when it is done again to little more than 2^24. */
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
  const relaxAll = (): void => {
    products = 0;
    relax(LONG);
  };

  /**
   * To one of [0, order), or less than 2^-23 of it beside: a double has the quotient of what was folded that well. In
   * `digits` then, all but the highest below 2^24.
   */
  const reduce = (): void => {
    for (let i = 0; i < WIDE_LIMBS; i++) sum[i]! += above[i]!;
    relax(used);
    if (products > 0) relaxAll();
    for (let k = LIMBS; k <= used; k += 4) {
      const a = sum[k]!;
      const b = sum[k + 1]!;
      const c = sum[k + 2]!;
      const d = sum[k + 3]!;
      const row = LIMBS * (k - LIMBS);
      for (let i = 0; i < LIMBS; i++)
        sum[i]! +=
          a * folded[row + i]! +
          b * folded[row + LIMBS + i]! +
          c * folded[row + 2 * LIMBS + i]! +
          d * folded[row + 3 * LIMBS + i]!;
      sum[k] = 0;
      sum[k + 1] = 0;
      sum[k + 2] = 0;
      sum[k + 3] = 0;
    }
    used = WIDE_LIMBS;
    const top = sum[LIMBS - 1]! + sum[LIMBS - 2]! / BASE + sum[LIMBS - 3]! / BASE / BASE;
    const quotient = Math.floor(top * inverse);
    for (let i = 0; i < LIMBS; i++) sum[i]! -= quotient * q[i]!;
    relax(LIMBS - 1);
    for (let i = 0; i < LIMBS; i++) {
      digits[i] = sum[i]!;
      sum[i] = 0;
    }
    carry();
    if (digits[LIMBS - 1]! < 0) addOrder(1);
  };
  /** One after another. */
  const carry = (): void => {
    let over = 0;
    for (let i = 0; i < LIMBS - 1; i++) {
      const digit = digits[i]! + over;
      digits[i] = digit & (BASE - 1);
      over = digit >> 24;
    }
    digits[LIMBS - 1]! += over;
  };
  const addOrder = (times: -1 | 1): void => {
    for (let i = 0; i < LIMBS; i++) digits[i]! += times * q[i]!;
    carry();
  };
  const reachesOrder = (): boolean => {
    for (let i = LIMBS - 1; i >= 0; i--) if (digits[i] !== q[i]) return digits[i]! > q[i]!;
    return true;
  };

  const write = (bytes: Uint8Array, at: number): void => {
    reduce();
    if (reachesOrder()) addOrder(-1);
    let place = at + 32;
    for (let i = 0; i < LIMBS; i++, place -= 3) {
      const digit = digits[i]!;
      bytes[place - 1] = digit;
      bytes[place - 2] = digit >> 8;
      if (i < LIMBS - 1) bytes[place - 3] = digit >> 16;
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
    subtractBytes(bytes, first) {
      let place = first + 48;
      for (let i = 0; i < 16; i++, place -= 3)
        sum[i]! -= bytes[place - 1]! | (bytes[place - 2]! << 8) | (bytes[place - 3]! << 16);
    },
    addProduct(residues, at, values, of) {
      if (products === 2) relaxAll();
      for (let j = 0; j < WIDE_LIMBS; j++) padded[j + 3] = values[of + j]!;
      for (let i = 0; i < LIMBS; i += 4) {
        const a = residues[at + i]!;
        const b = residues[at + i + 1]!;
        const c = residues[at + i + 2]!;
        const d = i + 3 < LIMBS ? residues[at + i + 3]! : 0;
        for (let j = 0; j < WIDE_LIMBS + 3; j++)
          sum[i + j]! += a * padded[j + 3]! + b * padded[j + 2]! + c * padded[j + 1]! + d * padded[j]!;
      }
      used = LONG;
      products++;
    },
    store(residues, at) {
      reduce();
      let over = 0;
      for (let i = 0; i < LIMBS; i++) {
        const digit = digits[i]! + over;
        over = i < LIMBS - 1 ? (digit + BASE / 2) >> 24 : 0;
        residues[at + i] = digit - over * BASE;
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
