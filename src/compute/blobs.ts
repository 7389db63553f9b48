/** Content kept beside the ledger, for whoever stored it. Others read it through the resource that names it. */
import type { Clock } from "../base/clock.ts";
import type { Blobs } from "../platform/blobs.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import { type Model, model } from "../rules/model.ts";
import type { StreamState } from "../rules/rulebook.ts";
import { type Source, source } from "../rules/source.ts";
import { task } from "../rules/task.ts";
import type { Task } from "../rules/task-state.ts";
import type { World } from "../rules/world.ts";
import type { Asker } from "./access.ts";
import type { ViewsStore } from "./views-store.ts";

/** Digests of all content that streams name. Asked for one after another about the same world. */
export const contentNamed = (world: World): ReadonlySet<string> => {
  if (named.world !== world) named = { world, digests: new Set([...world.streams.values()].flatMap(contentOf)) };
  return named.digests;
};
let named: { world: World | undefined; digests: ReadonlySet<string> } = { world: undefined, digests: new Set() };

const contentOf = ({ book, state }: StreamState): string[] => {
  if (book === model.name) {
    const { archive, envelope, description } = state as Model;
    return [archive, envelope, description].flatMap((file) => file?.digest ?? []);
  }
  if (book === source.name) {
    const { envelope, grants } = state as Source;
    // Whoever agreed to an archive in advance may want to see later what has changed since.
    return [envelope.digest, ...[...grants.values()].flatMap((one) => (one.withdrawn ? [] : one.archive))];
  }
  if (book !== task.name) return [];
  const { result, definition, delivery } = state as Task;
  // A task keeps what it was authorised over, whatever its model and sources are by now.
  return [
    result?.digest,
    definition.model.archive,
    definition.model.envelope,
    delivery?.destination,
    ...definition.sources.map((used) => used.envelope),
  ].flatMap((digest) => digest ?? []);
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
