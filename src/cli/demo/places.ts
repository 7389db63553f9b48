/** Where the demo's tables lie and where its result goes: sealed files, or databases of the organisations' own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { concat } from "../../base/bytes.ts";
import {
  csvHeader,
  type Destination,
  type PreparedSource,
  prepareSource,
  sealSource,
  type VerifiedEnclave,
} from "../../sdk/workflows/index.ts";
import type { Party } from "./parties.ts";

export interface Places {
  /** Seals a table, or how it is reached, to the enclave and has its structure read. @param file name of the example */
  prepare(party: Party, enclave: VerifiedEnclave, file: string): Promise<PreparedSource>;
  /** Where the receiver wants its result; a sealed file on the platform, where there is none. */
  destination?(party: Party, enclave: VerifiedEnclave): Promise<Destination>;
  /** The sealed result in the receiver's own database. @param task digest that was authorised */
  sealedResult?(task: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

const EXAMPLES = join(import.meta.dirname, "..", "..", "..", "examples");
export const exampleTable = (file: string): Uint8Array =>
  new Uint8Array(readFileSync(join(EXAMPLES, "data", "breast-cancer", file)));

export const sealedFiles: Places = {
  async prepare(party, enclave, file) {
    const table = exampleTable(file);
    const header = await csvHeader([table]);
    const about = { owner: party.member, enclave, type: "csv" };
    const envelope = concat(...(await Array.fromAsync(sealSource([table], about))));
    return prepareSource(party.client, party.identity, envelope, { enclave, type: "csv", header });
  },
  close: async () => undefined,
};
