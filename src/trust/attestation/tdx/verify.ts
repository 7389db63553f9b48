/**
 * Whether a TDX quote is one: from Intel's root over the processor's key to the machine's measurements, as they stood
 * at a time. What is then expected of the machine is a matter of policy.ts.
 */
import { z } from "zod";
import { sha256 } from "#crypto";
import { equal, fromBase64 } from "../../../base/bytes.ts";
import { demandChain, type MakerCertificate, makerCertificates, parseMakerCertificate } from "../certificates.ts";
import { demand, isZero } from "../checks.ts";
import { demandCurrent, demandNotRevoked, parseMakerCrl } from "../revocations.ts";
import { p256Spki, verifyP256 } from "../signature.ts";
import { type Level, moduleLevel, openQeIdentity, openTcbInfo, processorLevel, qeLevel } from "./collateral.ts";
import { type PckPlatform, platformOf } from "./pck.ts";
import { parseQuote, qeBinding, type TdReport, type TdxQuote } from "./quote.ts";

/** Intel SGX Root CA, valid to the end of 2049: https://certificates.trustedservices.intel.com. SHA-256 of it. */
export const INTEL_ROOTS: ReadonlySet<string> = new Set([
  "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3",
]);

const Base64 = z.string().min(1);

/** A quote with everything that is needed to judge it without a network. Binary parts in base64. */
export const TdxEvidence = z.strictObject({
  quote: Base64,
  collateral: z.strictObject({
    /** Answers of Intel's service, to the letter. */
    tcbInfo: z.string(),
    qeIdentity: z.string(),
    /** Certificate "Intel SGX TCB Signing" (DER), which signed both. */
    signer: Base64,
    /** Revocation lists (DER) of the root and of the CA that issued the PCK certificate. */
    rootCrl: Base64,
    pckCrl: Base64,
  }),
});
export type TdxEvidence = z.output<typeof TdxEvidence>;

/** What was proven of the machine. */
export interface TdxMachine {
  readonly report: TdReport;
  readonly pck: PckPlatform;
  readonly levels: readonly Level[];
  readonly tcbEvaluationDataNumber: number;
  /** Milliseconds: until when every part of the collateral holds. */
  readonly until: number;
}

/**
 * @param trust.roots fingerprints of roots; Intel's, tests aside
 * @param trust.at milliseconds, when certificates, lists and levels have to hold
 * @throws Doubt, SyntaxError, Refusal
 */
export const openTdx = (
  { quote: encoded, collateral }: TdxEvidence,
  { roots, at }: { roots: ReadonlySet<string>; at: number },
): TdxMachine => {
  const quote = parseQuote(fromBase64(encoded));
  const chain = makerCertificates(quote.certificates);
  const [pckCertificate, ca, root, more] = chain;
  demand(!!pckCertificate && !!ca && !!root && !more, "a PCK certificate, its CA and a root are expected");
  const signer = parseMakerCertificate(fromBase64(collateral.signer));
  demandChain(chain, roots, at);
  demandChain([signer, root], roots, at);
  demand(signer.name === TCB_SIGNER && !signer.isCa, `${signer.name} may not sign for ${TCB_SIGNER}`);

  const rootCrl = parseMakerCrl(fromBase64(collateral.rootCrl));
  const pckCrl = parseMakerCrl(fromBase64(collateral.pckCrl));
  const [tcbInfo, identity] = [
    openTcbInfo(collateral.tcbInfo, signer.spki),
    openQeIdentity(collateral.qeIdentity, signer.spki),
  ];
  demandCurrent("the TCB info", tcbInfo.issueDate, tcbInfo.nextUpdate, at);
  demandCurrent("the QE identity", identity.issueDate, identity.nextUpdate, at);
  const until = Math.min(
    demandNotRevoked(rootCrl, root, [ca, signer], at),
    demandNotRevoked(pckCrl, ca, [pckCertificate], at),
    tcbInfo.nextUpdate,
    identity.nextUpdate,
    ...[...chain, signer].map(({ notAfter }) => notAfter),
  );

  demandSigned(quote, pckCertificate);
  const pck = platformOf(pckCertificate);
  const levels = [
    processorLevel(tcbInfo, pck, quote.report),
    moduleLevel(tcbInfo, quote.report),
    qeLevel(identity, quote.qeReport),
  ].filter((level) => level !== undefined);
  return { report: quote.report, pck, levels, tcbEvaluationDataNumber: tcbInfo.tcbEvaluationDataNumber, until };
};

const TCB_SIGNER = "Intel SGX TCB Signing";
/** Bit 1 of an SGX report's attributes. */
const SGX_DEBUG = 0x02;

/** The processor's key signs for the quoting enclave, whose report names the attestation key, which signs the quote. */
const demandSigned = (quote: TdxQuote, pck: MakerCertificate): void => {
  const { qeReport, qeReportBytes, qeReportSignature, signed, signature } = quote;
  demand(
    verifyP256(pck.spki, qeReportBytes, qeReportSignature),
    "the processor did not sign the quoting enclave's report",
  );
  demand(((qeReport.attributes[0] ?? 0) & SGX_DEBUG) === 0, "the quoting enclave is open to debuggers");
  const bound =
    equal(qeReport.reportData.subarray(0, 32), sha256(qeBinding(quote))) && isZero(qeReport.reportData.subarray(32));
  demand(bound, "the quoting enclave does not vouch for the attestation key");
  demand(verifyP256(p256Spki(quote.attestationKey), signed, signature), "the signature on the quote is wrong");
};
