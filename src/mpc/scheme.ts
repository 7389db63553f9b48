/** A signature scheme whose key nobody holds: one folder in `schemes/`, one line in `schemes/registry.ts`. */
import type { CurveId } from "./curve.ts";
import type { KeyPublic, KeyShare, SchemeId } from "./key-share.ts";
import type { PlainRecord, Protocol } from "./protocol.ts";

/** What two parties made together once, from which they multiply secrets: base oblivious transfers, in both roles. */
export type PairSetup = PlainRecord;

export interface PresignInput {
  readonly share: KeyShare;
  /** How many to make in this run: 1 to 128, of schemes without pairs to 256. */
  readonly count: number;
  /** With every other party of the run; empty for schemes that need none. */
  readonly pairs: ReadonlyMap<number, PairSetup>;
  /** BIP 32 path below the key, non-hardened indices; empty for the key itself. */
  readonly path: readonly number[];
}

/**
 * What one party keeps for one signature by one set of signers: secret, good for one message, then deleted. The id and
 * `public` are the same for all signers.
 */
export interface Presignature {
  /** SHA-256 (hex) over session, place in the run and nonce point. */
  readonly id: string;
  readonly signers: readonly number[];
  readonly epoch: number;
  readonly path: readonly number[];
  /** Encoded public key that the signature verifies under: the key's, or the derived one's. */
  readonly publicKey: Uint8Array;
  readonly secret: PlainRecord;
  readonly public: PlainRecord;
}

export interface Scheme {
  readonly id: SchemeId;
  readonly label: { readonly en: string; readonly zh: string };
  readonly curve: CurveId;
  /** Parties need a `PairSetup` before they presign. */
  readonly pairwise: boolean;
  /** What is signed: a digest of 32 bytes, or the message itself. */
  readonly signs: "digest" | "message";
  /** BIP 32 style derivation of child keys (non-hardened). */
  readonly derives: boolean;
  readonly presign: Protocol<PresignInput, readonly Presignature[]>;
  /** This party's part of the signature. The caller has made durable that the presignature is used up. */
  respond(presignature: Presignature, message: Uint8Array): Uint8Array;
  /**
   * The signature, verified: r || s (64 bytes, low s for ECDSA_K1 and ECDSA_R1), R || s for Schnorr
   * (64 bytes; 65 for SCHNORR_K1 and SCHNORR_R1, whose R is a whole point).
   * @param parts of every signer @throws Abort naming whose part is wrong
   */
  combine(presignature: Presignature, message: Uint8Array, parts: ReadonlyMap<number, Uint8Array>): Uint8Array;
  /** By a verifier that has nothing to do with how it was made. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** What every scheme's key goes through: key generation and changes of its shares (`keys/`). */
export interface KeygenInput {
  readonly scheme: SchemeId;
  readonly threshold: number;
}
export type { KeyPublic, KeyShare };
