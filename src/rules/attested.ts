/** What evidence says of a machine whose keys a founding statement names: an enclave, a key node. */
import { z } from "zod";
import { fromBase64 } from "../base/bytes.ts";
import { type Components, measurementOf } from "../trust/attestation/measurement.ts";
import type { Attested, Claims } from "../trust/attestation/provider.ts";
import { verifyAttestation } from "../trust/attestation/verify.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import { refuse } from "./errors.ts";
import { Der } from "./shapes.ts";

/** A machine with keys of its own, as its evidence has it. */
export interface Machine {
  /** SubjectPublicKeyInfo (DER, base64) of the P-256 key that signs its statements. */
  readonly signingKey: string;
  /** SubjectPublicKeyInfo (DER, base64) of the X25519 key that envelopes are sealed to. */
  readonly encryptionKey: string;
  /** SHA-384 (hex) over `components`. */
  readonly measurement: string;
  readonly components: Components;
  /** Verifier key (C2SP vkey) of the ledger whose order it obeys. */
  readonly ledger: string;
  /** Attestation provider: `simulated`, `tdx`, `sev-snp`, `tpm2`. */
  readonly provider: string;
  /** What the evidence said of the machine when it was founded; not there where the provider says nothing. */
  readonly attested?: Attested;
}

const Sha384 = z.string().regex(/^[0-9a-f]{96}$/);

/** Characters. A TDX quote with its collateral takes some 20,000, most of it certificates and revocation lists. */
const MAX_EVIDENCE = 131_072;

/** Members of a founding payload. */
export const machine = {
  signingKey: Der,
  encryptionKey: Der,
  measurement: Sha384,
  components: z.record(z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/), Sha384),
  ledger: z.string().max(256),
  attestation: z.strictObject({ provider: z.string().max(32), evidence: z.string().max(MAX_EVIDENCE) }),
};
type Payload = z.output<z.ZodObject<typeof machine>>;

/**
 * @param isolation what the evidence binds beside keys, program and ledger
 * @param time the ledger's, milliseconds
 * @throws Refusal attestation.refused, key.*
 */
export const machineOf = (payload: Payload, isolation: Claims["isolation"], time: number): Machine => {
  const { attestation, components, signingKey, encryptionKey, measurement, ledger } = payload;
  if (measurementOf(components) !== measurement)
    throw refuse("attestation.refused", { reason: "the measurement is not that of its components" });
  publicKeyFromSpki(fromBase64(encryptionKey), ["X25519"]);
  const claims = { signingKey, encryptionKey, measurement, ledger };
  const verdict = verifyAttestation(attestation, { ...claims, isolation, nonce: "" }, time);
  if (!verdict.ok) throw refuse("attestation.refused", { reason: verdict.reason });
  const { ok, ...attested } = verdict;
  return {
    ...claims,
    components,
    provider: attestation.provider,
    ...(Object.keys(attested).length > 0 && { attested }),
  };
};
