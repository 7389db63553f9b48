/** What is expected of an SEV-SNP guest beyond being one. */
import { toHex } from "../../../base/bytes.ts";
import { demand } from "../checks.ts";
import type { Attested } from "../provider.ts";
import type { Tcb } from "./report.ts";
import type { SnpGuest } from "./verify.ts";

export interface SnpPolicy {
  /** Lowest firmware by product. AMD signs no verdict on versions as Intel does: whoever verifies has to know. */
  readonly minimum: Readonly<Record<string, Tcb>>;
  /** A guest that its host may look into counts. Never outside tests. */
  readonly debug: boolean;
  /** Evidence without a list of revoked keys counts. Never outside tests: a revoked chip would leave it out. */
  readonly withoutCrl: boolean;
}

/**
 * Milan: what a machine with firmware of 2025 reports, later than what AMD-SB-3019 (CVE-2024-56161) and AMD-SB-3015
 * (CVE-2024-21944) are about. A higher floor is always safer; AMD's bulletins say which is the newest.
 */
export const SNP_POLICY: SnpPolicy = {
  minimum: { Milan: { bootLoader: 4, tee: 0, snp: 24, microcode: 219 } },
  debug: false,
  withoutCrl: false,
};

/** Bits of the guest policy: AMD 56860, table 9. */
const MUST_BE_ONE = 17n;
const MIGRATE_MA = 18n;
const DEBUG = 19n;

/** @throws Doubt */
export const demandGuest = ({ report, product, crl }: SnpGuest, policy: SnpPolicy = SNP_POLICY): void => {
  const has = (bit: bigint): boolean => ((report.policy >> bit) & 1n) === 1n;
  demand(has(MUST_BE_ONE), "the guest's policy is malformed");
  demand(policy.debug || !has(DEBUG), "the guest is open to debuggers (guest policy DEBUG)");
  demand(!has(MIGRATE_MA), "the guest can be migrated to another machine (guest policy MIGRATE_MA)");
  demand(report.vmpl === 0, `the report was asked for at privilege level ${report.vmpl}, not 0`);
  demand(crl || policy.withoutCrl, "the evidence carries no list of revoked keys");
  const minimum = policy.minimum[product];
  demand(minimum !== undefined, `no lowest firmware is known for ${product}`);
  // The launch counts too: what old firmware let in then is still there after an update.
  for (const [when, tcb] of [
    ["now", report.reportedTcb],
    ["committed", report.committedTcb],
    ["at the guest's start", report.launchTcb],
  ] as const)
    for (const [part, lowest] of Object.entries(minimum)) {
      const version = tcb[part as keyof Tcb];
      demand(
        version >= lowest,
        `the firmware is out of date: ${part} is ${version} ${when}, ${lowest} is the lowest taken. The machine's operator has to update it`,
      );
    }
};

const tcbText = (tcb: Tcb): string =>
  Object.entries(tcb)
    .map(([part, version]) => `${part} ${version}`)
    .join(", ");

/** What members see of the guest, and compare: `measurement` names its firmware, kernel and image. */
export const attestedBy = ({ report, product, until }: SnpGuest): Attested => ({
  platform: {
    product,
    measurement: toHex(report.measurement),
    hostData: toHex(report.hostData),
    guestSvn: String(report.guestSvn),
    guestPolicy: report.policy.toString(16).padStart(16, "0"),
    familyId: toHex(report.familyId),
    imageId: toHex(report.imageId),
    idKeyDigest: toHex(report.idKeyDigest),
    platformInfo: toHex(report.platformInfo),
    reportedTcb: tcbText(report.reportedTcb),
    chipId: toHex(report.chipId),
  },
  status: "AtLeastMinimum",
  collateralUntil: until,
});
