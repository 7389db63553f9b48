import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../test/support/simulate.ts";
import { concat, toHex, u32 } from "../base/bytes.ts";
import { decodePlain, encodePlain } from "./codec.ts";
import { curveOf } from "./curves/registry.ts";
import { addressOf, decodeMessage, encodeMessage, MAX_BODY } from "./message.ts";
import { answerLength, beginLength } from "./ole/vector-ole.ts";
import { Abort, type Plain } from "./protocol.ts";
import { evaluate, lagrange, mod, randomScalar, toBytes32, toInteger } from "./scalars.ts";
import { MAX_COUNT } from "./schemes/signers.ts";
import { read } from "./wire.ts";

const VALUES: readonly Plain[] = [
  undefined,
  null,
  false,
  true,
  0,
  -1.5,
  2 ** 53,
  0n,
  255n,
  256n,
  -1n,
  -(2n ** 300n),
  "",
  "文字",
  new Uint8Array(0),
  Uint8Array.of(0, 255),
  [],
  [1, [2n, ["three"]]],
  {},
  { b: 1, a: [null], "": { 7: Uint8Array.of(7) } },
];

test("a plain value has one encoding, and comes back from it", () => {
  for (const value of [...VALUES, VALUES]) {
    const bytes = encodePlain(value);
    assert.deepEqual(decodePlain(bytes), value);
    assert.equal(toHex(encodePlain(decodePlain(bytes))), toHex(bytes));
  }
  assert.equal(toHex(encodePlain({ a: 1, b: 2 })), toHex(encodePlain({ b: 2, a: 1 })));
  assert.equal(new Set(VALUES.map((value) => toHex(encodePlain(value)))).size, VALUES.length);
});

test("a number of a million digits is read as fast as it came", () => {
  const bytes = concat(Uint8Array.of(5), u32(1 << 20), Uint8Array.of(1), new Uint8Array((1 << 20) - 1).fill(255));
  assert.equal(decodePlain(bytes), 1n - 2n ** (8n * ((1n << 20n) - 1n)));
});

test("text that has no encoding of its own is refused", () => {
  for (const bad of ["\ud800", { "\udfff": 1 }]) assert.throws(() => encodePlain(bad), TypeError);
});

test("what has another encoding, or is none, is refused", () => {
  const bytes = encodePlain(VALUES);
  const random = seeded("codec");
  for (let i = 0; i < 3000; i++) {
    const [at = 0, to = 0, more = 0] = random(3);
    const bent = bytes.slice(0, bytes.length - (i % 3 ? 0 : more % bytes.length));
    bent[(at * 7) % bent.length] = to;
    try {
      assert.equal(toHex(encodePlain(decodePlain(bent))), toHex(bent));
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
  for (const bad of [
    new Uint8Array(0),
    Uint8Array.of(10),
    Uint8Array.of(0, 0),
    Uint8Array.of(7, 255, 255, 255, 255),
    Uint8Array.of(8, 255, 255, 255, 255),
    Uint8Array.of(9, 0, 0, 0, 2, 0, 0, 0, 1, 98, 0, 0, 0, 0, 1, 97, 0),
    Uint8Array.of(9, 0, 0, 0, 2, 0, 0, 0, 1, 97, 0, 0, 0, 0, 1, 97, 0),
    Uint8Array.of(5, 0, 0, 0, 1, 1),
    Uint8Array.of(5, 0, 0, 0, 2, 0, 0),
    Uint8Array.of(4, 0x80, 0, 0, 0, 0, 0, 0, 0),
    Uint8Array.of(4, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0),
    Uint8Array.of(6, 0, 0, 0, 1, 0xff),
    concat(...Array.from({ length: 40 }, () => Uint8Array.of(8, 0, 0, 0, 1)), Uint8Array.of(0)),
  ])
    assert.throws(() => decodePlain(bad), RangeError, toHex(bad));
  for (const bad of [() => 1, new Map(), Number.NaN, Symbol("s"), -0, new Date()])
    assert.throws(() => encodePlain(bad as Plain), TypeError);
});

test("a name of an object's own making stays a name", () => {
  const decoded = decodePlain(encodePlain(JSON.parse('{"__proto__":{"x":1}}')));
  assert.equal((decoded as { x?: number }).x, undefined);
});

test("messages read as they were written, and not otherwise", () => {
  const message = {
    run: new Uint8Array(32).fill(3),
    kind: "echo",
    round: 2,
    from: 7,
    to: 0,
    body: Uint8Array.of(1, 2, 3),
    signature: new Uint8Array(64).fill(9),
  } as const;
  const bytes = encodeMessage(message);
  assert.deepEqual(decodeMessage(bytes), message);
  assert.deepEqual(decodeMessage(Buffer.from(bytes)), message);
  assert.deepEqual(addressOf(Buffer.from(bytes)), { run: message.run, from: 7 });
  for (let length = 0; length < bytes.length; length++)
    assert.throws(() => decodeMessage(bytes.slice(0, length)), RangeError);
  for (const bad of [
    concat(bytes, Uint8Array.of(0)),
    Uint8Array.of(2, ...bytes.slice(1)),
    Uint8Array.of(1, 3, ...bytes.slice(2)),
    concat(bytes.slice(0, 37), u32(2 ** 32 - 1), bytes.slice(41)),
    concat(bytes.slice(0, 3), Uint8Array.of(0), bytes.slice(4)),
  ])
    assert.throws(() => decodeMessage(bad), RangeError);
});

test("a party sends nothing that others would blame it for: bodies are as long as they are read", () => {
  const header = {
    run: new Uint8Array(32),
    kind: "round",
    round: 1,
    from: 1,
    to: 0,
    signature: new Uint8Array(1),
  } as const;
  const body = new Uint8Array(MAX_BODY);
  assert.equal(decodeMessage(encodeMessage({ ...header, body })).body.length, MAX_BODY);
  assert.throws(() => encodeMessage({ ...header, body: new Uint8Array(MAX_BODY + 1) }), TypeError);
  const largest = { curve: curveOf("secp256k1"), count: MAX_COUNT, width: 2, scope: new Uint8Array(32) };
  assert.ok(answerLength(largest) <= MAX_BODY && 32 + beginLength(largest) <= MAX_BODY);
});

test("a body that does not read exactly names its sender", () => {
  const curve = curveOf("secp256k1");
  const named = (body: Uint8Array, take: Parameters<typeof read>[3]) =>
    assert.throws(
      () => read(body, 5, "x.y", take),
      (error) => error instanceof Abort && error.check === "x.y" && error.culprits.join() === "5",
    );
  const point = curve.encode(curve.multiplyBase(5n));
  const body = concat(toBytes32(7n), point, Uint8Array.of(1, 2));
  const values = read(body, 5, "x.y", (r) => [
    r.scalar(curve),
    curve.encode(r.point(curve)),
    r.list(2, (i) => i.byte()),
  ]);
  assert.deepEqual(values, [7n, point, [1, 2]]);
  named(body, (r) => r.scalar(curve));
  named(body.slice(1), (r) => [r.scalar(curve), r.point(curve), r.bytes(2)]);
  named(toBytes32(curve.order), (r) => r.scalar(curve));
  named(new Uint8Array(33), (r) => r.point(curve));
  named(new Uint8Array(3), (r) => r.list(4, (i) => i.byte()));
  assert.throws(() => read(body, 5, "x.y", () => assert.fail("ours")), /ours/);
});

test("scalars: bytes and back, interpolation, no bias that shows", () => {
  const curve = curveOf("P-256");
  const random = seeded("scalars");
  for (let i = 0; i < 50; i++) {
    const k = randomScalar(random, curve);
    assert.ok(k < curve.order);
    assert.equal(toInteger(toBytes32(k)), k);
    assert.equal(BigInt(`0x${toHex(toBytes32(k))}`), k);
  }
  assert.equal(toInteger(Uint8Array.of(1, ...new Uint8Array(8))), 2n ** 64n);
  assert.equal(toInteger(new Uint8Array(0)), 0n);
  for (const bad of [-1n, 2n ** 256n]) assert.throws(() => toBytes32(bad), RangeError);
  const f = [11n, 22n, 33n].map((c) => c * 10n ** 70n);
  const at = (party: number) => evaluate(f, party, curve);
  for (const where of [0, 9]) {
    const sum = [2, 5, 255].reduce((s, p) => s + at(p) * lagrange([2, 5, 255], p, curve, where), 0n);
    assert.equal(mod(sum, curve.order), at(where));
  }
  // Each bit of 2,000 scalars is set in 1,000 of them, give or take 6 standard deviations.
  const many = Array.from({ length: 2000 }, () => randomScalar(random, curve));
  for (let bit = 0n; bit < 250n; bit++) {
    const set = many.filter((k) => (k >> bit) & 1n).length;
    assert.ok(Math.abs(set - 1000) < 135, `bit ${bit}: ${set}`);
  }
});
