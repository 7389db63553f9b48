/** An enclave: its keys and the evidence that they were made inside the program it says it is. */
import { z } from "zod";
import { fromBase64 } from "../base/bytes.ts";
import { verifyAttestation } from "../trust/attestation/verify.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import { refuse } from "./errors.ts";
import { kindsOf, type Rulebook } from "./rulebook.ts";
import { Der } from "./shapes.ts";

export interface EnclaveState {
  /** SubjectPublicKeyInfo (DER, base64) of the key that signs receipts. */
  readonly signingKey: string;
  /** SubjectPublicKeyInfo (DER, base64) of the X25519 key that envelopes are sealed to. */
  readonly encryptionKey: string;
  /** SHA-384 (hex) of the program bundle. */
  readonly measurement: string;
  /** Verifier key (C2SP vkey) of the ledger whose order it obeys. */
  readonly ledger: string;
  /** What keeps models in: `bubblewrap`, `quickjs`. */
  readonly isolation: string;
  /** Attestation provider: `simulated`, later `tdx`, `sev-snp`, `tpm2`. */
  readonly provider: string;
}

const kind = kindsOf<EnclaveState>();

export const attested = kind({
  name: "enclave.attested",
  founds: true,
  by: "enclave",
  payload: z.strictObject({
    signingKey: Der,
    encryptionKey: Der,
    measurement: z.string().regex(/^[0-9a-f]{96}$/),
    ledger: z.string().max(256),
    isolation: z.enum(["bubblewrap", "quickjs"]),
    attestation: z.strictObject({ provider: z.string().max(32), evidence: z.string().max(65_536) }),
  }),
  apply: (_, { payload }) => {
    const { attestation, ...keys } = payload;
    publicKeyFromSpki(fromBase64(keys.encryptionKey), ["X25519"]);
    const verdict = verifyAttestation(attestation, { ...keys, nonce: "" });
    if (!verdict.ok) throw refuse("attestation.refused", { reason: verdict.reason });
    return { ...keys, provider: attestation.provider };
  },
});

export const enclave: Rulebook<EnclaveState> = {
  name: "enclave",
  initial: { signingKey: "", encryptionKey: "", measurement: "", ledger: "", isolation: "", provider: "" },
  kinds: [attested],
};
