/** A program that somebody trusts, with the attestation that has to vouch for it. */
import { z } from "zod";

export const EnclavePin = z.strictObject({
  /** Attestation provider: `simulated`, which proves nothing about hardware, or another. */
  provider: z.string().min(1).max(32),
  /** SHA-384 (hex) of the program. */
  measurement: z.string().regex(/^[0-9a-f]{96}$/),
});
export type EnclavePin = z.output<typeof EnclavePin>;

/** A measurement alone means nothing: a simulated attestation states any. */
export const isPinned = ({ provider, measurement }: EnclavePin, pins: readonly EnclavePin[]): boolean =>
  pins.some((pin) => pin.provider === provider && pin.measurement === measurement);

export const pinText = ({ provider, measurement }: EnclavePin): string => `${provider}:${measurement}`;
