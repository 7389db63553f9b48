/** The pillar's kinds of stream, as the spine lists, shows and announces them. */
import type { Clock } from "../base/clock.ts";
import type { Ledger } from "../ledger/port.ts";
import { type Alliance, invited } from "../rules/alliance.ts";
import type { Model } from "../rules/model.ts";
import type { Shared } from "../rules/sharing.ts";
import type { Source } from "../rules/source.ts";
import { partiesOf, type Task } from "../rules/task-state.ts";
import { type AnyBookView, type Detail, partyRow, resourceRow, textOf } from "../spine/book-view.ts";
import type { ResourceKind, ResourceRow } from "../spine/views-schema.ts";
import type { Projection } from "../spine/views-store.ts";
import { showAlliance } from "./alliances.ts";
import { eventsOfAlliance, eventsOfTask } from "./inbox.ts";
import { showModel } from "./models.ts";
import { showSource } from "./sources.ts";
import { showTask } from "./task-view.ts";

export const computeBooks = ({ ledger, clock }: { ledger: Ledger; clock: Clock }): AnyBookView[] => [
  {
    ...showAlliance,
    project: projectAlliance,
    inbox: eventsOfAlliance,
    listeners: (state: Alliance) => [...state.members.keys(), ...invitedTo(state)],
    asksIn: (kind, payload) => (kind === invited.name ? (payload as { member: string }).member : undefined),
  },
  {
    ...showModel(ledger),
    project: (stream, state: Model, detail) => shared(stream, "model", state, detail),
    content: ({ archive, envelope, description }: Model) =>
      [archive, envelope, description].flatMap((file) => file?.digest ?? []),
  },
  {
    ...showSource(ledger),
    project: (stream, state: Source, detail) => shared(stream, "source", state, detail),
    // Whoever agreed to an archive in advance may want to see later what has changed since.
    content: ({ envelope, grants }: Source) => [
      envelope.digest,
      ...[...grants.values()].flatMap((one) => (one.withdrawn ? [] : one.archive)),
    ],
  },
  {
    ...showTask(ledger, () => clock.now()),
    project: projectTask,
    inbox: eventsOfTask,
    listeners: partiesOf,
    // A task keeps what it was authorised over, whatever its model and sources are by now.
    content: ({ result, definition, delivery }: Task) =>
      [
        result?.digest,
        definition.model.archive,
        definition.model.envelope,
        delivery?.destination,
        ...definition.sources.map((used) => used.envelope),
      ].flatMap((digest) => digest ?? []),
  },
];

const shared = (stream: string, kind: ResourceKind, state: Shared, detail: Detail): Projection => ({
  resource: resourceRow(stream, {
    kind,
    id: state.id,
    owner: state.owner,
    name: textOf(detail, "name"),
    permission: state.permission.kind,
    state: state.withdrawn ? "withdrawn" : "active",
    createdAt: state.created,
  }),
  parties:
    state.permission.kind === "named"
      ? [...new Set(state.permission.members)].map((member) => partyRow(stream, member, "named"))
      : [],
});

/** Members that have not answered yet. */
const invitedTo = ({ invitations }: Alliance): string[] =>
  [...invitations].flatMap(([member, { answer }]) => (answer === "open" ? [member] : []));

const projectAlliance = (stream: string, state: Alliance, detail: Detail): Projection => {
  const { creator, created, members } = state;
  return {
    resource: resourceRow(stream, {
      kind: "alliance",
      id: stream,
      owner: creator,
      name: textOf(detail, "name"),
      permission: "private",
      state: "active",
      createdAt: created,
    }),
    parties: [
      ...[...members.keys()].map((member) => partyRow(stream, member, "member")),
      ...invitedTo(state).map((member) => partyRow(stream, member, "invited")),
    ],
  };
};

/** A request beyond its expiry has failed, and so has a run. */
const lapse = ({ state, expires }: Task): Partial<Pick<ResourceRow, "expiresAt" | "lapsesTo">> => {
  const asked = state === "authorised" || state.endsWith("-authorising");
  return asked || state === "running"
    ? { expiresAt: expires, lapsesTo: asked ? "authorisation-failed" : "failed" }
    : { expiresAt: expires };
};

const projectTask = (stream: string, task: Task, detail: Detail): Projection => {
  const used = [task.definition.model.stream, ...task.definition.sources.map((source) => source.stream)];
  return {
    resource: resourceRow(stream, {
      // Runs are listed with the task that they are of.
      kind: task.occurrence ? "occurrence" : "task",
      id: task.id,
      owner: task.creator,
      name: textOf(detail, "name"),
      permission: "private",
      state: task.state,
      createdAt: task.created,
      // The runs of a scheduled task come to an end without its having failed.
      ...(!(task.definition.schedule && task.state === "authorised") && lapse(task)),
    }),
    parties: [...partiesOf(task)].flatMap((member) => [
      partyRow(stream, member, "party"),
      // Who may look at what it uses, the scheduled task has said.
      ...(task.occurrence ? [] : used).map((other) => partyRow(other, member, "task", stream)),
    ]),
  };
};
