/**
 * Attesting as a guest of AMD SEV-SNP. The host has started the guest with the SHA-256 of the program's measurement as
 * HOST_DATA, and the image starts no other program; whether HOST_DATA fits is judged by whoever verifies.
 */
import { fromHex, toBase64, toHex } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";
import type { SnpEvidence } from "../../trust/attestation/sev-snp/verify.ts";
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
 * Kept by the operator, from AMD's Key Distribution Service. The chip's key changes with its firmware; its file isn't
 * needed where the host hands certificates to its guests.
 */
const KDS = "https://kdsintf.amd.com/vcek/v1/Milan";
const FILES = {
  chain: { name: "chain.pem", source: `${KDS}/cert_chain` },
  crl: { name: "crl.der", source: `${KDS}/crl` },
  vcek: { name: "vcek.der", source: `${KDS}/<chip id>?blSPL=…&teeSPL=…&snpSPL=…&ucodeSPL=…` },
} as const satisfies Record<string, CollateralFile>;

/** @throws Refusal attestation.machine, attestation.memory, attestation.key-lost */
export const openSnpGuest = async (
  directory: string,
  options: GuestOptions = {},
  guest: Guest = linuxGuest,
): Promise<AttestationProvider> => {
  await requireTsm("sev_guest", guest);
  const read = collateralIn(directory, options);
  return {
    id: "sev-snp",
    async evidence(reportData) {
      const chain = pemBlocks((await read(FILES.chain)).toString());
      const [ask, ark] = chain.map(({ der }) => toBase64(der));
      if (!ask || !ark) {
        const { name: file, source } = FILES.chain;
        throw refuse("attestation.collateral", { file, source, reason: "ASK and ARK are expected" });
      }
      const crl = toBase64(await read(FILES.crl));
      const { quote, extra } = await askTsm(fromHex(reportData), "sev_guest", guest);
      const vcek = (extra && vcekOf(extra)) ?? (await read(FILES.vcek));
      const evidence: SnpEvidence = { report: toBase64(quote), vcek: toBase64(vcek), ask, ark, crl };
      return canonical(evidence);
    },
    ...(await openGuestMemory(directory, options, guest)),
  };
};

/** GUID of a VCEK, offset and length: an entry of the host's table. SEV-ES GHCB (AMD 56421), section 4.1.8.1. */
const VCEK_GUID = "63da758de6644564adc5f4b93be8accd";
const END = "00".repeat(16);
const ENTRY = 24;

/** Not there where the table has none, or is not one: the report is then held to the operator's file. */
const vcekOf = (table: Uint8Array): Uint8Array | undefined => {
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  for (let at = 0; at + ENTRY <= table.length; at += ENTRY) {
    const guid = toHex(table.subarray(at, at + 16));
    if (guid === END) break;
    if (guid !== VCEK_GUID) continue;
    const offset = view.getUint32(at + 16, true);
    return table.subarray(offset, offset + view.getUint32(at + 20, true));
  }
  return undefined;
};
