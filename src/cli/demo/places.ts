/** Where the demo's tables lie and where its result goes: sealed files, or databases of the organisations' own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { concat } from "../../base/bytes.ts";
import type { Places as StoryPlaces } from "../../sample/story.ts";
import { csvHeader, prepareSource, sealSource } from "../../sdk/workflows/index.ts";

export interface Places extends StoryPlaces {
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
