import type { AttestationProvider } from "./provider.ts";
import { openSnpGuest } from "./sev-snp.ts";
import { openSimulated } from "./simulated.ts";
import { openTdxGuest } from "./tdx.ts";
import { openSwtpm, openTpm2 } from "./tpm2/provider.ts";

/** Opens a provider with a directory of the enclave's own and what its operator says: addresses, folders. */
export type OpenProvider = (
  directory: string,
  options: Readonly<Record<string, string>>,
) => Promise<AttestationProvider>;

/** Providers by id. */
export const attestationProviders: Record<string, OpenProvider> = {
  simulated: openSimulated,
  tdx: openTdxGuest,
  "sev-snp": openSnpGuest,
  tpm2: (directory, options) => openTpm2(directory, options),
  swtpm: openSwtpm,
};
