/**
 * Content kept beside the ledger. Whoever knows a digest of an envelope learns nothing without the key; all the same
 * content is shown only to whoever stored it or may see a resource that names it.
 */
import type { Ledger } from "../ledger/port.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import type { Blobs } from "../platform/blobs.ts";
import { model } from "../rules/model.ts";
import { source } from "../rules/source.ts";
import { streamOf } from "../rules/world.ts";
import type { Asker } from "./access.ts";
import type { ViewsStore } from "./views-store.ts";

export const createBlobViews = ({ ledger, views, blobs, max }: { ledger: Ledger; views: ViewsStore; blobs: Blobs; max: number }) => {
  /** Digests that a stream names. */
  const named = (id: string): (string | undefined)[] => {
    const code = streamOf(ledger.world, model, id)?.state;
    const table = streamOf(ledger.world, source, id)?.state;
    if (code) return [code.archive.digest, code.envelope?.digest, code.description?.digest];
    return table ? [table.envelope.digest] : [];
  };
  return {
    async put(asker: Asker, { digest }: { digest?: string | undefined }, body: AsyncIterable<Uint8Array>) {
      const stored = await blobs.put(body, { max, ...(digest !== undefined && { digest }) });
      await views.noteUpload(stored.digest, asker.accountId ?? "");
      return stored;
    },
    async get(asker: Asker, { digest }: { digest: string }) {
      const mine = asker.accountId !== null && (await views.hasUploaded(digest, asker.accountId));
      if (!mine && !(asker.member && (await views.visibleStreams(asker.member)).some((id) => named(id).includes(digest))))
        throw refusePlatform("blob.unknown", { digest });
      return { ...(await blobs.get(digest)), digest };
    },
  };
};
