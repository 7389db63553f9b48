/** What the views of the pillar's streams look at beside them. */
import type { Refusal } from "../base/refusal.ts";
import type { Ledger } from "../ledger/port.ts";
import { key as keyBook } from "../rules/key.ts";
import { keyGroup } from "../rules/key-group.ts";
import type { Key } from "../rules/key-state.ts";
import { streamOf } from "../rules/world.ts";
import type { Names } from "../spine/names.ts";
import type { KeyIndex } from "./key-index.ts";
import type { Presence } from "./presence.ts";

export interface ViewDeps {
  readonly ledger: Ledger;
  readonly presence: Presence;
  readonly index: KeyIndex;
  readonly now: () => number;
  /** Why its nodes have not made or signed yet what they are asked for, by stream: as they said last. */
  readonly reasons: Map<string, Refusal>;
}

export const findKey = ({ ledger }: Pick<ViewDeps, "ledger">, stream: string) =>
  streamOf(ledger.world, keyBook, stream)?.state;
export const findGroup = ({ ledger }: Pick<ViewDeps, "ledger">, stream: string) =>
  streamOf(ledger.world, keyGroup, stream)?.state;

/** Alias, tags and description of a key. */
export const describedBy = (names: Names, { detail }: Pick<Key, "detail">) => {
  const text = names.detail(detail) as { alias?: string; tags?: Record<string, string>; description?: string };
  return { alias: text.alias ?? null, tags: text.tags ?? {}, description: text.description ?? "" };
};

export const keyName = (deps: ViewDeps, names: Names, stream: string) => {
  const found = findKey(deps, stream);
  return { id: found?.id ?? stream, stream, alias: found ? describedBy(names, found).alias : null };
};

export const groupName = (deps: ViewDeps, names: Names, stream: string) => {
  const found = findGroup(deps, stream);
  return { id: found?.id ?? stream, stream, name: String(names.detail(found?.detail ?? "").name ?? "") };
};
