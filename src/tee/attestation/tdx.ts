/**
 * Attesting as a guest of Intel TDX. The image's launcher has extended RTMR3 with the program's measurement before it
 * started this program; whether it did is judged by whoever verifies.
 */
import { fromHex, toBase64 } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";
import type { TdxEvidence } from "../../trust/attestation/tdx/verify.ts";
import { pemBlocks } from "../../trust/pem.ts";
import {
  askTsm,
  type CollateralFile,
  collateralIn,
  type Guest,
  type GuestOptions,
  linuxGuest,
  openGuestMemory,
  requireTsm,
} from "./configfs-tsm.ts";
import { refuse } from "./errors.ts";
import type { AttestationProvider } from "./provider.ts";

/**
 * Kept by the operator, and fetched anew at least every 30 days; each says
 * itself of when it is. From Intel's Provisioning Certification Service, which asks for no key.
 */
const PCS = "https://api.trustedservices.intel.com";
const FILES = {
  tcbInfo: { name: "tcb-info.json", source: `${PCS}/tdx/certification/v4/tcb?fmspc=<of the processor>` },
  issuers: {
    name: "issuer-chain.pem",
    source: "TCB-Info-Issuer-Chain, URL-decoded, a header of the answer with the TCB info",
  },
  qeIdentity: { name: "qe-identity.json", source: `${PCS}/tdx/certification/v4/qe/identity` },
  pckCrl: { name: "pck.crl", source: `${PCS}/sgx/certification/v4/pckcrl?ca=platform&encoding=der` },
  rootCrl: { name: "root.crl", source: "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der" },
} as const satisfies Record<string, CollateralFile>;

/** @throws Refusal attestation.machine, attestation.memory, attestation.key-lost */
export const openTdxGuest = async (
  directory: string,
  options: GuestOptions = {},
  guest: Guest = linuxGuest,
): Promise<AttestationProvider> => {
  await requireTsm("tdx_guest", guest);
  const read = collateralIn(directory, options);
  return {
    id: "tdx",
    async evidence(reportData) {
      const collateral = await readTdxCollateral(read);
      const { quote } = await askTsm(fromHex(reportData), "tdx_guest", guest);
      const evidence: TdxEvidence = { quote: toBase64(quote), collateral };
      return canonical(evidence);
    },
    ...(await openGuestMemory(directory, options, guest)),
  };
};

const readTdxCollateral = async (
  read: (file: CollateralFile) => Promise<Buffer>,
): Promise<TdxEvidence["collateral"]> => {
  const [signer] = pemBlocks((await read(FILES.issuers)).toString());
  if (!signer) {
    const { name: file, source } = FILES.issuers;
    throw refuse("attestation.collateral", { file, source, reason: "no certificate in PEM" });
  }
  return {
    tcbInfo: (await read(FILES.tcbInfo)).toString(),
    qeIdentity: (await read(FILES.qeIdentity)).toString(),
    signer: toBase64(signer.der),
    rootCrl: toBase64(await read(FILES.rootCrl)),
    pckCrl: toBase64(await read(FILES.pckCrl)),
  };
};
