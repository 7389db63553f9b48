/** What a command to a TPM consists of: TCG TPM 2.0 Library Part 1 section 18. */
import { type Bytes, u32 } from "../../../base/bytes.ts";
import type { Reader } from "../../../trust/attestation/tpm2/structures.ts";

/** Something a command speaks of: its handle, and its name where it has one other than the handle. */
export interface Named {
  readonly handle: number;
  readonly name: Uint8Array;
  /** Authorisation value, at most 32 bytes; none, unless said otherwise. */
  readonly secret?: Uint8Array;
}
/** Hierarchies, registers and sessions are named by their handles (Part 1 section 16). */
export const byHandle = (handle: number): Named => ({ handle, name: u32(handle) });

export interface Session extends Named {
  /** TPMS_AUTH_COMMAND for the command, and its parameters as they are sent. */
  authorise(command: Command): { area: Bytes; parameters: Uint8Array };
  /** The answer's parameters in the clear. @throws SyntaxError when the TPM did not authenticate them */
  accept(command: Command, parameters: Bytes, area: ResponseArea): Bytes;
}

/** TPMS_AUTH_RESPONSE. */
export interface ResponseArea {
  readonly nonce: Uint8Array;
  readonly attributes: number;
  readonly hmac: Uint8Array;
}

/** How a command is authorised: with an empty password, or with a session. */
export type Authorisation = "empty" | Session;

export interface Command {
  /** For refusals. */
  readonly name: string;
  /** TPM_CC, Part 2 section 6.5.2. */
  readonly code: number;
  readonly handles?: readonly Named[];
  /** For the first handles, in their order. */
  readonly authorisations?: readonly Authorisation[];
  readonly parameters?: Uint8Array;
  /** The answer begins with a handle. */
  readonly gives?: "handle";
}

/** Takes what it wants from the parameters of an answer. @param handle 0 where the command gives none */
export type Read<T> = (parameters: Reader, handle: number) => T;
