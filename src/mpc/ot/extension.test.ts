import assert from "node:assert/strict";
import { test } from "node:test";
import { pairsOf } from "../../../test/support/dealt.ts";
import { seeded } from "../../../test/support/simulate.ts";
import { equal } from "../../base/bytes.ts";
import { Abort } from "../protocol.ts";
import {
  extendAsReceiver,
  extendAsSender,
  extensionLength,
  type ReceiverSeeds,
  type SenderSeeds,
  shifted,
} from "./extension.ts";
import { hashBytes, hashRows } from "./hash.ts";
import { bitAt, COLUMNS, linearHash, transpose } from "./matrix.ts";

const receiver = pairsOf(1, [1, 2]).get(2) as unknown as ReceiverSeeds;
const sender = pairsOf(2, [1, 2]).get(1) as unknown as SenderSeeds;
const scope = hashBytes("scope");
const key = hashBytes("key");
const extend = (count: number, seeds = receiver, choices = seeded(`${count}`)(count / 8)) => ({
  choices,
  ...extendAsReceiver(seeds, scope, choices, count, seeded("padding")),
});
const caught = (message: Uint8Array, count: number, under = scope): boolean => {
  try {
    extendAsSender(sender, under, count, message, 1);
    return false;
  } catch (error) {
    assert.ok(error instanceof Abort);
    assert.deepEqual(error.culprits, [1]);
    return true;
  }
};

test("the receiver's pads are those it chose of the sender's, and no others", () => {
  for (const count of [8, 128, 136, 416, 4160]) {
    const { choices, message, rows } = extend(count);
    assert.equal(message.length, extensionLength(count));
    const q = extendAsSender(sender, scope, count, message, 1);
    const [zeros, ones, got] = [q, shifted(q, sender.delta), rows].map((r) => hashRows(key, r, 2));
    for (let i = 0; i < count; i++) {
      const at = (pads: Uint8Array) => pads.subarray(32 * i, 32 * i + 32);
      const [chosen, other] = bitAt(choices, i) ? [ones!, zeros!] : [zeros!, ones!];
      assert.ok(equal(at(got!), at(chosen)) && !equal(at(got!), at(other)));
    }
  }
});

test("every flipped bit of the matrix, the hash of the choices and the hash of the rows names the receiver", () => {
  const count = 128;
  const { message } = extend(count);
  for (let bit = 0; bit < 8 * message.length; bit += bit < 8 * (message.length - 48) ? 61 : 1) {
    const damaged = Uint8Array.from(message);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    assert.ok(caught(damaged, count), `bit ${bit}`);
  }
  assert.ok(caught(message.subarray(1), count));
  assert.ok(caught(Uint8Array.from([...message, 0]), count));
  assert.ok(caught(message, count, hashBytes("another session")));
  assert.ok(!caught(message, count));
});

test("choices that differ from column to column: caught, unless the sender never uses the column", () => {
  // A receiver that keeps to the protocol with another key in one column, and proves what it then has: the attack on the
  // check of KOS15. It gets through exactly where it has guessed a bit of delta, and has to guess it to go on.
  let got = 0;
  for (let column = 0; column < COLUMNS; column++) {
    const ones = Uint8Array.from(receiver.ones);
    ones[16 * column]! ^= 1;
    const { message } = extend(416, { ...receiver, ones });
    const through = !caught(message, 416);
    assert.equal(through, bitAt(sender.delta, column) === 0);
    got += through ? 1 : 0;
  }
  assert.ok(got > 32 && got < 96);
});

test("of several columns at once the sender notices all but with the luck of guessing every one", () => {
  for (let from = 0; from + 24 <= COLUMNS; from += 24) {
    const ones = Uint8Array.from(receiver.ones);
    for (let column = from; column < from + 24; column++) ones[16 * column]! ^= 1;
    assert.ok(caught(extend(416, { ...receiver, ones }).message, 416));
  }
});

test("transposition", () => {
  const columns = seeded("matrix")((COLUMNS * 640) / 8);
  const rows = transpose(columns, 640);
  for (let column = 0; column < COLUMNS; column++)
    for (let row = 0; row < 640; row++)
      assert.equal(bitAt(rows, 128 * row + column), bitAt(columns, 640 * column + row));
});

test("the linear hash multiplies in GF(2^128): against AES-GCM's vectors, and linear", () => {
  // One column of 256 bits: element 0 times the coefficient, plus element 1.
  const hash = (a: bigint, b: bigint, coefficient: bigint): bigint => {
    const rows = Uint32Array.from({ length: 256 }, (_, i) => Number(((i < 128 ? a : b) >> BigInt(i % 128)) & 1n));
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => Number((coefficient >> BigInt(8 * i)) & 255n));
    return linearHash(rows, 1, bytes).reduce((sum, bit, i) => sum | (BigInt(bit) << BigInt(i)), 0n);
  };
  // GHASH writes the lowest power first: test case 2 of the GCM specification, C·H for one block.
  const reflected = (hex: string) =>
    BigInt(`0b${[...BigInt(`0x${hex}`).toString(2).padStart(128, "0")].reverse().join("")}`);
  const h = reflected("66e94bd4ef8a2c3b884cfa59ca342b2e");
  const c = reflected("0388dace60b6a392f328c2b971b2fe78");
  assert.equal(hash(c, 0n, h), reflected("5e2ec746917062882c85b0685353deb7"));
  assert.equal(hash(h, 0n, c), hash(c, 0n, h));
  assert.equal(hash(c ^ h, 7n, c) ^ hash(h, 0n, c), hash(c, 7n, c));
});
