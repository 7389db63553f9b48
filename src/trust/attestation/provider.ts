/** What every attestation provider's evidence is checked against, and what a provider says of itself. */

/** What an enclave claims and evidence must bind. Keys are SubjectPublicKeyInfo, base64 of DER. */
export interface Claims {
  readonly signingKey: string;
  readonly encryptionKey: string;
  /** SHA-384 (hex) of the program bundle. */
  readonly measurement: string;
  /** Verifier key of the ledger that the enclave follows (C2SP vkey). */
  readonly ledger: string;
  /** What keeps models in: `bubblewrap`, `quickjs`. Bound at the founding, so that it cannot be weakened later. */
  readonly isolation: string;
  /** The asker's fresh nonce; empty where the evidence founds a stream and its digest is its freshness. */
  readonly nonce: string;
}

/** What the evidence says beyond "these keys, this program": for people to see and for members to pin. */
export interface Attested {
  /** What the hardware measured and signed, by name: for example MRTD, or an SEV-SNP launch measurement. Hex or text. */
  readonly platform?: Readonly<Record<string, string>>;
  /** How the maker judges the machine's firmware: for example `UpToDate`. */
  readonly status?: string;
  /** Milliseconds: until when the maker's statements that the evidence carries hold. */
  readonly collateralUntil?: number;
}

export type Verdict = ({ readonly ok: true } & Attested) | { readonly ok: false; readonly reason: string };

/** What evidence is held to. */
export interface Expected {
  /** SHA-512 (hex) that the evidence must carry. */
  readonly reportData: string;
  /** SHA-384 (hex) of the program bundle. */
  readonly measurement: string;
  /** Milliseconds: when it has to hold. For a statement that is the ledger's time, for fresh evidence it is now. */
  readonly at: number;
}

interface Text {
  readonly en: string;
  readonly "zh-CN": string;
}

/** The verifying half of a provider: one folder, one line in the registry. */
export interface AttestationVerifier {
  readonly id: string;
  readonly label: Text;
  /** False where a machine's owner can forge the evidence: shown wherever the evidence is. */
  readonly hardware: boolean;
  /**
   * What it closes against whoever owns the machine: `memory`, which is encrypted; the `program`, which is measured but
   * whose memory is open; or `nothing`. What members sealed is not moved to where less is closed.
   */
  readonly closed: "memory" | "program" | "nothing";
  /** Names in `platform` of what stays while the machine's image and keys do: what members pin. */
  readonly identity: readonly string[];
  /** What a good verdict proves, and what it does not. */
  readonly proves: Text;
  readonly doesNotProve: Text;
  /** Pure, and without network: whatever is needed is in the evidence. */
  verify(evidence: string, expected: Expected): Verdict;
  /**
   * What can be asked of whoever shows this evidence, and the answer that nobody else can give; where evidence alone
   * does not prove that its parts are of one machine. To be called for evidence that was verified.
   */
  challenge?(evidence: string): { readonly challenge: string; readonly answer: string };
}
