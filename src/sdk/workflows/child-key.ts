/** Child keys (BIP 32, non-hardened): their paths as people write them, their public keys and addresses. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { fromHex, toHex } from "../../base/bytes.ts";
import { nobleCurves } from "../../mpc/curves/noble.ts";
import { derive } from "../../mpc/keys/derive.ts";
import { CURVE_OF } from "../../mpc/keys/sharing.ts";
import { checksummed, keccak } from "../../policy/ethereum.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";

interface Derivable {
  readonly scheme: KeyScheme;
  readonly publicKey: string | null;
  readonly chainCode: string | null;
}

/** The public key of a key, or of its child at a path. */
export const publicKeyAt = ({ scheme, publicKey, chainCode }: Derivable, path: readonly number[]): string => {
  if (path.length === 0) return publicKey ?? "";
  const whole = { scheme, publicKey: fromHex(publicKey ?? ""), chainCode: fromHex(chainCode ?? "") };
  return toHex(derive(nobleCurves[CURVE_OF[scheme]], whole, path).publicKey);
};

/** Ethereum's, of a point on secp256k1. */
export const addressOfPoint = (publicKey: string): string => {
  const point = secp256k1.Point.fromHex(publicKey).toBytes(false);
  return checksummed(`0x${toHex(keccak(point.subarray(1)).subarray(12))}`);
};
