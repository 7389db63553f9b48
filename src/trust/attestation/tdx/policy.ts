/** What is expected of a TDX machine beyond being one. */
import { toHex } from "../../../base/bytes.ts";
import { iso } from "../../../base/clock.ts";
import { demand, isZero } from "../checks.ts";
import type { Attested } from "../provider.ts";
import { TCB_STATUSES, type TcbStatus } from "./collateral.ts";
import type { TdReport } from "./quote.ts";
import type { TdxMachine } from "./verify.ts";

/**
 * Statuses that are taken. `SWHardeningNeeded` and `ConfigurationNeeded` may be harmless, but whether they are depends
 * on the image and the machine's set-up, which no quote shows: they are refused, with the advisories to look up.
 */
export const ACCEPTED: ReadonlySet<TcbStatus> = new Set(["UpToDate"]);

/** What to do about the others. */
const REMEDIES: Record<TcbStatus, string> = {
  UpToDate: "",
  SWHardeningNeeded: "The image needs the software mitigations of these advisories",
  ConfigurationNeeded: "The machine's BIOS settings leave it open; its operator has to change them",
  ConfigurationAndSWHardeningNeeded: "BIOS settings and the image's mitigations both have to change",
  OutOfDate: "The machine's operator has to update BIOS, microcode and TDX module",
  OutOfDateConfigurationNeeded: "The machine's operator has to update its firmware and change BIOS settings",
  Revoked: "Its keys are not to be trusted any more",
};

/** @throws Doubt naming part, status and advisories */
export const demandAccepted = ({ levels }: TdxMachine, accepted: ReadonlySet<TcbStatus> = ACCEPTED): void => {
  for (const { part, status, advisories } of levels) {
    const named = advisories.length > 0 ? ` (${advisories.join(", ")})` : "";
    demand(accepted.has(status), `the ${part} is ${status}${named}. ${REMEDIES[status]}`);
  }
};

/** Bits of TD attributes: Intel TDX Module ABI, section 3.4.1. The lowest byte is for debuggers and the like. */
const SEPT_VE_DISABLE = 28;
const MIGRATABLE = 29;
/** PKS, key locker and performance counters may be on or off; every other bit has to be zero. */
const FREE = [30, 31, 63];

/** That nobody outside looks into the machine: no debugger, no migration, no faults injected. @throws Doubt */
export const demandClosed = ({ tdAttributes, mrServiceTd }: TdReport): void => {
  const has = (bit: number): boolean => (((tdAttributes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
  demand(tdAttributes[0] === 0, "the machine is open to debuggers (TD attribute DEBUG)");
  demand(has(SEPT_VE_DISABLE), "the host can inject faults into the machine (TD attribute SEPT_VE_DISABLE is off)");
  demand(!has(MIGRATABLE) && (!mrServiceTd || isZero(mrServiceTd)), "the machine can be migrated to another");
  const known = new Set([SEPT_VE_DISABLE, ...FREE]);
  const odd = Array.from({ length: 64 }, (_, bit) => bit).find((bit) => has(bit) && !known.has(bit));
  demand(odd === undefined, `the machine has an unknown TD attribute (bit ${odd})`);
};

/** The worst of the parts. */
const statusOf = ({ levels }: TdxMachine): TcbStatus =>
  TCB_STATUSES.findLast((status) => levels.some((level) => level.status === status)) ?? "Revoked";

/** What members see of the machine, and compare: MRTD, RTMR0 to 2 name its firmware, kernel and image. */
export const attestedBy = (machine: TdxMachine): Attested => {
  const { report, pck, until, tcbEvaluationDataNumber } = machine;
  const [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmr.map(toHex) as [string, string, string, string];
  return {
    platform: {
      mrtd: toHex(report.mrTd),
      rtmr0,
      rtmr1,
      rtmr2,
      rtmr3,
      mrConfigId: toHex(report.mrConfigId),
      mrOwner: toHex(report.mrOwner),
      mrOwnerConfig: toHex(report.mrOwnerConfig),
      mrSeam: toHex(report.mrSeam),
      tdAttributes: toHex(report.tdAttributes),
      xfam: toHex(report.xfam),
      teeTcbSvn: toHex(report.teeTcbSvn),
      fmspc: pck.fmspc,
      ppid: pck.ppid,
      tcbEvaluationDataNumber: String(tcbEvaluationDataNumber),
      collateralUntil: iso(until),
    },
    status: statusOf(machine),
    collateralUntil: until,
  };
};
