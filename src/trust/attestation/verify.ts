import type { AttestationVerifier, Claims, Verdict } from "./provider.ts";
import { reportData } from "./report-data.ts";
import { sevSnp } from "./sev-snp/index.ts";
import { simulated } from "./simulated.ts";
import { tdx } from "./tdx/index.ts";
import { swtpm, tpm2 } from "./tpm2/verifier.ts";

/** Verifiers by provider id. */
export const attestationVerifiers: Record<string, AttestationVerifier> = {
  [simulated.id]: simulated,
  [tdx.id]: tdx,
  [sevSnp.id]: sevSnp,
  [tpm2.id]: tpm2,
  [swtpm.id]: swtpm,
};

/**
 * Checks evidence of any registered provider against what the enclave claims. Unknown providers are refused.
 * @param at milliseconds, when it has to hold
 */
export const verifyAttestation = (
  attestation: { readonly provider: string; readonly evidence: string },
  claims: Claims,
  at: number,
): Verdict => {
  const verifier = Object.hasOwn(attestationVerifiers, attestation.provider)
    ? attestationVerifiers[attestation.provider]
    : undefined;
  if (!verifier) return { ok: false, reason: `no verifier for attestation provider ${attestation.provider}` };
  const { signingKey, encryptionKey, measurement, ledger, isolation, nonce } = claims;
  return verifier.verify(attestation.evidence, {
    reportData: reportData({ signingKey, encryptionKey, measurement, ledger, isolation, nonce }),
    measurement,
    at,
  });
};
