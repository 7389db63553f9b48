/** The attesting half of a provider: one folder or file, one line in the registry. */
import { sha256Hex } from "#crypto";
import { concat, fromHex } from "../../base/bytes.ts";

export interface AttestationProvider {
  readonly id: string;
  /** Evidence that carries `reportData` (64 bytes, hex) and speaks of the program with `measurement` (SHA-384, hex). */
  evidence(reportData: string, measurement: string): Promise<string>;
  /** Answers what a verifier of this provider asks (AttestationVerifier.challenge). */
  answer?(challenge: string): Promise<string>;
  /** 32 bytes that only the program with this measurement on this machine can have. */
  sealingKey(measurement: string): Promise<Uint8Array>;
  /**
   * Append-only: what was put in stays in. It guards sealed state against an older copy of itself, and against copies
   * that run beside it.
   */
  readonly register: {
    /** 32 bytes, hex: zeros before anything was put in. */
    read(): Promise<string>;
    /** Makes it SHA-256 of its value and the digest (32 bytes, hex). Durable when it resolves. @returns the new value */
    extend(digest: string): Promise<string>;
  };
}

export const EMPTY_REGISTER = "0".repeat(64);
/** What `extend` makes of a value. */
export const extended = (value: string, digest: string): string => sha256Hex(concat(fromHex(value), fromHex(digest)));
