import type { AttestationProvider } from "./provider.ts";
import { openSimulated } from "./simulated.ts";

/** Providers by id; each opens with a directory of its own. */
export const attestationProviders: Record<string, (directory: string) => Promise<AttestationProvider>> = {
  simulated: openSimulated,
};
