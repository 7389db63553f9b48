/**
 * Whether an SEV-SNP report is one: from AMD's root over the chip's key to the guest's measurement, as they stood at a
 * time. What is then expected of the guest is a matter of policy.ts.
 */
import { z } from "zod";
import { equal, fromBase64, fromUtf8 } from "../../../base/bytes.ts";
import { elements, smallInteger } from "../../crypto/der.ts";
import { demandChain, type MakerCertificate, parseMakerCertificate } from "../certificates.ts";
import { demand } from "../checks.ts";
import { demandNotRevoked, parseMakerCrl } from "../revocations.ts";
import { verifyP384 } from "../signature.ts";
import { parseReport, type SnpReport, type Tcb } from "./report.ts";

/** Processors by the SHA-256 of their AMD Root Key's certificate, from https://kdsintf.amd.com/vcek/v1/…/cert_chain. */
export const AMD_ROOTS: ReadonlyMap<string, string> = new Map([
  // ARK-Milan, valid to October 2045.
  ["69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd", "Milan"],
]);

const Base64 = z.string().min(1);

/** A report with everything that is needed to judge it without a network; all in base64 of DER. */
export const SnpEvidence = z.strictObject({
  report: Base64,
  /** Of the chip, for the firmware it runs. */
  vcek: Base64,
  /** AMD's key for this family of processors, and the root that vouches for it. */
  ask: Base64,
  ark: Base64,
  /** The root's list of what is revoked. */
  crl: Base64.optional(),
});
export type SnpEvidence = z.output<typeof SnpEvidence>;

/** What was proven of the guest. */
export interface SnpGuest {
  readonly report: SnpReport;
  /** Family of processors: `Milan`. */
  readonly product: string;
  /** Milliseconds: until when certificates and list hold. */
  readonly until: number;
  /** Whether a list of revoked keys was looked into. */
  readonly crl: boolean;
}

/**
 * @param trust.roots products by fingerprint of the root; AMD's, tests aside
 * @param trust.at milliseconds, when certificates and lists have to hold
 * @throws Doubt, SyntaxError, Refusal
 */
export const openSnp = (
  evidence: SnpEvidence,
  { roots, at }: { roots: ReadonlyMap<string, string>; at: number },
): SnpGuest => {
  const report = parseReport(fromBase64(evidence.report));
  const chain = [evidence.vcek, evidence.ask, evidence.ark].map((der) => parseMakerCertificate(fromBase64(der)));
  const [vcek, ask, ark] = chain as [MakerCertificate, MakerCertificate, MakerCertificate];
  demandChain(chain, new Set(roots.keys()), at);
  const crlUntil = evidence.crl && demandNotRevoked(parseMakerCrl(fromBase64(evidence.crl)), ark, [ask], at);
  const product = roots.get(ark.fingerprint) ?? "";
  demandChip(vcek, product, report);
  demand(verifyP384(vcek.spki, report.signed, report.signature), "the chip did not sign the report");
  const until = Math.min(...chain.map(({ notAfter }) => notAfter), crlUntil || Number.POSITIVE_INFINITY);
  return { report, product, until, crl: !!crlUntil };
};

/** Extensions of a VCEK certificate: AMD 57230, table 8. */
const VCEK = "1.3.6.1.4.1.3704.1";
const SPL: Record<keyof Tcb, string> = {
  bootLoader: `${VCEK}.3.1`,
  tee: `${VCEK}.3.2`,
  snp: `${VCEK}.3.3`,
  microcode: `${VCEK}.3.8`,
};
const PRODUCT = `${VCEK}.2`;
const CHIP = `${VCEK}.4`;

/** That the key is of the very chip and firmware that the report names. */
const demandChip = (
  { extensions, name }: MakerCertificate,
  product: string,
  { chipId, reportedTcb }: SnpReport,
): void => {
  demand(name === "SEV-VCEK", `${name} is not the key of a chip`);
  const [named] = elements(extensions.get(PRODUCT) ?? new Uint8Array());
  const family = named ? fromUtf8(named.content).split("-")[0] : "";
  demand(family === product, `the chip's key is for ${family}, under the root of ${product}`);
  demand(equal(extensions.get(CHIP) ?? new Uint8Array(), chipId), "the report is of another chip than the key");
  for (const [part, oid] of Object.entries(SPL)) {
    const version = smallInteger(elements(extensions.get(oid) ?? new Uint8Array())[0]);
    const reported = reportedTcb[part as keyof Tcb];
    demand(version === reported, `the chip's key is for ${part} ${version}, the report says ${reported}`);
  }
};
