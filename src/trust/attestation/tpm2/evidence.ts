/**
 * What a TPM's evidence is made of, and whether it holds: a quote over the register that the program was measured
 * into and over those of the boot, signed by a key that signs nothing else.
 */
import { z } from "zod";
import { sha256, sha256Hex, verify } from "#crypto";
import { type Bytes, concat, equal, fromBase64, fromHex, toHex, u32 } from "../../../base/bytes.ts";
import { canonical, parseCanonical } from "../../../base/canonical.ts";
import { demand } from "../checks.ts";
import type { Expected } from "../provider.ts";
import {
  ALG,
  BANKS,
  type Bank,
  extendedOnce,
  HANDLE,
  nameOf,
  type PcrValues,
  parseQuote,
  parseSignature,
  pcrDigest,
  pcrSelection,
  u16,
} from "./structures.ts";
import { attestationKey, endorsementKey } from "./templates.ts";

const Base64 = z.string().max(8_192);

const Evidence = z.strictObject({
  use: z.literal("entente/tpm2/1"),
  /** TPMT_PUBLIC of the attestation key. */
  attestationKey: Base64,
  /** TPMT_PUBLIC of the endorsement key. */
  endorsementKey: Base64,
  /** DER: the endorsement certificate, its issuer, and so on to the root. Empty where the TPM has none. */
  certificates: z.array(Base64).max(8),
  bank: z.enum(Object.keys(BANKS) as [Bank, ...Bank[]]),
  /** The register of the program. Those from 16 on can be reset; those before 8 belong to the firmware. */
  program: z.number().int().min(8).max(15),
  /** What the registers of the boot hold, hexadecimal, by number. */
  boot: z.record(z.string().regex(/^([0-9]|1[0-5])$/), z.string().regex(/^([0-9a-f]{2})+$/)),
  /** TPMS_ATTEST. */
  quote: Base64,
  /** TPMT_SIGNATURE. */
  signature: Base64,
});
export type TpmEvidence = z.output<typeof Evidence>;

/** @throws Refusal json.not-canonical, Doubt */
export const parseEvidence = (text: string): TpmEvidence => {
  const parsed = Evidence.safeParse(parseCanonical(text));
  demand(parsed.success, "the evidence is not that of a TPM");
  return parsed.data;
};

export const evidenceText = (evidence: Omit<TpmEvidence, "use">): string =>
  canonical({ use: "entente/tpm2/1", ...evidence });

/** What a quote carries of 64 bytes of report data: a TPM may take no more than a digest. */
export const qualifyingData = (reportData: string): Bytes => sha256(fromHex(reportData));

/** What is hashed into the program's register, once (TPM2_PCR_Event). @param measurement SHA-384, hexadecimal */
export const programEvent = (measurement: string): Bytes => fromHex(measurement);

/** All registers that are quoted, once the program was measured. */
export const expectedRegisters = (
  { bank, program, boot }: Pick<TpmEvidence, "bank" | "program" | "boot">,
  measurement: string,
): PcrValues => {
  const values = new Map<number, Uint8Array>();
  for (const [pcr, value] of Object.entries(boot)) values.set(Number(pcr), fromHex(value));
  return values.set(program, extendedOnce(bank, programEvent(measurement)));
};

/**
 * Qualified name of a primary key in the endorsement hierarchy, Part 1 section 26.5: only such a key sees the TPM's
 * reset counts as they are.
 */
export const qualifiedName = (publicArea: Uint8Array): Bytes =>
  concat(u16(ALG.sha256), sha256(concat(u32(HANDLE.endorsement), nameOf(publicArea))));

/**
 * That the attestation key signed these registers, this report data and nothing else.
 * @returns what the quote says of the machine, by name
 * @throws Doubt, SyntaxError
 */
export const judgeQuote = (evidence: TpmEvidence, { reportData, measurement }: Expected): Record<string, string> => {
  const publicArea = fromBase64(evidence.attestationKey);
  const endorsement = fromBase64(evidence.endorsementKey);
  const key = attestationKey(publicArea);
  endorsementKey(endorsement);
  const signed = fromBase64(evidence.quote);
  const signature = parseSignature(fromBase64(evidence.signature));
  demand(verify(key, signed, signature), "the attestation key did not sign this quote");

  const quote = parseQuote(signed);
  demand(equal(quote.signer, qualifiedName(publicArea)), "the quote names another key than the one that signed it");
  demand(
    equal(quote.extraData, qualifyingData(reportData)),
    "the quote is not for these keys, this program and this nonce",
  );
  const { bank, boot, program } = evidence;
  demand(!Object.hasOwn(boot, String(program)), "the program's register is said to be one of the boot");
  const registers = expectedRegisters(evidence, measurement);
  const lengths = [...registers.values()].every(({ length }) => length === BANKS[bank].length);
  demand(lengths, "a register is longer or shorter than its bank");
  demand(
    equal(quote.selection, pcrSelection(bank, [...registers.keys()])),
    "the quote is over other registers than it should be",
  );
  demand(
    equal(quote.pcrDigest, pcrDigest(registers)),
    `the registers do not hold what they should: the machine did not measure the program ${measurement} into register ${program}, once`,
  );
  return {
    endorsementKey: sha256Hex(endorsement),
    attestationKey: toHex(nameOf(publicArea)),
    boot: sha256Hex(canonical({ bank, boot })),
    firmware: toHex(quote.firmware),
    resets: String(quote.resetCount),
  };
};
