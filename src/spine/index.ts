/**
 * What all pillars stand on: the way of every act onto the ledger, the tables computed from it, who may see what,
 * members and the keys that are managed for them. A pillar brings its books; the spine knows none of them.
 */
import type { Clock } from "../base/clock.ts";
import { managedNotice } from "../contract/organisations.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Accounts } from "../platform/accounts/accounts.ts";
import type { Blobs } from "../platform/blobs.ts";
import type { PlatformDb } from "../platform/db/schema.ts";
import type { Inbox } from "../platform/inbox.ts";
import type { Live } from "../platform/live.ts";
import type { Log } from "../platform/log.ts";
import type { ServerKey } from "../platform/server-key.ts";
import type { StreamState } from "../rules/rulebook.ts";
import { type Asker, createAccess } from "./access.ts";
import { createActs } from "./acts.ts";
import { createBeside } from "./beside.ts";
import { createBlobViews, createContentNamed } from "./blobs.ts";
import { type AnyBookView, bookViews } from "./book-view.ts";
import type { GroupKeys } from "./group-identity.ts";
import { createLedgerExplorer } from "./ledger-explorer.ts";
import { createLedgerViews, createStreams } from "./ledger-views.ts";
import { createManagedKeys } from "./managed-keys.ts";
import { createOrganisations, organisationView } from "./organisations.ts";
import { createProjector } from "./projector.ts";
import { showOne } from "./show.ts";
import { createViewsStore } from "./views-store.ts";

export interface SpineOptions {
  readonly ledger: Ledger;
  readonly db: PlatformDb;
  readonly blobs: Blobs;
  readonly accounts: Accounts;
  readonly inbox: Inbox;
  readonly live: Live;
  readonly serverKey: ServerKey;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes of one upload at most. */
  readonly uploadLimit: number;
  /** The pillars' kinds of stream. */
  readonly books: readonly AnyBookView[];
  /** Keys that no machine holds, for managed identities, once a pillar has them. */
  readonly groupKeys?: () => GroupKeys | undefined;
}

export const createSpine = (options: SpineOptions) => {
  const { ledger, db, blobs, accounts, inbox, live, serverKey, clock, log } = options;
  const views = createViewsStore(db);
  const access = createAccess({ ledger, views });
  const managed = createManagedKeys({ views, serverKey, clock, groupKeys: () => options.groupKeys?.() });
  const books = bookViews([...options.books, organisationView(managed.keyOf)]);
  const beside = createBeside({ accounts, inbox, books });
  const deps = { ledger, views, access, clock };
  const contentNamed = createContentNamed(books);

  const show = (asker: Asker, id: string, stream: StreamState) => {
    const shown = books.get(stream.book);
    if (!shown) throw new Error(`no view of ${stream.book}`);
    return showOne(deps, shown, { id, stream, state: stream.state }, asker);
  };

  /** Tells the accounts concerned that a stream moved; they read the rest. */
  const announce = async (id: string, { book, state }: StreamState, type: string, data: object) => {
    for (const member of books.get(book)?.listeners?.(state) ?? []) {
      const accountId = await beside.accountOf(member);
      if (accountId) live.publish(accountId, { type, data: { at: clock.now(), stream: id, ...data } });
    }
  };

  const projector = createProjector({
    ledger,
    db,
    views,
    books,
    beside: beside.prepare,
    clearBeside: (tx) => inbox.clear(tx),
    onProjected(streams) {
      for (const { id, stream } of streams)
        announce(id, stream, `${stream.book}.changed`, {}).catch((error: unknown) => log.warn({ err: error }, "live"));
    },
    onError: (error) => log.error({ err: error }, "the computed tables could not follow the ledger"),
  });

  const acts = createActs({ ledger, access, views, books, accounts, managed, projector, clock, show });
  const organisations = createOrganisations({ ...deps, keyOf: managed.keyOf });

  /** A managed identity, and what that means. */
  const noticed = async (asker: Asker, member: string) => ({
    organisation: await organisations.get({ ...asker, member }, { id: member }),
    notice: managedNotice(managed.keyOf(member) ?? null),
  });

  return {
    ...deps,
    blobs,
    inbox,
    managed,
    acts,
    announce,
    api: {
      organisations: {
        ...organisations,
        manage: async (asker: Asker, { keyGroup }: { keyGroup?: string | undefined }) =>
          noticed(asker, await acts.manage(asker, managed.keeperOf(keyGroup))),
        moveKey: async (asker: Asker, { keyGroup }: { keyGroup?: string | undefined }) =>
          noticed(asker, await acts.move(asker, keyGroup)),
      },
      blobs: createBlobViews({ views, blobs, clock, max: options.uploadLimit }),
      ledger: {
        ...createLedgerViews({ ledger }),
        ...createLedgerExplorer({ ledger, views, now: () => clock.now() }),
      },
      streams: createStreams({ ledger, access, views }),
    },
    /** Brings the tables up to date and keeps them so. */
    async start() {
      await managed.load(accounts);
      await projector.start();
    },
    /** For the collection of content that nothing names. */
    uploads: {
      oldUploads: views.oldUploads,
      forgetUpload: views.forgetUpload,
      isReferenced: async (digest: string) => contentNamed(ledger.world).has(digest),
    },
    /** @throws the database's error */
    reachable: () => views.cursor(),
    rebuild: () => projector.rebuild(),
    stop: () => projector.stop(),
  };
};
export type Spine = ReturnType<typeof createSpine>;
