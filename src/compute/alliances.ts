/** 计算联盟管理 */
import { iso } from "../base/clock.ts";
import type { Alliance as Answer } from "../contract/alliances.ts";
import { type Alliance, alliance } from "../rules/alliance.ts";
import type { Asker } from "./access.ts";
import { type ComputeDeps, type ListInput, listPage, type Answer as Of, type Show, showOne } from "./deps.ts";

export const showAlliance: Show<Alliance, Of<typeof Answer>> = {
  book: alliance,
  wanted: ({ state }) => ({
    members: [state.creator, ...state.members.keys(), ...state.invitations.keys()],
    details: [state.detail],
  }),
  show({ id, stream, state }, names, { member }) {
    const detail = names.detail(state.detail);
    const joined = member ? state.members.get(member)?.joined : undefined;
    return {
      id,
      stream: id,
      head: stream.head,
      name: String(detail.name ?? ""),
      description: String(detail.description ?? ""),
      network: state.network,
      enclave: state.enclave,
      creator: names.member(state.creator),
      createdAt: iso(state.created),
      joinedAt: joined ? iso(joined) : null,
      memberCount: state.members.size,
      members: [...state.members]
        .map(([one, { joined }]) => ({ ...names.member(one), joinedAt: iso(joined) }))
        .sort((a, b) => (a.joinedAt < b.joinedAt ? -1 : 1)),
      invitations: [...state.invitations]
        .filter(([, { answer }]) => answer === "open")
        .map(([one, { expires }]) => ({ ...names.member(one), expiresAt: iso(expires) })),
    };
  },
};

export const createAlliances = (deps: ComputeDeps) => ({
  list: (asker: Asker, input: ListInput) => listPage(deps, "alliance", showAlliance, asker, input),
  get: async (asker: Asker, { id }: { id: string }) =>
    showOne(deps, showAlliance, await deps.access.read(asker, alliance, id), asker),
});
