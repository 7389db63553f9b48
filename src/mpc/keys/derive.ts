/**
 * Child keys (docs/protocols/mpc.md section 11): from the public key and the chain code alone, so every party and every
 * client computes the same, and only non-hardened ones. The child's private key is the parent's plus the tweak.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, u32 } from "../../base/bytes.ts";
import type { Curve } from "../curve.ts";
import type { KeyPublic } from "../key-share.ts";
import { mod, toInteger } from "../scalars.ts";

export interface Derived {
  /** Encoded point. */
  readonly publicKey: Uint8Array;
  readonly chainCode: Uint8Array;
  /** Child's private key minus that of the key at the top, modulo the order: public. */
  readonly tweak: bigint;
}

/** As deep as a path goes, and the indices that are not hardened. */
export const MAX_DEPTH = 16;
const HARDENED = 2 ** 31;

/** @throws RangeError for a path that can't be followed: too long, a hardened index, a scheme without derivation */
export const derive = (
  curve: Curve,
  { scheme, publicKey, chainCode }: Pick<KeyPublic, "scheme" | "publicKey" | "chainCode">,
  path: readonly number[],
): Derived => {
  if (path.length > MAX_DEPTH) throw new RangeError("path too long");
  if (path.length > 0 && scheme === "SM2") throw new RangeError("SM2 keys have no children");
  const step = curve.id === "Ed25519" ? stepEd25519 : stepWeierstrass;
  return path.reduce<Derived>(
    (parent, index) => {
      if (!Number.isInteger(index) || index < 0 || index >= HARDENED) throw new RangeError("not a non-hardened index");
      const { tweak, chainCode } = step(parent, index, curve);
      const child = curve.add(curve.decode(parent.publicKey), curve.multiplyPublic(curve.base, tweak));
      // As likely as guessing the private key.
      if (curve.isZero(child)) throw new RangeError("no such child");
      return { publicKey: curve.encode(child), chainCode, tweak: mod(parent.tweak + tweak, curve.order) };
    },
    { publicKey, chainCode, tweak: 0n },
  );
};

type Step = (parent: Derived, index: number, curve: Curve) => { tweak: bigint; chainCode: Uint8Array };

/** BIP 32 CKDpub; where its tweak is out of range (1 in 2^32 on P-256), SLIP-0010 goes on from there. */
const stepWeierstrass: Step = ({ publicKey, chainCode }, index, { order }) => {
  let data = concat(publicKey, u32(index));
  for (;;) {
    const digest = hmac(sha512, chainCode, data);
    const tweak = toInteger(digest.subarray(0, 32));
    const right = digest.slice(32);
    if (tweak < order) return { tweak, chainCode: right };
    data = concat(Uint8Array.of(1), right, u32(index));
  }
};

/** BIP32-Ed25519 (Khovratovich and Law, 2017), section V, soft derivation of public keys: the tweak is 8 times 28 bytes. */
const stepEd25519: Step = ({ publicKey, chainCode }, index) => {
  const at = u32(index).reverse();
  const digest = hmac(sha512, chainCode, concat(Uint8Array.of(2), publicKey, at));
  const code = hmac(sha512, chainCode, concat(Uint8Array.of(3), publicKey, at));
  return { tweak: 8n * toInteger(digest.slice(0, 28).reverse()), chainCode: code.slice(32) };
};
