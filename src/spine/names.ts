/** Loads what answers show beside what the ledger knows: nicknames and the texts that statements commit to. */
import type { Member } from "../contract/shapes.ts";
import type { ViewsStore } from "./views-store.ts";

export interface Names {
  member(id: string): Member;
  /** The text under a digest; empty where it is not kept here. */
  detail(digest: string): Record<string, unknown>;
}

export const loadNames = async (
  views: ViewsStore,
  wanted: { members: Iterable<string>; details: Iterable<string> },
): Promise<Names> => {
  const [members, details] = await Promise.all([
    views.members([...new Set(wanted.members)].filter(Boolean)),
    views.details([...new Set(wanted.details)].filter(Boolean)),
  ]);
  return {
    member: (id) => {
      const found = members.get(id);
      return { id, nickname: found?.nickname ?? "", appId: found?.appId ?? "" };
    },
    detail: (digest) => (details.get(digest) ?? {}) as Record<string, unknown>,
  };
};
