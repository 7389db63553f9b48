/** The drill finds what it is there to find. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { checkSignatures, type Signature } from "../drill/keys/signatures.ts";
import { toHex } from "../src/base/bytes.ts";
import { toBytes32, toInteger } from "../src/mpc/scalars.ts";

const { Fn, BASE } = secp256k1.Point;
const secret = 0x5eedn;
const publicKey = BASE.multiply(secret).toHex(true);

/** ECDSA with a nonce of the test's choice. */
const signed = (request: string, nonce: bigint, byte: number): Signature => {
  const digest = new Uint8Array(32).fill(byte);
  const { x } = BASE.multiply(nonce).toAffine();
  const s = Fn.div(Fn.add(toInteger(digest), Fn.mul(Fn.create(x), secret)), nonce);
  const low = s > Fn.ORDER / 2n ? Fn.ORDER - s : s;
  const signature = toHex(toBytes32(x)) + toHex(toBytes32(low));
  return { key: "K", scheme: "ECDSA_K1", publicKey, digest: toHex(digest), signature, request };
};
const violationsOf = (...all: Signature[]): string[] => {
  const found: string[] = [];
  checkSignatures(all, (what) => found.push(what));
  return found;
};

test("signatures with nonces of their own hold", () => {
  assert.deepEqual(violationsOf(signed("first", 7n, 1), signed("second", 8n, 2)), []);
});

test("a presignature that is used twice is found", () => {
  const [first] = violationsOf(signed("first", 7n, 1), signed("second", 9n, 2), signed("third", 7n, 3));
  assert.match(first ?? "", /first and third .* used twice/);
});

test("a signature of something else is found", () => {
  const [first] = violationsOf({ ...signed("first", 7n, 1), digest: "02".repeat(32) });
  assert.match(first ?? "", /first does not verify/);
});
