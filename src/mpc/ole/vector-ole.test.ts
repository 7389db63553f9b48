import assert from "node:assert/strict";
import { test } from "node:test";
import { pairsOf } from "../../../test/support/dealt.ts";
import { seeded } from "../../../test/support/simulate.ts";
import { concat } from "../../base/bytes.ts";
import { curveOf } from "../curves/registry.ts";
import { extendAsSender, type ReceiverSeeds, type SenderSeeds } from "../ot/extension.ts";
import { expand, hashBytes, hashRows } from "../ot/hash.ts";
import { bitAt } from "../ot/matrix.ts";
import { Abort } from "../protocol.ts";
import { mod, randomScalar, toBytes32, toInteger } from "../scalars.ts";
import { answerOle, beginOle, finishOle, type Shape, TRANSFERS } from "./vector-ole.ts";

/** Bytes of a pad. */
const WIDE = 48;

const bobs = pairsOf(1, [1, 2]).get(2) as unknown as ReceiverSeeds;
const alices = pairsOf(2, [1, 2]).get(1) as unknown as SenderSeeds;

const run = (id: "secp256k1" | "P-256" | "SM2", count: number, width: number, seed = "seed") => {
  const curve = curveOf(id);
  const random = seeded(seed);
  const shape: Shape = { curve, count, width, scope: hashBytes("scope") };
  const { begun, message } = beginOle(shape, bobs, random);
  const inputs = Array.from({ length: count }, () => Array.from({ length: width }, () => randomScalar(random, curve)));
  const answer = answerOle(shape, alices, inputs, message, 1, random);
  return { curve, shape, begun, inputs, answer, message };
};

for (const id of ["secp256k1", "P-256", "SM2"] as const)
  test(`c + d = a·b on ${id}, for many at once`, () => {
    for (const [count, width] of [
      [1, 1],
      [1, 2],
      [3, 2],
    ] as const) {
      const { curve, shape, begun, inputs, answer } = run(id, count, width);
      const { factors, shares } = finishOle(shape, begun, answer.message, 2);
      for (const [k, vector] of inputs.entries())
        for (const [i, input] of vector.entries())
          assert.equal(mod(answer.shares[k]![i]! + shares[k]![i]!, curve.order), mod(input * factors[k]!, curve.order));
      assert.equal(new Set(factors).size, count);
    }
  });

test("every class of bits of the answer, flipped, names Alice", () => {
  const { shape, begun, answer } = run("secp256k1", 2, 2);
  const elements = 2 * TRANSFERS * 3;
  const places = {
    "first correction": 31,
    "of the second input": 32 + 16,
    "of the check value": 64 + 8,
    "last correction": 32 * elements - 1,
    "of the second instance": 32 * TRANSFERS * 3 + 5,
    "first answer": 32 * elements + 9,
    "last answer": 32 * elements + 63,
    "hash of the check": 32 * elements + 64,
  };
  const refused = (message: Uint8Array, check: RegExp, what: string) =>
    assert.throws(
      () => finishOle(shape, begun, message, 2),
      (error) => error instanceof Abort && check.test(error.check) && error.culprits[0] === 2,
      what,
    );
  for (const [what, at] of Object.entries(places))
    for (const bit of [0, 7]) {
      const damaged = Uint8Array.from(answer.message);
      damaged[at]! ^= 1 << bit;
      refused(damaged, /^ole\.answer\.(check|range)$/, what);
    }
  const tooLarge = Uint8Array.from(answer.message);
  tooLarge.fill(255, 0, 32);
  refused(tooLarge, /range/, "not below the order");
  refused(answer.message.subarray(1), /length/, "cut short");
  refused(Uint8Array.from([...answer.message, 0]), /length/, "bytes left over");
  refused(run("secp256k1", 2, 2, "another").answer.message, /check/, "of another session");
});

test("every value of the answer is below the order, so that none is written in two ways", () => {
  for (const id of ["secp256k1", "P-256", "SM2"] as const) {
    const { curve, shape, begun, answer } = run(id, 2, 1);
    const values = answer.message.length / 32 - 1;
    const checkOf = (at: number, value: bigint): string => {
      const message = Uint8Array.from(answer.message);
      message.set(toBytes32(value), 32 * at);
      try {
        finishOle(shape, begun, message, 2);
        return "passed";
      } catch (error) {
        assert.ok(error instanceof Abort && error.culprits[0] === 2);
        return error.check;
      }
    };
    for (const at of [0, 1, 2, values - 3, values - 2, values - 1]) {
      for (const value of [curve.order, curve.order + 1n, (1n << 256n) - 1n])
        assert.equal(checkOf(at, value), "ole.answer.range");
      for (const value of [0n, curve.order - 1n]) assert.equal(checkOf(at, value), "ole.answer.check");
    }
  }
});

test("inputs at the edges of the field multiply as all others do", () => {
  const { curve, shape, begun, message } = run("secp256k1", 1, 4);
  const inputs = [[0n, 1n, curve.order - 1n, curve.order - 2n]];
  const answer = answerOle(shape, alices, inputs, message, 1, seeded("edges"));
  const { factors, shares } = finishOle(shape, begun, answer.message, 2);
  for (const [i, input] of inputs[0]!.entries())
    assert.equal(mod(answer.shares[0]![i]! + shares[0]![i]!, curve.order), mod(input * factors[0]!, curve.order));
  const all = [...answer.shares, ...shares].flat();
  assert.ok(all.every((share) => share >= 0n && share < curve.order));
});

test("a damaged beginning names Bob", () => {
  const { shape, inputs, message } = run("P-256", 1, 2);
  for (const at of [0, 5000, message.length - 1, message.length - 40]) {
    const damaged = Uint8Array.from(message);
    damaged[at]! ^= 16;
    assert.throws(
      () => answerOle(shape, alices, inputs, damaged, 1, seeded("x")),
      (error) => error instanceof Abort && error.check === "ot.extension.check" && error.culprits[0] === 1,
    );
  }
});

test("factors and shares are spread over the whole group", () => {
  // 200 values: the mean of their top 16 bits is within 6 standard deviations of the middle.
  const { shape, begun, answer, curve } = run("SM2", 200, 1);
  for (const values of [finishOle(shape, begun, answer.message, 2).factors, answer.shares.map(([share]) => share!)]) {
    const top = values.map((value) => Number((value << 16n) / curve.order));
    const mean = top.reduce((sum, value) => sum + value, 0) / top.length;
    assert.ok(Math.abs(mean - 32768) < (6 * 65536) / Math.sqrt(12 * top.length));
    assert.equal(new Set(values).size, values.length);
  }
});

test("as many transfers as eprint 2026/976 asks for: |q| + 2·128 + 3·80, and one check value", () => {
  assert.ok(TRANSFERS >= 256 + 2 * 128 + 3 * 80 && TRANSFERS % 8 === 0);
  assert.ok(256 >= 128 + 2 * Math.log2(TRANSFERS));
  // The gadget follows from Alice's message: another message, another b.
  const [one, other] = ["one", "other"].map((seed) => {
    const { shape, begun, inputs, message } = run("P-256", 1, 1);
    const answer = answerOle(shape, alices, inputs, message, 1, seeded(seed));
    return finishOle(shape, begun, answer.message, 2).factors[0];
  });
  assert.notEqual(one, other);
});

test("an Alice that puts another value into one transfer is caught exactly where Bob has chosen 1", () => {
  const { curve, shape, begun, inputs, message, answer } = run("secp256k1", 1, 1);
  const input = inputs[0]![0]!;
  const end = 32 * 2 * TRANSFERS;
  const modulo = (bytes: Uint8Array) =>
    Array.from({ length: bytes.length / WIDE }, (_, i) =>
      mod(toInteger(bytes.subarray(WIDE * i, WIDE * (i + 1))), curve.order),
    );
  const rows = extendAsSender(alices, shape.scope, TRANSFERS, message, 1);
  const pads = modulo(hashRows(hashBytes("ole/1 pads", shape.scope), rows, 6));
  const weightOf = (corrections: Uint8Array) =>
    modulo(expand(hashBytes("ole/1 challenge", begun.transcript, corrections), WIDE))[0]!;
  const answered = toInteger(answer.message.subarray(end, end + 32));
  const check = mod(answered - weightOf(answer.message.subarray(0, end)) * input, curve.order);
  // She keeps to the protocol in all else: the hash is over what she would have with the choice 0.
  const cheating = (transfer: number): Uint8Array => {
    const corrections = Uint8Array.from(answer.message.subarray(0, end));
    const value = toInteger(corrections.subarray(64 * transfer, 64 * transfer + 32));
    corrections.set(toBytes32(mod(value + 1n, curve.order)), 64 * transfer);
    const weight = weightOf(corrections);
    const columns = Array.from({ length: TRANSFERS }, (_, j) =>
      mod(pads[2 * j + 1]! + weight * pads[2 * j]!, curve.order),
    );
    const answers = toBytes32(mod(check + weight * input, curve.order));
    return concat(corrections, answers, hashBytes("ole/1 check", shape.scope, concat(...columns.map(toBytes32))));
  };
  for (let transfer = 0; transfer < 24; transfer++) {
    const finish = () => finishOle(shape, begun, cheating(transfer), 2);
    if (bitAt(begun.choices, transfer))
      assert.throws(finish, (error) => error instanceof Abort && error.culprits[0] === 2);
    else assert.ok(finish());
  }
});
