/** A program that somebody trusts, with the attestation that has to vouch for it. */
import { z } from "zod";

export const EnclavePin = z.strictObject({
  /** Attestation provider: `simulated`, which proves nothing about hardware, or another. */
  provider: z.string().min(1).max(32),
  /** SHA-384 (hex) of the program. */
  measurement: z.string().regex(/^[0-9a-f]{96}$/),
  /**
   * What the evidence has to say of the machine, by name: `mrtd`, `rtmr0`, … of TDX, `measurement` of SEV-SNP. The image
   * that starts the program could lie about it; who knows the image pins it too.
   */
  platform: z.record(z.string().max(64), z.string().max(256)).optional(),
});
export type EnclavePin = z.output<typeof EnclavePin>;

/** What an enclave was found to be. */
export interface FoundEnclave {
  readonly provider: string;
  readonly measurement: string;
  readonly platform?: Readonly<Record<string, string>> | undefined;
}

/** A measurement alone means nothing: a simulated attestation states any. */
export const isPinned = ({ provider, measurement, platform }: FoundEnclave, pins: readonly EnclavePin[]): boolean =>
  pins.some(
    (pin) =>
      pin.provider === provider &&
      pin.measurement === measurement &&
      Object.entries(pin.platform ?? {}).every(([name, value]) => platform?.[name] === value),
  );

export const pinText = ({ provider, measurement }: FoundEnclave): string => `${provider}:${measurement}`;
