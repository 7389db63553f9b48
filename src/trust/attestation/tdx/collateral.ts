/**
 * What Intel says of processors and quoting enclaves: TCB info (version 3) and QE identity (version 2), as the
 * Provisioning Certification Service hands them out, and which level a machine has. Intel SGX and TDX PCS API v4.
 */
import { z } from "zod";
import { type Bytes, fromHex, toHex, utf8 } from "../../../base/bytes.ts";
import { demand, equalUnder, parseJson } from "../checks.ts";
import { verifyP256 } from "../signature.ts";
import type { PckPlatform } from "./pck.ts";
import type { QeReport, TdReport } from "./quote.ts";

/** From good to bad. */
export const TCB_STATUSES = [
  "UpToDate",
  "SWHardeningNeeded",
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
  "OutOfDate",
  "OutOfDateConfigurationNeeded",
  "Revoked",
] as const;
export type TcbStatus = (typeof TCB_STATUSES)[number];

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9A-Fa-f]{${2 * bytes}}$`))
    .transform((text) => fromHex(text.toLowerCase()));
const Svn = z.int().min(0);
const Time = z.iso.datetime().transform((text) => Date.parse(text));
const level = <S extends z.ZodType>(tcb: S) =>
  z.object({ tcb, tcbStatus: z.enum(TCB_STATUSES), advisoryIDs: z.array(z.string().max(64)).default([]) });
const EnclaveLevel = level(z.object({ isvsvn: Svn }));
const Components = z.array(z.object({ svn: Svn })).length(16);
const seamModule = { mrsigner: hexOf(48), attributes: hexOf(8), attributesMask: hexOf(8) };

const TcbInfo = z.object({
  id: z.literal("TDX"),
  version: z.literal(3),
  issueDate: Time,
  nextUpdate: Time,
  fmspc: hexOf(6),
  pceId: hexOf(2),
  tcbEvaluationDataNumber: Svn,
  tdxModule: z.object(seamModule),
  tdxModuleIdentities: z
    .array(z.object({ id: z.string(), ...seamModule, tcbLevels: z.array(EnclaveLevel) }))
    .default([]),
  tcbLevels: z.array(level(z.object({ sgxtcbcomponents: Components, tdxtcbcomponents: Components, pcesvn: Svn }))),
});
export type TcbInfo = z.output<typeof TcbInfo>;

const QeIdentity = z.object({
  id: z.literal("TD_QE"),
  version: z.literal(2),
  issueDate: Time,
  nextUpdate: Time,
  miscselect: hexOf(4),
  miscselectMask: hexOf(4),
  attributes: hexOf(16),
  attributesMask: hexOf(16),
  mrsigner: hexOf(32),
  isvprodid: z.int(),
  tcbLevels: z.array(EnclaveLevel),
});
export type QeIdentity = z.output<typeof QeIdentity>;

/** One part of the machine, and how Intel judges its version. */
export interface Level {
  readonly part: "processor" | "TDX module" | "quoting enclave";
  readonly status: TcbStatus;
  readonly advisories: readonly string[];
}

/** @param answer the whole answer of the service, whose signature is over the very text within. @throws Doubt */
export const openTcbInfo = (answer: string, signer: Bytes): TcbInfo =>
  parseJson(TcbInfo, openAnswer(answer, "tcbInfo", signer), "the TCB info");

/** @throws Doubt */
export const openQeIdentity = (answer: string, signer: Bytes): QeIdentity =>
  parseJson(QeIdentity, openAnswer(answer, "enclaveIdentity", signer), "the QE identity");

const openAnswer = (answer: string, name: string, signer: Bytes): string => {
  const start = `{"${name}":`;
  const end = answer.match(/,"signature":"([0-9a-f]{128})"\}\s*$/);
  demand(answer.startsWith(start) && end !== null, `${name} is not as Intel hands it out`);
  const text = answer.slice(start.length, end.index);
  demand(verifyP256(signer, utf8(text), fromHex(end[1] ?? "")), `the signature on ${name} is wrong`);
  return text;
};

/** The first level, from the newest on, of which the machine reaches every version. @throws Doubt */
export const processorLevel = (info: TcbInfo, pck: PckPlatform, { teeTcbSvn }: TdReport): Level => {
  demand(toHex(info.fmspc) === pck.fmspc, `the TCB info is for processors ${toHex(info.fmspc)}, not ${pck.fmspc}`);
  demand(toHex(info.pceId) === pck.pceId, "the TCB info is for another PCE");
  // With a module of major version 1 or later, the first two numbers are judged by the module's identity instead.
  const from = (teeTcbSvn[1] ?? 0) > 0 ? 2 : 0;
  const found = info.tcbLevels.find(
    ({ tcb }) =>
      tcb.sgxtcbcomponents.every(({ svn }, i) => (pck.components[i] ?? -1) >= svn) &&
      pck.pceSvn >= tcb.pcesvn &&
      tcb.tdxtcbcomponents.every(({ svn }, i) => i < from || (teeTcbSvn[i] ?? -1) >= svn),
  );
  demand(found !== undefined, "the processor's versions are below every level that Intel knows");
  return { part: "processor", status: found.tcbStatus, advisories: found.advisoryIDs };
};

/** That Intel signed the TDX module, and its level; none of its own before major version 1. @throws Doubt */
export const moduleLevel = (info: TcbInfo, report: TdReport): Level | undefined => {
  const [minor = 0, major = 0] = report.teeTcbSvn;
  const id = `TDX_${toHex(Uint8Array.of(major))}`;
  const identity = info.tdxModuleIdentities.find((one) => one.id.toLowerCase() === id.toLowerCase());
  demand(major === 0 || identity !== undefined, `Intel knows no TDX module ${id}`);
  const { mrsigner, attributes, attributesMask } = identity ?? info.tdxModule;
  demand(toHex(report.mrSignerSeam) === toHex(mrsigner), "the TDX module is not signed by Intel");
  demand(equalUnder(attributesMask, report.seamAttributes, attributes), "the TDX module has other attributes");
  if (major === 0 || !identity) return undefined;
  return { part: "TDX module", ...enclaveLevel(identity.tcbLevels, minor, `the TDX module ${id}`) };
};

/** That the quoting enclave is Intel's, in earnest use, and its level. @throws Doubt */
export const qeLevel = (identity: QeIdentity, report: QeReport): Level => {
  demand(toHex(report.mrSigner) === toHex(identity.mrsigner), "the quoting enclave is not signed by Intel");
  demand(report.isvProdId === identity.isvprodid, "the quoting enclave is another product");
  demand(
    equalUnder(identity.miscselectMask, report.miscSelect, identity.miscselect),
    "the quoting enclave has another MISCSELECT",
  );
  demand(
    equalUnder(identity.attributesMask, report.attributes, identity.attributes),
    "the quoting enclave has other attributes",
  );
  return { part: "quoting enclave", ...enclaveLevel(identity.tcbLevels, report.isvSvn, "the quoting enclave") };
};

const enclaveLevel = (levels: readonly z.output<typeof EnclaveLevel>[], svn: number, what: string) => {
  const found = levels.find(({ tcb }) => svn >= tcb.isvsvn);
  demand(found !== undefined, `${what} is of version ${svn}, below every level that Intel knows`);
  return { status: found.tcbStatus, advisories: found.advisoryIDs };
};
