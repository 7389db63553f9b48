import type { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Rulebook } from "../rules/rulebook.ts";
import type { Access, Asker, Readable } from "./access.ts";
import { loadNames, type Names } from "./names.ts";
import type { ResourceKind } from "./views-schema.ts";
import type { Sort, Tab, ViewsStore } from "./views-store.ts";

/** What the resources of every pillar share. */
export interface PillarDeps {
  readonly ledger: Ledger;
  readonly views: ViewsStore;
  readonly access: Access;
  readonly clock: Clock;
}

/** Streams and texts that showing a state takes, beside the state. */
export interface Wanted {
  readonly members: string[];
  readonly details: string[];
}

/** How a kind of resource is shown: what to load for it, and the answer. */
export interface Show<S, O> {
  readonly book: Rulebook<S>;
  wanted(found: Readable<S>): Wanted;
  show(found: Readable<S>, names: Names, asker: Asker): O | Promise<O>;
}

/** Times of a stream's first and newest statement, milliseconds. */
export const timesOf = (ledger: Ledger, stream: string): { created: number; updated: number } => {
  const positions = ledger.positions(stream);
  const timeAt = (index: number | undefined) =>
    index === undefined ? 0 : (ledger.leaves(index, index + 1)[0]?.time ?? 0);
  return { created: timeAt(positions[0]), updated: timeAt(positions.at(-1)) };
};

export const showAll = async <S, O>(
  { views }: Pick<PillarDeps, "views">,
  shown: Show<S, O>,
  found: readonly Readable<S>[],
  asker: Asker,
): Promise<O[]> => {
  const wanted = found.map((one) => shown.wanted(one));
  const names = await loadNames(views, {
    members: wanted.flatMap(({ members }) => members),
    details: wanted.flatMap(({ details }) => details),
  });
  return Promise.all(found.map((one) => shown.show(one, names, asker)));
};

export const showOne = async <S, O>(
  deps: Pick<PillarDeps, "views">,
  shown: Show<S, O>,
  found: Readable<S>,
  asker: Asker,
): Promise<O> => (await showAll(deps, shown, [found], asker))[0] as O;

export interface ListInput {
  readonly tab?: Tab;
  readonly search?: string | undefined;
  readonly state?: string | undefined;
  readonly owner?: string | undefined;
  readonly alliance?: string | undefined;
  readonly home?: string | undefined;
  readonly subject?: string | undefined;
  readonly sort?: Sort | undefined;
  readonly page: number;
  readonly pageSize: number;
}

/** A page of what the asker may see; nothing for whoever has no identity yet. */
export const listPage = async <S, O>(
  deps: PillarDeps,
  kind: ResourceKind,
  shown: Show<S, O>,
  asker: Asker,
  { tab = "all", page, pageSize, ...filters }: ListInput,
): Promise<{ items: O[]; total: number; more?: true; page: number; pageSize: number }> => {
  const nothing = { items: [], total: 0, page, pageSize };
  const { alliance } = filters;
  if (!asker.member || (alliance && !(await deps.views.isVisible(alliance, asker.member)))) return nothing;
  const { streams, total, more } = await deps.views.list({
    kind,
    member: asker.member,
    tab,
    page,
    pageSize,
    now: deps.clock.now(),
    ...filters,
  });
  const items = await showAll(deps, shown, deps.access.state(shown.book, streams), asker);
  return { items, total, ...(more && { more }), page, pageSize };
};

/** The type of an answer as its schema reads it. */
export type Answer<T extends z.ZodType> = z.output<T>;
