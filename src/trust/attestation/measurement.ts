/** What an enclave is measured as: its program, what its models run on, and how it was configured. */
import { sha384 } from "#crypto";
import { toHex, utf8 } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";

/**
 * SHA-384 (hex) of each part: `program` is the bundle's, which anybody can rebuild; `runner.<id>` an image's, the files
 * that models in that language run on; `configuration` that of the limits.
 */
export type Components = Readonly<Record<string, string>>;

/** SHA-384 (hex) over all of them: the one value that attestation reports, state is sealed to and members pin. */
export const measurementOf = (components: Components): string =>
  toHex(sha384(utf8(canonical({ use: "entente/measurement/1", components }))));
