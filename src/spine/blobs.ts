/** Content kept beside the ledger, for whoever stored it. Others read it through the resource that names it. */
import type { Clock } from "../base/clock.ts";
import type { Blobs } from "../platform/blobs.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import type { StreamState } from "../rules/rulebook.ts";
import type { World } from "../rules/world.ts";
import type { Asker } from "./access.ts";
import type { BookViews } from "./book-view.ts";
import type { ViewsStore } from "./views-store.ts";

/** Digests of all content that streams name. Asked for one after another about the same world. */
export const createContentNamed = (books: BookViews) => {
  let named: { world: World | undefined; digests: ReadonlySet<string> } = { world: undefined, digests: new Set() };
  const contentOf = ({ book, state }: StreamState): string[] => books.get(book)?.content?.(state) ?? [];
  return (world: World): ReadonlySet<string> => {
    if (named.world !== world) named = { world, digests: new Set([...world.streams.values()].flatMap(contentOf)) };
    return named.digests;
  };
};

export interface BlobDeps {
  readonly views: ViewsStore;
  readonly blobs: Blobs;
  readonly clock: Clock;
  /** Bytes of one upload at most. */
  readonly max: number;
}

export const createBlobViews = ({ views, blobs, clock, max }: BlobDeps) => ({
  async put({ accountId }: Asker, { digest }: { digest?: string | undefined }, body: AsyncIterable<Uint8Array>) {
    const stored = await blobs.put(body, { max, ...(digest !== undefined && { digest }) });
    await views.noteUpload(stored.digest, accountId ?? "", clock.now());
    return stored;
  },
  async get({ accountId }: Asker, { digest }: { digest: string }) {
    if (accountId === null || !(await views.hasUploaded(digest, accountId)))
      throw refusePlatform("blob.unknown", { digest });
    return { ...(await blobs.get(digest)), digest };
  },
});
