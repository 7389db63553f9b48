/** An enclave: its keys and the evidence that they were made inside the program it says it is. */
import { z } from "zod";
import { fromBase64 } from "../base/bytes.ts";
import { type Components, measurementOf } from "../trust/attestation/measurement.ts";
import type { Attested } from "../trust/attestation/provider.ts";
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
  /** SHA-384 (hex) over `components`. */
  readonly measurement: string;
  readonly components: Components;
  /** Verifier key (C2SP vkey) of the ledger whose order it obeys. */
  readonly ledger: string;
  /** What keeps models in: `bubblewrap`, `quickjs`. */
  readonly isolation: string;
  /** Attestation provider: `simulated`, `tdx`, `sev-snp`, `tpm2`. */
  readonly provider: string;
  /** What the evidence said of the machine when the enclave was founded; not there where the provider says nothing. */
  readonly attested?: Attested;
}

const Sha384 = z.string().regex(/^[0-9a-f]{96}$/);

const kind = kindsOf<EnclaveState>();

/** Characters. A TDX quote with its collateral takes some 20,000, most of it certificates and revocation lists. */
const MAX_EVIDENCE = 131_072;

export const attested = kind({
  name: "enclave.attested",
  founds: true,
  by: "enclave",
  payload: z.strictObject({
    signingKey: Der,
    encryptionKey: Der,
    measurement: Sha384,
    components: z.record(z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/), Sha384),
    ledger: z.string().max(256),
    isolation: z.enum(["bubblewrap", "quickjs"]),
    attestation: z.strictObject({ provider: z.string().max(32), evidence: z.string().max(MAX_EVIDENCE) }),
  }),
  apply: (_, { payload, time }) => {
    const { attestation, components, ...keys } = payload;
    if (measurementOf(components) !== keys.measurement)
      throw refuse("attestation.refused", { reason: "the measurement is not that of its components" });
    publicKeyFromSpki(fromBase64(keys.encryptionKey), ["X25519"]);
    const verdict = verifyAttestation(attestation, { ...keys, nonce: "" }, time);
    if (!verdict.ok) throw refuse("attestation.refused", { reason: verdict.reason });
    const { ok, ...attested } = verdict;
    return {
      ...keys,
      components,
      provider: attestation.provider,
      ...(Object.keys(attested).length > 0 && { attested }),
    };
  },
});

export const enclave: Rulebook<EnclaveState> = {
  name: "enclave",
  initial: {
    signingKey: "",
    encryptionKey: "",
    measurement: "",
    components: {},
    ledger: "",
    isolation: "",
    provider: "",
  },
  kinds: [attested],
};
