/**
 * Keeps the computed tables at the ledger's heels. Rows are a function of a stream's present state, so a batch of
 * entries is projected by taking the streams it touched, and a rebuild by taking all of them.
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Ledger } from "../ledger/port.ts";
import type { PlatformDb } from "../platform/db/schema.ts";
import { recomputable, transaction } from "../platform/db/transaction.ts";
import type { StreamState } from "../rules/rulebook.ts";
import { type BookViews, type Detail, detailOf } from "./book-view.ts";
import type { Projection, ViewsStore } from "./views-store.ts";

/** Streams in one transaction. */
const BATCH = 2_000;

export interface Touched {
  readonly id: string;
  readonly stream: StreamState;
}

export interface ProjectorDeps {
  readonly ledger: Ledger;
  readonly db: PlatformDb;
  readonly views: ViewsStore;
  readonly books: BookViews;
  /** What else follows from the streams, in the same transaction: the event centre, whose account a member is. */
  readonly beside: (streams: Touched[]) => Promise<(tx: PlatformDb) => Promise<void>>;
  readonly clearBeside: (tx: PlatformDb) => Promise<void>;
  /** Called once a batch is readable, with the streams it touched. */
  readonly onProjected: (streams: Touched[]) => void;
  readonly onError: (error: unknown) => void;
}

export const createProjector = (deps: ProjectorDeps) => {
  const { ledger, db, views, books, beside, clearBeside, onProjected, onError } = deps;
  let projected = 0;
  let running: Promise<void> | undefined;
  let waiting: { size: number; resolve: () => void; reject: (error: unknown) => void }[] = [];

  const project = (id: string, { book, state }: StreamState, detail: Detail): Projection =>
    books.get(book)?.project(id, state, detail) ?? { parties: [] };

  const write = async (ids: string[], size: number | undefined) => {
    const { world } = ledger;
    const touched = ids.flatMap((id) => {
      const stream = world.streams.get(id);
      return stream ? [{ id, stream }] : [];
    });
    const details = await views.details(touched.flatMap(({ stream }) => detailOf(stream) ?? []));
    const projections: Projection[] = touched.map(({ id, stream }) =>
      project(id, stream, details.get(detailOf(stream) ?? "") as Detail),
    );
    const writeBeside = await beside(touched);
    await views.changing(() =>
      recomputable(db, async (tx) => {
        await views.replace(tx, ids, projections);
        await writeBeside(tx);
        if (size !== undefined) await views.moveCursor(tx, size);
      }),
    );
    return touched;
  };

  /** Projects the entries that have come since; one at a time. */
  const catchUp = async () => {
    while (projected < ledger.size) {
      const size = Math.min(ledger.size, projected + BATCH);
      const ids = [...ledger.streamsBetween(projected, size)];
      const touched = await write(ids, size);
      projected = size;
      for (const { resolve } of waiting.filter((one) => one.size <= projected)) resolve();
      waiting = waiting.filter((one) => one.size > projected);
      onProjected(touched);
    }
  };

  const wake = () => {
    // In a turn of its own: whoever waits for the act itself, as key nodes do, is served first.
    running ??= nextTurn()
      .then(catchUp)
      .catch((error: unknown) => {
        // The ledger has the acts; the tables follow when the database is back.
        for (const { reject } of waiting.splice(0)) reject(error);
        onError(error);
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  return {
    /** Brings the tables up to date and keeps them so. */
    async start() {
      projected = await views.cursor();
      if (projected > ledger.size) await this.rebuild();
      await catchUp();
      ledger.onDurable(() => void wake());
    },

    /** Resolves when the tables contain the first `size` entries. @throws the database's error when they cannot */
    upTo(size: number): Promise<void> {
      if (projected >= size) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiting.push({ size, resolve, reject });
        void wake();
      });
    },

    /** Throws the computed tables away and makes them again. Returns the number of streams. */
    async rebuild(): Promise<number> {
      const { size } = ledger;
      const ids = [...ledger.world.streams.keys()];
      await views.changing(() =>
        transaction(db, async (tx) => {
          await views.clear(tx);
          await clearBeside(tx);
        }),
      );
      for (let at = 0; at < ids.length; at += BATCH) await write(ids.slice(at, at + BATCH), undefined);
      await transaction(db, (tx) => views.moveCursor(tx, size));
      projected = size;
      return ids.length;
    },

    async stop() {
      await running;
    },
  };
};
export type Projector = ReturnType<typeof createProjector>;
