/** Against the same sums by bigint. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../test/support/simulate.ts";
import { curveOf } from "../curves/registry.ts";
import { mod, toBytes32, toInteger } from "../scalars.ts";
import { addBytes, LIMBS, modulusOf, wideOf } from "./limbs.ts";

const random = seeded("limbs");
const small = (below: number): number => random(1)[0]! % below;

/** Random ones, and those at which a limb, the order or the width ends. */
const bytesOf = (width: 32 | 48, order: bigint): Uint8Array => {
  const all = random(width);
  const kinds = [
    () => all,
    () => all,
    () => all.fill(0),
    () => all.fill(255),
    () => all.map((byte) => (byte & 1 ? 255 : 0)),
    () => {
      all.fill(0).set(toBytes32(order + BigInt(small(5) - 2)), width - 32);
      return all;
    },
  ];
  return kinds[small(kinds.length)]!();
};

/** Of 32 or 48 bytes, and 32 bytes added to them. */
const wide = (bytes: Uint8Array, more: Uint8Array = new Uint8Array(32)): Float64Array => {
  const values = wideOf(bytes, bytes.length as 32 | 48);
  addBytes(values, 0, Uint8Array.from([9, ...more]), 1, 1);
  addBytes(values, 0, bytes, 0, 0);
  return values;
};

for (const id of ["secp256k1", "P-256", "SM2"] as const) {
  const { order } = curveOf(id);
  const modulus = modulusOf(order);

  test(`sums and products modulo the order of ${id}`, () => {
    for (let round = 0; round < 3_000; round++) {
      const [a, b, c] = [bytesOf(48, order), bytesOf(48, order), bytesOf(32, order)];
      const [x, y, z] = [toInteger(a), toInteger(b), toInteger(c)];
      modulus.addWide(wide(a), 0, 1);
      modulus.subtractBytes(Uint8Array.from([9, ...b]), 1);
      modulus.addWide(wide(c), 0, -1);
      const written = new Uint8Array(40);
      modulus.write(written, 8);
      assert.equal(toInteger(written), mod(x - y - z, order));

      const residue = new Float64Array(LIMBS);
      modulus.addWide(wide(a), 0, 1);
      modulus.store(residue, 0);
      modulus.add(residue, 0, -1);
      for (let times = 0; times < 3; times++) modulus.addProduct(residue, 0, wide(b, c), 0);
      assert.equal(modulus.integer(), mod(x * (3n * (y + z) - 1n), order));
      // It begins with nothing again.
      assert.equal(modulus.integer(), 0n);
    }
  });

  test(`as many of the largest products as there are transfers, on ${id}`, () => {
    const largest = new Uint8Array(48).fill(255);
    const residue = new Float64Array(LIMBS);
    modulus.addWide(wide(toBytes32(order - 1n)), 0, 1);
    modulus.store(residue, 0);
    for (let times = 0; times < 4_096; times++)
      modulus.addProduct(residue, 0, wide(largest, new Uint8Array(32).fill(255)), 0);
    assert.equal(modulus.integer(), mod(-4_096n * ((1n << 384n) - 1n + (1n << 256n) - 1n), order));
  });

  test(`what is below the order of ${id}`, () => {
    for (const [value, is] of [
      [0n, true],
      [order - 1n, true],
      [order, false],
      [order + 1n, false],
      [(1n << 256n) - 1n, false],
    ] as const)
      assert.equal(modulus.isResidue(Uint8Array.from([7, ...toBytes32(value)]), 1), is);
  });
}
