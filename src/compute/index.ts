/** The compute pillar (可信计算): alliances, models, data sources, tasks, and the enclave that runs them. */
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
import type { Alliance } from "../rules/alliance.ts";
import type { StreamState } from "../rules/rulebook.ts";
import { partiesOf, type Task } from "../rules/task-state.ts";
import { type Asker, createAccess } from "./access.ts";
import { createActs } from "./acts.ts";
import { createAlliances, showAlliance } from "./alliances.ts";
import { createBeside } from "./beside.ts";
import { contentNamed, createBlobViews } from "./blobs.ts";
import { type Show, showOne } from "./deps.ts";
import { createEnclaves } from "./enclaves.ts";
import { createEvents } from "./events.ts";
import type { Fleet } from "./fleet.ts";
import type { FormerPrograms } from "./former-programs.ts";
import { createLedgerViews, createStreams } from "./ledger-views.ts";
import { createManagedKeys } from "./managed-keys.ts";
import { createModels, showModel } from "./models.ts";
import { createMoves } from "./moves.ts";
import { createOrganisations, showOrganisation } from "./organisations.ts";
import { createProjector } from "./projector.ts";
import { createRuns } from "./runs.ts";
import { createSchedules } from "./schedules.ts";
import { createSources, showSource } from "./sources.ts";
import { showTask } from "./task-view.ts";
import { createTasks } from "./tasks.ts";
import { createViewsStore } from "./views-store.ts";

export interface ComputeOptions {
  readonly ledger: Ledger;
  readonly db: PlatformDb;
  readonly blobs: Blobs;
  readonly accounts: Accounts;
  readonly inbox: Inbox;
  readonly live: Live;
  readonly serverKey: ServerKey;
  readonly fleet: Fleet;
  readonly former: FormerPrograms;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes of one upload at most. */
  readonly uploadLimit: number;
  /** Tasks that run at a time in each enclave. */
  readonly concurrency: number;
}

export const createCompute = (options: ComputeOptions) => {
  const { ledger, db, blobs, accounts, inbox, live, serverKey, fleet, clock, log } = options;
  const views = createViewsStore(db);
  const access = createAccess({ ledger, views });
  const managed = createManagedKeys({ views, serverKey, clock });
  const beside = createBeside({ accounts, inbox });
  const deps = { ledger, views, access, clock, blobs, inbox, isManaged: managed.isManaged };

  const shows: Record<string, Show<never, unknown>> = {
    alliance: showAlliance as Show<never, unknown>,
    model: showModel(ledger) as Show<never, unknown>,
    source: showSource(ledger) as Show<never, unknown>,
    task: showTask(ledger, () => clock.now()) as Show<never, unknown>,
    organisation: showOrganisation(managed.isManaged) as Show<never, unknown>,
  };
  const show = (asker: Asker, id: string, stream: StreamState) => {
    const shown = shows[stream.book];
    if (!shown) throw new Error(`no view of ${stream.book}`);
    return showOne(deps, shown, { id, stream: stream as StreamState<never>, state: stream.state as never }, asker);
  };

  /** Tells the accounts concerned that a stream moved; they read the rest. */
  const announce = async (id: string, { book, state }: StreamState, type: string, data: object) => {
    const members =
      book === "task" ? partiesOf(state as Task) : book === "alliance" ? (state as Alliance).members.keys() : [];
    for (const member of members) {
      const accountId = await beside.accountOf(member);
      if (accountId) live.publish(accountId, { type, data: { at: clock.now(), stream: id, ...data } });
    }
  };

  const projector = createProjector({
    ledger,
    db,
    views,
    beside: beside.prepare,
    clearBeside: (tx) => inbox.clear(tx),
    onProjected(streams) {
      for (const { id, stream } of streams)
        announce(id, stream, `${stream.book}.changed`, {}).catch((error: unknown) => log.warn({ err: error }, "live"));
    },
    onError: (error) => log.error({ err: error }, "the computed tables could not follow the ledger"),
  });

  const runs = createRuns({
    ledger,
    fleet,
    views,
    concurrency: options.concurrency,
    now: () => clock.now(),
    onProgress(id, phase) {
      const stream = ledger.world.streams.get(id);
      if (stream) void announce(id, stream, "task.progress", { phase });
    },
    onError: (id, error) => log.warn({ err: error, task: id }, "a run is tried again"),
  });

  const schedules = createSchedules({
    ledger,
    fleet,
    now: () => clock.now(),
    onError: (id, error) => log.warn({ err: error, task: id }, "a scheduled run is tried again"),
  });

  const moves = createMoves({
    ledger,
    fleet,
    former: options.former,
    onError: (id, error) => log.warn({ err: error, resource: id }, "what was moved is not handed over yet"),
  });

  const acts = createActs({ ledger, access, views, accounts, managed, projector, clock, show });
  const organisations = createOrganisations(deps);

  return {
    acts,
    api: {
      organisations: {
        ...organisations,
        async manage(asker: Asker) {
          const member = await acts.manage(asker);
          return { organisation: await organisations.get({ ...asker, member }, { id: member }), notice: managedNotice };
        },
      },
      enclaves: createEnclaves({ ledger, fleet, managed, clock }),
      alliances: createAlliances(deps),
      models: createModels(deps),
      sources: createSources(deps),
      tasks: createTasks({ ...deps, fleet }),
      events: createEvents(deps),
      blobs: createBlobViews({ views, blobs, clock, max: options.uploadLimit }),
      ledger: createLedgerViews({ ledger }),
      streams: createStreams({ ledger, access, views }),
    },
    /** Brings the tables up to date, then takes up what the ledger says is to run. */
    async start() {
      await managed.load(accounts);
      // The enclaves first: they refuse a ledger that is not its own before any table is changed to show it.
      const stream = await fleet.start();
      await projector.start();
      runs.start();
      schedules.start();
      moves.start();
      return stream;
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
    runs: { active: () => runs.active },
    async stop() {
      schedules.stop();
      runs.stop();
      // What is being asked ends with the enclaves.
      const carried = moves.stop();
      await fleet.stop();
      await carried;
      await projector.stop();
    },
  };
};
