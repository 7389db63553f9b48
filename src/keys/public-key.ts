/** Public keys as others take them: PEM (SubjectPublicKeyInfo, RFC 5280), and Ethereum's addresses. */
import { ECDH } from "node:crypto";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, toHex } from "../base/bytes.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import { toPem } from "../trust/pem.ts";

/** Everything before the point: algorithm, curve, and the head of the bit string (RFC 5480, RFC 8410, GM/T 0006). */
const PREFIXES = {
  secp256k1: "3056301006072a8648ce3d020106052b8104000a034200",
  prime256v1: "3059301306072a8648ce3d020106082a8648ce3d030107034200",
  SM2: "3059301306072a8648ce3d020106082a811ccf5501822d034200",
  ed25519: "302a300506032b6570032100",
} as const;
type Curve = keyof typeof PREFIXES;

const CURVES: Readonly<Record<KeyScheme, Curve>> = {
  ECDSA_K1: "secp256k1",
  ECDSA_R1: "prime256v1",
  EDDSA_ED25519: "ed25519",
  SCHNORR_BIP340: "secp256k1",
  SM2: "SM2",
};

/** 04 || x || y. */
const uncompressed = (curve: Curve, point: string): Uint8Array =>
  new Uint8Array(ECDH.convertKey(point, curve, "hex", undefined, "uncompressed") as Buffer);

/** Of BIP 340, whose keys are an x alone, the point with even y. */
const pointOf = (scheme: KeyScheme, point: string): string =>
  scheme === "SCHNORR_BIP340" ? `02${point.slice(-64)}` : point;

/** @param point encoded, hex */
export const publicKeyPem = (scheme: KeyScheme, point: string): string => {
  const curve = CURVES[scheme];
  const body = curve === "ed25519" ? fromHex(point) : uncompressed(curve, pointOf(scheme, point));
  return toPem("PUBLIC KEY", concat(fromHex(PREFIXES[curve]), body));
};

/** Ethereum's, with the capitals of EIP-55; null where the scheme has none. */
export const addressOf = (scheme: KeyScheme, point: string): string | null => {
  if (scheme !== "ECDSA_K1") return null;
  const plain = toHex(keccak_256(uncompressed("secp256k1", point).subarray(1)).subarray(12));
  const capitals = toHex(keccak_256(new TextEncoder().encode(plain)));
  const letters = [...plain].map((one, i) => (Number.parseInt(capitals[i] ?? "0", 16) >= 8 ? one.toUpperCase() : one));
  return `0x${letters.join("")}`;
};
