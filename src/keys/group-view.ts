/** How a key group is shown. */
import { iso } from "../base/clock.ts";
import {
  type KeyGroup as GroupAnswer,
  groupRoleLabels,
  type KeyGroupSummary,
  proposalStateLabels,
} from "../contract/key-groups.ts";
import { isAdministrator, isOpen, type KeyGroup, keyGroup, type Proposal } from "../rules/key-group.ts";
import { stateOf } from "../rules/key-state.ts";
import type { Readable } from "../spine/access.ts";
import type { Names } from "../spine/names.ts";
import type { Answer, Show } from "../spine/show.ts";
import { findKey, type ViewDeps } from "./view-deps.ts";

const ROLES = [
  ["administrator", "administrators"],
  ["requester", "requesters"],
  ["approver", "approvers"],
] as const;

const awaits = (group: KeyGroup, proposal: Proposal, member: string | null, now: number): boolean =>
  member !== null &&
  isOpen(proposal, now) &&
  isAdministrator(group, member) &&
  ![...proposal.approved, ...proposal.refused].includes(member);

const summary = (deps: ViewDeps, { id, stream, state }: Readable<KeyGroup>, names: Names, member: string | null) => {
  const now = deps.now();
  const text = names.detail(state.detail);
  const kept = [...deps.index.keysOf(id)].filter((one) => {
    const key = findKey(deps, one);
    return key !== undefined && stateOf(key, now) !== "deleted";
  });
  return {
    id: state.id,
    stream: id,
    head: stream.head,
    name: String(text.name ?? ""),
    description: String(text.description ?? ""),
    creator: names.member(state.creator),
    nodes: state.nodes.map(deps.presence.nameOf),
    roles: ROLES.flatMap(([role, among]) =>
      member !== null && state[among].includes(member) ? [{ role, label: groupRoleLabels[role] }] : [],
    ),
    keyCount: kept.length,
    policyCount: state.policies.length,
    awaitsYou: state.proposals.some((one) => awaits(state, one, member, now)),
    createdAt: iso(state.created),
  };
};

export const showGroupSummary = (deps: ViewDeps): Show<KeyGroup, Answer<typeof KeyGroupSummary>> => ({
  book: keyGroup,
  wanted: ({ state }) => ({ members: [state.creator], details: [state.detail] }),
  show: (found, names, { member }) => summary(deps, found, names, member),
});

export const showGroup = (deps: ViewDeps): Show<KeyGroup, Answer<typeof GroupAnswer>> => ({
  book: keyGroup,
  wanted: ({ state }) => ({
    members: [
      state.creator,
      ...state.administrators,
      ...state.requesters,
      ...state.approvers,
      ...state.proposals.flatMap(({ by, approved, refused }) => [by, ...approved, ...refused]),
    ],
    details: [state.detail],
  }),
  show(found, names, { member }) {
    const { state: group } = found;
    const now = deps.now();
    const named = (members: readonly string[]) => members.map((one) => names.member(one));
    return {
      ...summary(deps, found, names, member),
      administrators: named(group.administrators),
      approvals: group.approvals,
      requesters: named(group.requesters),
      approvers: named(group.approvers),
      policies: [...group.policies],
      backup: (group.backup ?? []).map(({ node, recipient }) => ({ node: deps.presence.nameOf(node), recipient })),
      version: group.version,
      changedAt: iso(group.changed),
      proposals: group.proposals.toReversed().map((one) => {
        const state = one.state === "open" && !isOpen(one, now) ? "expired" : one.state;
        return {
          proposal: one.id,
          by: names.member(one.by),
          change: one.change,
          state,
          stateLabel: proposalStateLabels[state],
          agreed: named(one.approved),
          refused: named(one.refused),
          awaitsYou: awaits(group, one, member, now),
          createdAt: iso(one.proposed),
          expiresAt: iso(one.expires),
        };
      }),
    };
  },
});
