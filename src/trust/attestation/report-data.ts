import { sha512 } from "#crypto";
import { toHex, utf8 } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";
import type { Claims } from "./provider.ts";

/** SHA-512 (hex) over keys, measurement and nonce: the 64 bytes that TDX, SEV-SNP and TPM quotes carry. */
export const reportData = (claims: Claims): string =>
  toHex(sha512(utf8(canonical({ use: "entente/attestation/1", ...claims }))));
