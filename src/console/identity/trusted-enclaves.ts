/** Which enclaves this browser trusts: the program that it saw the first time, until the person says otherwise. */
import type { EnclavePin } from "../../evidence/enclave-pin.ts";
import type { Client } from "../../sdk/client.ts";
import { refuse } from "../../sdk/workflows/errors.ts";
import type { ExpectedEnclave, VerifiedEnclave } from "../../sdk/workflows/verify-enclave.ts";
import { read, write } from "../storage.ts";

const NAME = "enclave-pins";

export const pinsOf = (): readonly EnclavePin[] => read<readonly EnclavePin[]>(NAME, []);

const textOf = ({ provider, measurement }: EnclavePin): string => `${provider}:${measurement}`;

/** Trust on first use: any program where none is known, then only those. */
export const expectedEnclaves = (): ExpectedEnclave => {
  const pins = pinsOf();
  return { enclaves: pins.length > 0 ? pins : "any" };
};

export const pin = ({ provider, measurement }: EnclavePin): void =>
  write(NAME, [...pinsOf().filter((known) => known.measurement !== measurement), { provider, measurement }]);
export const unpin = (measurement: string): void =>
  write(
    NAME,
    pinsOf().filter((known) => known.measurement !== measurement),
  );

/** @throws Refusal enclave.untrusted, attestation.* and what the server refuses */
export const verifyTrusted = async (client: Client, enclave: string): Promise<VerifiedEnclave> => {
  const { verifyEnclave } = await import("../../sdk/workflows/verify-enclave.ts");
  return seen(await verifyEnclave(client, enclave, expectedEnclaves()));
};

/**
 * The first that is verified is the one that is known from then on, also to those that were looked at while none was.
 * @throws Refusal enclave.untrusted
 */
export const seen = (verified: VerifiedEnclave): VerifiedEnclave => {
  const pins = pinsOf();
  const isKnown = pins.some((one) => one.provider === verified.provider && one.measurement === verified.measurement);
  if (pins.length === 0) pin(verified);
  else if (!isKnown)
    throw refuse("enclave.untrusted", { found: textOf(verified), expected: pins.map(textOf).join(", ") });
  return verified;
};
