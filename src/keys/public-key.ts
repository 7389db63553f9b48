/** Public keys as others take them: PEM (SubjectPublicKeyInfo, RFC 5280), and Ethereum's addresses. */
import { ECDH } from "node:crypto";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { type Bytes, fromHex, toHex, utf8 } from "../base/bytes.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import type { SigningKind } from "../trust/crypto/crypto.ts";
import { publicKeyFromRaw } from "../trust/crypto/encoding.ts";
import { publicKeyToPem } from "../trust/keys.ts";

const KINDS: Readonly<Record<KeyScheme, SigningKind>> = {
  ECDSA_K1: "secp256k1",
  ECDSA_R1: "P-256",
  EDDSA_ED25519: "Ed25519",
  SCHNORR_BIP340: "secp256k1",
  SM2: "SM2",
};
/** As OpenSSL calls the curves. */
const CURVES = { "P-256": "prime256v1", secp256k1: "secp256k1", SM2: "SM2" } as const;

/** 04 || x || y. */
const uncompressed = (kind: keyof typeof CURVES, point: string): Bytes =>
  Uint8Array.from(ECDH.convertKey(point, CURVES[kind], "hex", undefined, "uncompressed") as Buffer);

/** Of BIP 340, whose keys are an x alone, the point with even y. */
const pointOf = (scheme: KeyScheme, point: string): string =>
  scheme === "SCHNORR_BIP340" ? `02${point.slice(-64)}` : point;

/** @param point encoded, hex */
export const publicKeyPem = (scheme: KeyScheme, point: string): string => {
  const kind = KINDS[scheme];
  const raw = kind === "Ed25519" ? fromHex(point) : uncompressed(kind, pointOf(scheme, point));
  return publicKeyToPem(publicKeyFromRaw(kind, raw));
};

/** Ethereum's, with the capitals of EIP-55; null where the scheme has none. */
export const addressOf = (scheme: KeyScheme, point: string): string | null => {
  if (scheme !== "ECDSA_K1") return null;
  const plain = toHex(keccak_256(uncompressed("secp256k1", point).subarray(1)).subarray(12));
  const capitals = toHex(keccak_256(utf8(plain)));
  const letters = [...plain].map((one, i) => (Number.parseInt(capitals[i] ?? "0", 16) >= 8 ? one.toUpperCase() : one));
  return `0x${letters.join("")}`;
};
