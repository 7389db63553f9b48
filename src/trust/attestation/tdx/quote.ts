/**
 * A TDX quote taken apart, nothing of it believed yet. Intel TDX DCAP Quoting Library API, appendix A.3 (version 4)
 * and A.4 (version 5). Every byte is either read, held to a fixed value, or covered by a signature.
 */
import { type Bytes, concat, fromUtf8, toHex } from "../../../base/bytes.ts";
import { demand, isZero, type Reader, readerOf } from "../checks.ts";

/** What the TDX module says of the machine (TD): the body of the quote. */
export interface TdReport {
  /** Versions of the TDX module: its minor and major version first. */
  readonly teeTcbSvn: Bytes;
  readonly mrSeam: Bytes;
  readonly mrSignerSeam: Bytes;
  readonly seamAttributes: Bytes;
  readonly tdAttributes: Bytes;
  readonly xfam: Bytes;
  /** SHA-384 over what the machine was started with, above all its firmware. */
  readonly mrTd: Bytes;
  readonly mrConfigId: Bytes;
  readonly mrOwner: Bytes;
  readonly mrOwnerConfig: Bytes;
  /** SHA-384 registers that software in the machine extends. */
  readonly rtmr: readonly [Bytes, Bytes, Bytes, Bytes];
  readonly reportData: Bytes;
  /** Of the service TD that may migrate this one; zero where there is none. TDX 1.5 only. */
  readonly mrServiceTd?: Bytes;
}

/** What the quoting enclave's hardware says of it: an SGX report. */
export interface QeReport {
  readonly miscSelect: Bytes;
  readonly attributes: Bytes;
  readonly mrSigner: Bytes;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly reportData: Bytes;
}

export interface TdxQuote {
  readonly report: TdReport;
  /** Header and body: what the attestation key signs. */
  readonly signed: Bytes;
  readonly signature: Bytes;
  /** x || y of the attestation key, P-256. */
  readonly attestationKey: Bytes;
  readonly qeReport: QeReport;
  /** The same as bytes: what the PCK signs. */
  readonly qeReportBytes: Bytes;
  readonly qeReportSignature: Bytes;
  readonly qeAuthData: Bytes;
  /** PCK certificate, its CA and the root, PEM. */
  readonly certificates: string;
}

const TDX = 0x81;
const ECDSA_P256 = 2;
const INTEL_QE = "939a7233f79c4ca9940a0db3957f0607";
const HEADER = 48;
const QE_REPORT = 384;
/** Kinds of certification data, appendix A.3.11. */
const PCK_CHAIN = 5;
const QE_REPORT_DATA = 6;

/** @throws Doubt */
export const parseQuote = (bytes: Uint8Array): TdxQuote => {
  const quote = readerOf(bytes, "the quote");
  const version = quote.u16();
  demand(version === 4 || version === 5, `a quote of version ${version}, where 4 or 5 is expected`);
  demand(quote.u16() === ECDSA_P256, "the attestation key is not of P-256");
  demand(quote.u32() === TDX, "it is not a quote of TDX");
  quote.u32();
  demand(toHex(quote.bytes(16)) === INTEL_QE, "the quoting enclave is not Intel's");
  quote.bytes(20);
  const { report, length } = version === 4 ? { report: td10(quote), length: 584 } : sizedBody(quote);
  const signed = bytes.slice(0, HEADER + (version === 5 ? 6 : 0) + length) as Bytes;
  const signatures = readerOf(quote.bytes(quote.u32()), "the quote's signature");
  demand(isZero(quote.rest()), "something stands behind the quote");
  return { report, signed, ...readSignatures(signatures) };
};

/** Bodies of version 5 say what they are: 2 for TDX 1.0, 3 for TDX 1.5. */
const sizedBody = (quote: Reader) => {
  const [kind, length] = [quote.u16(), quote.u32()];
  demand((kind === 2 && length === 584) || (kind === 3 && length === 648), `a body of kind ${kind} is not TDX's`);
  return { report: kind === 2 ? td10(quote) : td15(quote), length };
};

const td10 = (body: Reader): TdReport => ({
  teeTcbSvn: body.bytes(16),
  mrSeam: body.bytes(48),
  mrSignerSeam: body.bytes(48),
  seamAttributes: body.bytes(8),
  tdAttributes: body.bytes(8),
  xfam: body.bytes(8),
  mrTd: body.bytes(48),
  mrConfigId: body.bytes(48),
  mrOwner: body.bytes(48),
  mrOwnerConfig: body.bytes(48),
  rtmr: [body.bytes(48), body.bytes(48), body.bytes(48), body.bytes(48)],
  reportData: body.bytes(64),
});

const td15 = (body: Reader): TdReport => {
  const report = td10(body);
  // The versions of a second TDX module, in place only while the first is being updated.
  body.bytes(16);
  return { ...report, mrServiceTd: body.bytes(48) };
};

const readSignatures = (data: Reader): Omit<TdxQuote, "report" | "signed"> => {
  const [signature, attestationKey] = [data.bytes(64), data.bytes(64)];
  demand(data.u16() === QE_REPORT_DATA, "the quote carries no report of its quoting enclave");
  const certification = readerOf(data.bytes(data.u32()), "the certification data");
  demand(data.rest().length === 0, "something stands behind the certification data");
  const [qeReportBytes, qeReportSignature] = [certification.bytes(QE_REPORT), certification.bytes(64)];
  const qeAuthData = certification.bytes(certification.u16());
  demand(certification.u16() === PCK_CHAIN, "the quote does not carry the chain of its PCK certificate");
  const certificates = fromUtf8(certification.bytes(certification.u32()));
  demand(certification.rest().length === 0, "something stands behind the certificates");
  const qeReport = parseQeReport(qeReportBytes);
  return { signature, attestationKey, qeReport, qeReportBytes, qeReportSignature, qeAuthData, certificates };
};

/** Intel SDM volume 3D, section 39.15. */
const parseQeReport = (report: Uint8Array): QeReport => ({
  miscSelect: report.slice(16, 20) as Bytes,
  attributes: report.slice(48, 64) as Bytes,
  mrSigner: report.slice(128, 160) as Bytes,
  isvProdId: readerOf(report.subarray(256), "the report").u16(),
  isvSvn: readerOf(report.subarray(258), "the report").u16(),
  reportData: report.slice(320, 384) as Bytes,
});

/** What the attestation key is bound by: its digest stands in the quoting enclave's report. */
export const qeBinding = ({ attestationKey, qeAuthData }: TdxQuote): Bytes => concat(attestationKey, qeAuthData);
