/** The rows of one stream: a function of its state and the text kept beside. */
import type { Alliance } from "../rules/alliance.ts";
import type { Model } from "../rules/model.ts";
import type { Organisation } from "../rules/organisation.ts";
import type { StreamState } from "../rules/rulebook.ts";
import type { Shared } from "../rules/sharing.ts";
import type { Source } from "../rules/source.ts";
import { partiesOf, type Task } from "../rules/task-state.ts";
import type { PartyRow, ResourceKind, ResourceRow } from "./views-schema.ts";
import type { Projection } from "./views-store.ts";

type Detail = Record<string, unknown> | undefined;
type Project = (stream: string, state: unknown, detail: Detail) => Projection;

/** Digest of the detail that a stream's rows are made from. */
export const detailOf = ({ state }: StreamState): string | undefined => (state as { detail?: string }).detail;

export const projectStream = (id: string, stream: StreamState, detail: Detail): Projection =>
  projections[stream.book]?.(id, stream.state, detail) ?? { parties: [] };

const text = (detail: Detail, name: string): string => String(detail?.[name] ?? "");

const resource = (
  stream: string,
  kind: ResourceKind,
  row: Omit<ResourceRow, "stream" | "kind" | "search" | "expiresAt"> & { expiresAt?: number },
): ResourceRow => ({
  expiresAt: null,
  ...row,
  stream,
  kind,
  search: `${row.name} ${row.id}`.toLowerCase(),
});

const party = (stream: string, member: string, relation: PartyRow["relation"], via = stream): PartyRow => ({
  stream,
  member,
  relation,
  via,
});

const shared = (stream: string, kind: ResourceKind, state: Shared, detail: Detail): Projection => ({
  resource: resource(stream, kind, {
    id: state.id,
    owner: state.owner,
    name: text(detail, "name"),
    permission: state.permission.kind,
    state: state.withdrawn ? "withdrawn" : "active",
    createdAt: state.created,
  }),
  parties:
    state.permission.kind === "named"
      ? [...new Set(state.permission.members)].map((member) => party(stream, member, "named"))
      : [],
});

const projections: Record<string, Project> = {
  organisation(id, state, detail) {
    return { parties: [], member: { id, appId: (state as Organisation).appId, nickname: text(detail, "nickname") } };
  },
  alliance(stream, state, detail) {
    const { creator, created, members, invitations } = state as Alliance;
    const open = [...invitations].filter(([, { answer }]) => answer === "open");
    return {
      resource: resource(stream, "alliance", {
        id: stream,
        owner: creator,
        name: text(detail, "name"),
        permission: "private",
        state: "active",
        createdAt: created,
      }),
      parties: [
        ...[...members.keys()].map((member) => party(stream, member, "member")),
        ...open.map(([member]) => party(stream, member, "invited")),
      ],
    };
  },
  model: (stream, state, detail) => shared(stream, "model", state as Model, detail),
  source: (stream, state, detail) => shared(stream, "source", state as Source, detail),
  task(stream, state, detail) {
    const task = state as Task;
    const used = [task.definition.model.stream, ...task.definition.sources.map((source) => source.stream)];
    return {
      // Runs are listed with the task that they are of.
      resource: resource(stream, task.occurrence ? "occurrence" : "task", {
        id: task.id,
        owner: task.creator,
        name: text(detail, "name"),
        permission: "private",
        state: task.state,
        createdAt: task.created,
        // The runs of a scheduled task come to an end without its having failed.
        ...(!(task.definition.schedule && task.state === "authorised") && { expiresAt: task.expires }),
      }),
      parties: [...partiesOf(task)].flatMap((member) => [
        party(stream, member, "party"),
        // Who may look at what it uses, the scheduled task has said.
        ...(task.occurrence ? [] : used).map((other) => party(other, member, "task", stream)),
      ]),
    };
  },
};
