/**
 * Texts that statements commit to, by digest. None ever changes and none is deleted, so what was read once need not be
 * read again: whoever asks for a signature, the nodes that sign and all who look on want the same few.
 */
import type { Kysely } from "kysely";
import { slices } from "./slices.ts";
import type { SpineTables } from "./views-schema.ts";

/** Texts in memory, those that were used last, and the longest that comes there, in characters. */
const MOST = 2_048;
const LONGEST = 4_096;

export const createTextsStore = (db: Pick<Kysely<SpineTables>, "insertInto" | "selectFrom">) => {
  /** As they were read: only the database knows which text came first under a digest. */
  const known = new Map<string, string>();
  const remember = (digest: string, text: string): void => {
    known.delete(digest);
    if (text.length <= LONGEST) known.set(digest, text);
    for (const oldest of known.keys()) {
      if (known.size <= MOST) break;
      known.delete(oldest);
    }
  };

  return {
    async putDetail(digest: string, text: string): Promise<void> {
      await db
        .insertInto("details")
        .values({ digest, text })
        .onConflict((oc) => oc.column("digest").doNothing())
        .execute();
    },

    async details(digests: readonly string[]): Promise<Map<string, unknown>> {
      const texts = new Map(digests.map((digest) => [digest, known.get(digest)]));
      for (const some of slices(digests.filter((digest) => texts.get(digest) === undefined))) {
        const rows = await db.selectFrom("details").selectAll().where("digest", "in", some).execute();
        for (const { digest, text } of rows) texts.set(digest, text);
      }
      const found = new Map<string, unknown>();
      for (const [digest, text] of texts) {
        if (text === undefined) continue;
        remember(digest, text);
        found.set(digest, JSON.parse(text));
      }
      return found;
    },
  };
};
