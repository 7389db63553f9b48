/** Keys that a test holds in one piece, in the nodes' place. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { sm2 } from "sm-crypto-v2";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";

interface Held {
  readonly publicKey: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

const SECRET = fromHex("1f".repeat(32));

/** One key of each scheme; signatures of ECDSA have the low s. */
export const heldKeys: Readonly<Record<KeyScheme, () => Held>> = {
  ECDSA_K1: () => ({
    publicKey: secp256k1.getPublicKey(SECRET),
    sign: (digest) => secp256k1.sign(digest, SECRET, { prehash: false }),
  }),
  ECDSA_R1: () => ({
    publicKey: p256.getPublicKey(SECRET),
    sign: (digest) => p256.sign(digest, SECRET, { prehash: false, lowS: true }),
  }),
  EDDSA_ED25519: () => ({
    publicKey: ed25519.getPublicKey(SECRET),
    sign: (message) => ed25519.sign(message, SECRET),
  }),
  SCHNORR_BIP340: () => ({
    publicKey: secp256k1.getPublicKey(SECRET),
    sign: (message) => schnorr.sign(message, SECRET),
  }),
  SM2: () => ({
    publicKey: fromHex(sm2.compressPublicKeyHex(sm2.getPublicKeyFromPrivateKey(toHex(SECRET)))),
    sign: (digest) => fromHex(sm2.doSignature(digest, toHex(SECRET), { hash: false })),
  }),
};
