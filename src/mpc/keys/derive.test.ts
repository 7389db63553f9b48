import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "../../base/bytes.ts";
import { curveOf } from "../curves/registry.ts";
import type { SchemeId } from "../key-share.ts";
import { mod } from "../scalars.ts";
import { derive } from "./derive.ts";

/** Published parents and non-hardened children: BIP 32 test vectors 1 and 2, SLIP-0010 "derivation retry". */
const VECTORS: readonly [string, SchemeId, string, string, number, string, string][] = [
  [
    "BIP 32 vector 1, m/0'/1",
    "ECDSA_K1",
    "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea",
    "47fdacbd0f1097043b78c63c20c34ef4ed9a111d980047ad16282c7ae6236141",
    1,
    "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368",
    "2a7857631386ba23dacac34180dd1983734e444fdbf774041578e9b6adb37c19",
  ],
  [
    "BIP 32 vector 2, m/0",
    "ECDSA_K1",
    "4b03d6fc340455b363f51020ad3ecca4f0850280cf436c70c727923f6db46c3e",
    "60499f801b896d83179a4374aeb7822aaeaceaa0db1f85ee3e904c4defbd9689",
    0,
    "abe74a98f6c7eabee0428f53798f0ab8aa1bd37873999041703c742f15ac7e1e",
    "f0909affaa7ee7abe5dd4e100598d4dc53cd709d5a5c2cac40e7412f232f7c9c",
  ],
  [
    "SLIP-0010 derivation retry for nist256p1, m/28578'/33941",
    "ECDSA_R1",
    "06f0db126f023755d0b8d86d4591718a5210dd8d024e3e14b6159d63f53aa669",
    "e94c8ebe30c2250a14713212f6449b20f3329105ea15b652ca5bdfc68f6c65c2",
    33941,
    "092154eed4af83e078ff9b84322015aefe5769e31270f62c3f66c33888335f3a",
    "9e87fe95031f14736774cd82f25fd885065cb7c358c1edf813c72af535e83071",
  ],
];

for (const [name, scheme, parent, chainCode, index, child, childCode] of VECTORS)
  test(name, () => {
    const curve = curveOf(scheme === "ECDSA_K1" ? "secp256k1" : "P-256");
    const key = {
      scheme,
      publicKey: curve.encode(curve.multiplyBase(BigInt(`0x${parent}`))),
      chainCode: fromHex(chainCode),
    };
    const derived = derive(curve, key, [index]);
    assert.equal(toHex(derived.chainCode), childCode);
    assert.equal(mod(BigInt(`0x${parent}`) + derived.tweak, curve.order), BigInt(`0x${child}`));
    assert.equal(toHex(derived.publicKey), toHex(curve.encode(curve.multiplyBase(BigInt(`0x${child}`)))));
  });

for (const scheme of ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SCHNORR_BIP340"] as const)
  test(`${scheme}: the tweak of a path leads from the private key to the child's`, () => {
    const curve = curveOf(scheme === "ECDSA_R1" ? "P-256" : scheme === "EDDSA_ED25519" ? "Ed25519" : "secp256k1");
    const key = { scheme, publicKey: curve.encode(curve.multiplyBase(77n)), chainCode: new Uint8Array(32).fill(7) };
    const path = [44, 60, 0, 0, 2 ** 31 - 1];
    const { publicKey, tweak } = derive(curve, key, path);
    assert.equal(toHex(publicKey), toHex(curve.encode(curve.multiplyBase(mod(77n + tweak, curve.order)))));
    const halfway = derive(curve, key, path.slice(0, 2));
    assert.deepEqual(derive(curve, { scheme, ...halfway }, path.slice(2)).publicKey, publicKey);
    assert.deepEqual(derive(curve, key, []).publicKey, key.publicKey);
    for (const bad of [[2 ** 31], [-1], [0.5], Array.from({ length: 17 }, () => 0)])
      assert.throws(() => derive(curve, key, bad), RangeError);
  });

test("SM2 keys have no children: what is shared is (1 + d)^-1", () => {
  const curve = curveOf("SM2");
  const key = { scheme: "SM2", publicKey: curve.encode(curve.base), chainCode: new Uint8Array(32) } as const;
  assert.throws(() => derive(curve, key, [0]), RangeError);
});
