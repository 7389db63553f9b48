/**
 * An SEV-SNP attestation report taken apart, nothing of it believed yet. SEV Secure Nested Paging Firmware ABI
 * Specification (AMD 56860), table 23. Bytes that the signature does not cover have to be zero.
 */
import { type Bytes, concat, toHex } from "../../../base/bytes.ts";
import { demand, isZero, littleEndian, reversed } from "../checks.ts";

/** Versions of the firmware's parts, as in the TCB_VERSION of Milan and Genoa. */
export interface Tcb {
  readonly bootLoader: number;
  readonly tee: number;
  readonly snp: number;
  readonly microcode: number;
}

export interface SnpReport {
  readonly version: number;
  readonly guestSvn: number;
  /** Bits the guest was started with: table 9. */
  readonly policy: bigint;
  readonly familyId: Bytes;
  readonly imageId: Bytes;
  /** Privilege level that asked for the report. */
  readonly vmpl: number;
  readonly platformInfo: Bytes;
  readonly reportData: Bytes;
  /** SHA-384 over what the guest was started with. */
  readonly measurement: Bytes;
  /** Given by the host at the start, and fixed from then on. */
  readonly hostData: Bytes;
  readonly idKeyDigest: Bytes;
  readonly reportedTcb: Tcb;
  readonly committedTcb: Tcb;
  readonly launchTcb: Tcb;
  readonly chipId: Bytes;
  /** What is signed. */
  readonly signed: Bytes;
  /** r || s, big-endian. */
  readonly signature: Bytes;
}

const LENGTH = 0x4a0;
const SIGNED = 0x2a0;
const NUMBER = 72;
const ECDSA_P384_SHA384 = 1;
/** Bits of the word at 0x48. */
const MASKED_CHIP_KEY = 0b10;
const SIGNING_KEY = 0b11100;

/** @throws Doubt */
export const parseReport = (bytes: Uint8Array): SnpReport => {
  demand(bytes.length === LENGTH, `a report has ${LENGTH} bytes, not ${bytes.length}`);
  const at = (start: number, length: number): Bytes => bytes.slice(start, start + length) as Bytes;
  const number = (start: number): number => littleEndian(bytes.subarray(start, start + 4));
  const version = number(0);
  demand(version >= 2 && version <= 5, `a report of version ${version}, where 2 to 5 is expected`);
  demand(number(0x34) === ECDSA_P384_SHA384, "the report is not signed with ECDSA P-384");
  const keys = number(0x48);
  demand((keys & MASKED_CHIP_KEY) === 0, "the chip's key is masked, so that nothing is signed");
  demand((keys & SIGNING_KEY) === 0, "the report is not signed with the chip's own key (VCEK)");
  return {
    version,
    guestSvn: number(4),
    policy: BigInt(`0x${toHex(reversed(at(8, 8)))}`),
    familyId: at(0x10, 16),
    imageId: at(0x20, 16),
    vmpl: number(0x30),
    platformInfo: at(0x40, 8),
    reportData: at(0x50, 64),
    measurement: at(0x90, 48),
    hostData: at(0xc0, 32),
    idKeyDigest: at(0xe0, 48),
    reportedTcb: tcbOf(at(0x180, 8)),
    chipId: at(0x1a0, 64),
    committedTcb: tcbOf(at(0x1e0, 8)),
    launchTcb: tcbOf(at(0x1f0, 8)),
    signed: at(0, SIGNED),
    signature: signatureOf(at(SIGNED, LENGTH - SIGNED)),
  };
};

const tcbOf = (bytes: Uint8Array): Tcb => {
  const [bootLoader = 0, tee = 0, , , , , snp = 0, microcode = 0] = bytes;
  return { bootLoader, tee, snp, microcode };
};

/** Two little-endian numbers of 72 bytes, table 139; those of P-384 fill 48. */
const signatureOf = (field: Uint8Array): Bytes => {
  const [r, s] = [reversed(field.subarray(0, NUMBER)), reversed(field.subarray(NUMBER, 2 * NUMBER))];
  const unused = concat(r.subarray(0, 24), s.subarray(0, 24), field.subarray(2 * NUMBER));
  demand(isZero(unused), "something stands behind the report's signature");
  return concat(r.subarray(24), s.subarray(24));
};
