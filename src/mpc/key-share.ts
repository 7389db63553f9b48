/** What a party holds of a key. */
import type { CurveId } from "./curve.ts";

export type SchemeId =
  | "ECDSA_K1"
  | "ECDSA_R1"
  | "EDDSA_ED25519"
  | "SCHNORR_BIP340"
  | "SCHNORR_K1"
  | "SCHNORR_R1"
  | "SM2";

/** Public: the same for every party of the key. */
export interface KeyPublic {
  readonly scheme: SchemeId;
  readonly curve: CurveId;
  /** As many parties sign together: t of n. */
  readonly threshold: number;
  /** Index (evaluation point of the sharing) of every party, ascending. */
  readonly parties: readonly number[];
  /** Grows by one with each refresh, recovery or resharing: shares of two epochs never go together. */
  readonly epoch: number;
  /** Encoded point. */
  readonly publicKey: Uint8Array;
  /** `share · B` of each party, encoded: B is the curve's base; for SM2 it is G + P, whose logarithm base G is 1 + d. */
  readonly verifyingShares: Readonly<Record<number, Uint8Array>>;
  /** BIP 32 chain code, 32 bytes: all parties made it together. */
  readonly chainCode: Uint8Array;
}

export interface KeyShare extends KeyPublic {
  readonly self: number;
  /** f(self), 32 bytes big-endian: of the private key; for SM2 of (1 + d)^-1. */
  readonly secret: Uint8Array;
}
