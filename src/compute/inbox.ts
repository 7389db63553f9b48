/** What the event centre (事件中心) shows because of a stream: who has to decide, and what became of it. */
import type { Alliance } from "../rules/alliance.ts";
import type { Task } from "../rules/task-state.ts";
import type { InboxEvent } from "../spine/book-view.ts";

export const eventsOfAlliance = (stream: string, { invitations, detail }: Alliance): InboxEvent[] =>
  [...invitations].map(([member, { by, sent, expires, answer, answered }]) => ({
    member,
    stream,
    kind: "invitation",
    by,
    name: detail,
    state: answer === "open" ? "pending" : answer === "joined" ? "succeeded" : "failed",
    createdAt: sent,
    expiresAt: expires,
    handledAt: answered || null,
  }));

export const eventsOfTask = (stream: string, task: Task): InboxEvent[] => [
  // A run of a scheduled task asks nobody whether it may: that was done once for all.
  ...(task.occurrence ? [] : authorisationsOf(stream, task)),
  ...diagnosticsOf(stream, task),
];

/** One event a party, from the step at which it is asked. A party with several roles is asked in each, in one event. */
const authorisationsOf = (stream: string, task: Task): InboxEvent[] => {
  const { receiver } = task.definition;
  const asked = new Map<string, number[]>([[receiver, [task.decided.receiver]]]);
  const ask = (member: string, decided: number) => asked.set(member, [...(asked.get(member) ?? []), decided]);
  if (task.decided.receiver) for (const [member, decided] of task.providers) ask(member, decided);
  if (task.decided.receiver && task.providers.every(Boolean)) ask(task.modelOwner, task.decided.model);

  const refused = task.state === "authorisation-failed";
  return [...asked].map(([member, decisions]) => {
    const done = decisions.every(Boolean);
    return {
      member,
      stream,
      kind: "authorisation",
      by: task.creator,
      name: task.detail,
      state: refused ? "failed" : done ? "succeeded" : "pending",
      createdAt: task.created,
      expiresAt: task.expires,
      handledAt: done ? Math.max(...decisions) : refused ? (task.ended?.time ?? null) : null,
    };
  });
};

/** One event for each who decides on the newest request for diagnostics; another request takes its place. */
const diagnosticsOf = (stream: string, task: Task): InboxEvent[] => {
  const asked = task.diagnostics.at(-1);
  if (!asked) return [];
  const { by, refused, created: createdAt, expires: expiresAt } = asked;
  return [...asked.deciders]
    .filter(([member]) => member !== by)
    .map(([member, decided]) => ({
      ...{ member, stream, kind: "diagnostics", by, name: task.detail, createdAt, expiresAt },
      state: refused ? "failed" : decided ? "succeeded" : "pending",
      handledAt: refused?.time ?? (decided || null),
    }));
};
