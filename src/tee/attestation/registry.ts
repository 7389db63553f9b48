import { refuse } from "../errors.ts";
import type { AttestationProvider } from "./provider.ts";
import { openSnpGuest } from "./sev-snp.ts";
import { openSimulated } from "./simulated.ts";
import { openTdxGuest } from "./tdx.ts";
import { openSwtpm, openTpm2 } from "./tpm2/provider.ts";

/** Opens a provider with a directory of the program's own and what its operator says: addresses, folders. */
type OpenProvider = (directory: string, options: Readonly<Record<string, string>>) => Promise<AttestationProvider>;

/** Providers by id. */
const attestationProviders: Record<string, OpenProvider> = {
  simulated: openSimulated,
  tdx: openTdxGuest,
  "sev-snp": openSnpGuest,
  tpm2: (directory, options) => openTpm2(directory, options),
  swtpm: openSwtpm,
};

/** What a program is configured with: the provider's id and what it needs to know, by name. */
export interface AttestationSettings {
  readonly provider: string;
  readonly options: Readonly<Record<string, string>>;
}

/** @throws Refusal enclave.provider, and whatever keeps the machine from vouching */
export const openProvider = (directory: string, settings: AttestationSettings): Promise<AttestationProvider> => {
  const { provider, options } = settings;
  const open = Object.hasOwn(attestationProviders, provider) ? attestationProviders[provider] : undefined;
  if (!open) throw refuse("enclave.provider", { provider });
  return open(directory, options);
};
