/** The pillar's kinds of stream, as the spine lists, shows and announces them. */
import { createPolicies } from "../policy/cedar.ts";
import { type KeyGroup, type KeyPolicy, membersOf, type Proposal } from "../rules/key-group.ts";
import { approvalsOf, type KeyRequest } from "../rules/key-request-state.ts";
import type { Key } from "../rules/key-state.ts";
import {
  type AnyBookView,
  type BookView,
  type Detail,
  type InboxEvent,
  partyRow,
  resourceRow,
  textOf,
} from "../spine/book-view.ts";
import type { Projection } from "../spine/views-store.ts";
import { showGroup } from "./group-view.ts";
import { showKey } from "./key-view.ts";
import { showRequest } from "./request-view.ts";
import { findGroup, findKey, type ViewDeps } from "./view-deps.ts";

export const keyBooks = (deps: ViewDeps): AnyBookView[] => [groupBook(deps), keyBook(deps), requestBook(deps)];

const groupBook = (deps: ViewDeps): BookView<KeyGroup> => ({
  ...showGroup(deps),
  project: projectGroup,
  inbox: changesOf,
  listeners: membersOf,
  check: requirePolicies,
});

/** Nodes let nothing pass where they cannot read a policy, so one with a mistake does not come to the ledger. */
const requirePolicies = (payload: object): void => {
  const { policies, change } = payload as { policies?: KeyPolicy[]; change?: { policies?: KeyPolicy[] } };
  createPolicies(policies ?? change?.policies ?? []);
};

const projectGroup = (stream: string, group: KeyGroup, detail: Detail): Projection => {
  const open = group.proposals.filter(({ state }) => state === "open");
  const decided = new Set(open.flatMap(({ approved, refused }) => [...approved, ...refused]));
  const awaited = open.length > 0 ? group.administrators.filter((one) => !decided.has(one)) : [];
  return {
    resource: resourceRow(stream, {
      kind: "key-group",
      id: group.id,
      owner: group.creator,
      name: textOf(detail, "name"),
      permission: "private",
      state: "active",
      createdAt: group.created,
      // Until then somebody may have to decide.
      expiresAt: open.length > 0 ? Math.max(...open.map(({ expires }) => expires)) : null,
    }),
    parties: [
      ...[...membersOf(group)].map((one) => partyRow(stream, one, "party")),
      ...group.administrators.map((one) => partyRow(stream, one, "administrator")),
      ...group.requesters.map((one) => partyRow(stream, one, "requester")),
      ...group.approvers.map((one) => partyRow(stream, one, "approver")),
      ...awaited.map((one) => partyRow(stream, one, "awaited")),
    ],
  };
};

/** One event an administrator, of the newest proposal; another takes its place. */
const changesOf = (stream: string, group: KeyGroup): InboxEvent[] => {
  const newest = group.proposals.at(-1);
  if (!newest) return [];
  const { by, proposed: createdAt, expires: expiresAt } = newest;
  return group.administrators
    .filter((member) => member !== by)
    .map((member) => {
      const state = stateFor(newest, member);
      const handledAt = state === "pending" ? null : group.changed;
      return { member, stream, kind: "group-change", by, name: group.detail, state, createdAt, expiresAt, handledAt };
    });
};

const stateFor = ({ state, approved, refused }: Proposal, member: string): InboxEvent["state"] => {
  if (state === "effective" || approved.includes(member)) return "succeeded";
  return state === "open" && !refused.includes(member) ? "pending" : "failed";
};

const keyBook = (deps: ViewDeps): BookView<Key> => ({
  ...showKey(deps),
  project: projectKey,
  listeners: ({ group }) => membersOfGroup(deps, group),
  content: ({ origin }) => (origin.kind === "imported" ? [...origin.shares] : []),
  brings: (payload) => (payload as { origin?: { shares?: string[] } }).origin?.shares ?? [],
});

const membersOfGroup = (deps: ViewDeps, group: string): Iterable<string> => {
  const found = findGroup(deps, group);
  return found ? membersOf(found) : [];
};

const projectKey = (stream: string, key: Key, detail: Detail): Projection => {
  const {
    alias = "",
    description = "",
    tags = {},
  } = (detail ?? {}) as {
    alias?: string;
    description?: string;
    tags?: Record<string, string>;
  };
  const words = [alias, key.id, description, ...Object.entries(tags).flat(), key.publicKey].join(" ");
  return {
    resource: {
      ...resourceRow(stream, {
        kind: "key",
        id: key.id,
        owner: key.creator,
        name: alias,
        permission: "private",
        createdAt: key.created,
        home: key.group,
        subject: key.scheme,
        ...keyLapse(key),
      }),
      search: words.toLowerCase(),
    },
    parties: [],
  };
};

/** The state on the ledger, and what it becomes by itself. */
const keyLapse = ({ status, deletion, attempt }: Key) => {
  if (deletion > 0) return { state: "deletion-scheduled", expiresAt: deletion - 1, lapsesTo: "deleted" };
  if (status === "pending" && attempt) return { state: status, expiresAt: attempt.expires, lapsesTo: "failed" };
  return { state: status };
};

const requestBook = (deps: ViewDeps): BookView<KeyRequest> => ({
  ...showRequest(deps),
  project: (stream, request, detail) => projectRequest(deps, stream, request, detail),
  inbox: (stream, request) => approvalsAsked(deps, stream, request),
  listeners: ({ key }) => membersOfGroup(deps, findKey(deps, key)?.group ?? ""),
});

const projectRequest = (deps: ViewDeps, stream: string, request: KeyRequest, detail: Detail): Projection => ({
  resource: resourceRow(stream, {
    kind: "key-request",
    id: request.id,
    owner: request.requester,
    name: textOf(detail, "note"),
    permission: "private",
    state: request.status,
    createdAt: request.created,
    home: findKey(deps, request.key)?.group ?? null,
    subject: request.key,
    ...(request.status === "pending" && { expiresAt: request.expires, lapsesTo: "expired" }),
  }),
  parties: request.approvals.map(({ by }) => partyRow(stream, by, "decided")),
});

/** One event for each who may approve it. */
const approvalsAsked = (deps: ViewDeps, stream: string, request: KeyRequest): InboxEvent[] => {
  const key = findKey(deps, request.key);
  const group = key && findGroup(deps, key.group);
  const { requester: by, created: createdAt, expires: expiresAt, status, ended, completed } = request;
  return (group?.approvers ?? [])
    .filter((member) => member !== by)
    .map((member) => {
      const counted = group && approvalsOf(request, group).includes(member);
      const approved = counted ? request.approvals.find((one) => one.by === member) : undefined;
      const state = approved || completed ? "succeeded" : status === "pending" ? "pending" : "failed";
      const handledAt = approved?.time ?? completed?.time ?? ended?.time ?? null;
      return { member, stream, kind: "signature", by, name: request.detail, state, createdAt, expiresAt, handledAt };
    });
};
