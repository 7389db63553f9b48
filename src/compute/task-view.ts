/** How a task is shown: its state in words, the five steps and who has decided. */
import type { z } from "zod";
import { iso } from "../base/clock.ts";
import { label } from "../contract/shapes.ts";
import { stepLabels, taskStateLabels } from "../contract/state-labels.ts";
import type { Step, Task as TaskAnswer, TaskSummary } from "../contract/tasks.ts";
import type { Ledger } from "../ledger/port.ts";
import { alliance } from "../rules/alliance.ts";
import { model } from "../rules/model.ts";
import { type Column, source } from "../rules/source.ts";
import { task } from "../rules/task.ts";
import { taskDigest } from "../rules/task-definition.ts";
import { nextDueOf } from "../rules/task-recurred.ts";
import { deciders, stateAt, type Task, type TaskState } from "../rules/task-state.ts";
import { streamOf } from "../rules/world.ts";
import type { Readable } from "../spine/access.ts";
import type { Names } from "../spine/names.ts";
import type { Answer, Show } from "../spine/show.ts";
import { showDiagnostics } from "./diagnostics-view.ts";
import { failureText } from "./failures.ts";
import { versionAt } from "./model-versions.ts";
import { sourceTypeLabel } from "./sources.ts";

type StepAnswer = z.output<typeof Step>;
type Decision = StepAnswer["decisions"][number];

/** What a task speaks of, as it stands now. */
const parts = (ledger: Ledger, { definition }: Task) => ({
  home: streamOf(ledger.world, alliance, definition.alliance)?.state,
  code: streamOf(ledger.world, model, definition.model.stream)?.state,
  tables: definition.sources.map((named) => ({
    named,
    state: streamOf(ledger.world, source, named.stream)?.state,
  })),
});

export const showTaskSummary = (ledger: Ledger, now: () => number): Show<Task, Answer<typeof TaskSummary>> => ({
  book: task,
  wanted: ({ state }) => ({
    members: [state.creator],
    details: [state.detail, parts(ledger, state).home?.detail ?? ""],
  }),
  show: (found, names, { member }) => summary(ledger, found, names, member, now()),
});

const summary = (
  ledger: Ledger,
  { id, stream, state: task }: Readable<Task>,
  names: Names,
  member: string | null,
  now: number,
) => {
  const state = stateAt(task, now);
  return {
    id: task.id,
    stream: id,
    head: stream.head,
    name: String(names.detail(task.detail).name ?? ""),
    creator: names.member(task.creator),
    alliance: {
      id: task.definition.alliance,
      name: String(names.detail(parts(ledger, task).home?.detail ?? "").name ?? ""),
    },
    state,
    stateLabel: taskStateLabels[state],
    createdAt: iso(task.created),
    expiresAt: iso(task.expires),
    awaitsYou: state === task.state && member !== null && deciders(task).includes(member),
    runnable: state === "authorised" && task.creator === member && !task.definition.schedule,
    schedule: showSchedule(task, now),
    occurrence: task.occurrence
      ? { task: idOf(ledger, task.occurrence.of), stream: task.occurrence.of, number: task.occurrence.number }
      : null,
  };
};

const idOf = (ledger: Ledger, stream: string): string => streamOf(ledger.world, task, stream)?.state.id ?? stream;

const showSchedule = (task: Task, now: number) => {
  const { schedule } = task.definition;
  if (!schedule) return null;
  const { every, runs, first = null } = schedule;
  const next = nextDueOf(task, now);
  return { every, runs, first, nextAt: next === undefined ? null : iso(next) };
};

export const showTask = (ledger: Ledger, now: () => number): Show<Task, Answer<typeof TaskAnswer>> => ({
  book: task,
  wanted({ state }) {
    const { home, code, tables } = parts(ledger, state);
    return {
      members: [
        state.creator,
        state.definition.receiver,
        state.modelOwner,
        ...state.providers.keys(),
        state.ended?.by ?? "",
      ],
      details: [state.detail, home?.detail, code?.detail, ...tables.map(({ state }) => state?.detail)].map(
        (d) => d ?? "",
      ),
    };
  },
  async show(found, names, { member }) {
    const task = found.state;
    const { definition, delivery } = task;
    const { code, tables } = parts(ledger, task);
    const state = stateAt(task, now());
    return {
      ...summary(ledger, found, names, member, now()),
      description: String(names.detail(task.detail).description ?? ""),
      type: definition.type,
      start: task.start,
      definition,
      delivery: delivery ?? null,
      runsIn: task.runner,
      digest: delivery ? taskDigest(found.id, definition, delivery) : null,
      receiver: names.member(definition.receiver),
      model: {
        id: code?.id ?? definition.model.stream,
        name: String(names.detail(code?.detail ?? "").name ?? ""),
        version: await versionFor(ledger, found),
        owner: names.member(task.modelOwner),
        open: code !== undefined && !definition.model.envelope,
      },
      sources: tables.map(({ named, state }) => {
        const detail = names.detail(state?.detail ?? "");
        return {
          id: state?.id ?? named.stream,
          name: String(detail.name ?? ""),
          description: String(detail.description ?? ""),
          type: state?.type ?? "",
          typeLabel: sourceTypeLabel(state?.type ?? ""),
          owner: names.member(state?.owner ?? ""),
          table: named.table,
          columns: (detail.columns ?? []) as Column[],
        };
      }),
      steps: stepsOf(task, state, names),
      deciders: state === task.state ? deciders(task).map((one) => names.member(one)) : [],
      receipt: task.receipt ?? null,
      result: task.result ?? null,
      acknowledgedAt: task.acknowledged ? iso(task.acknowledged) : null,
      failure: failureOf(task, state, names),
      endedAt: task.ended ? iso(task.ended.time) : null,
      diagnostics: showDiagnostics(task.diagnostics.at(-1), names, now()),
    };
  },
});

/** The model's version that it was made with, whatever the model is by now; of a run, that of the task it is of. */
const versionFor = async (ledger: Ledger, { id, state: { definition, occurrence } }: Readable<Task>) => {
  const { stream } = definition.model;
  const code = streamOf(ledger.world, model, stream)?.state;
  const [made = 0] = ledger.positions(occurrence?.of ?? id);
  return code ? versionAt(ledger, stream, code, made) : "";
};

const ORDER: readonly TaskState[] = ["receiver-authorising", "source-authorising", "model-authorising"];

const stepsOf = (task: Task, state: TaskState, names: Names): StepAnswer[] => {
  const failed = state === "authorisation-failed";
  const at = ORDER.indexOf(
    task.decided.receiver === 0
      ? "receiver-authorising"
      : task.providers.every(Boolean)
        ? "model-authorising"
        : "source-authorising",
  );
  const decision = (member: string, time: number, current: boolean): Decision => {
    const own = task.ended?.by === member ? task.ended : undefined;
    if (own?.code === "revoked" && time > 0)
      return { member: names.member(member), decision: "revoked", at: iso(own.time) };
    const refused = failed && current && (task.ended ? own?.code === "refused" : time === 0);
    return {
      member: names.member(member),
      decision: refused ? (task.ended ? "refused" : "expired") : time ? "authorised" : null,
      at: refused ? iso(task.ended?.time ?? task.expires) : time ? iso(time) : null,
    };
  };
  const step = (
    name: "receiver" | "sources" | "model",
    position: number,
    decisions: [string, number][],
  ): StepAnswer => {
    const decided = decisions.filter(([, time]) => time > 0).length;
    const done = decided === decisions.length;
    return {
      step: name,
      label: stepLabels[name],
      state: done ? "done" : position > at ? "waiting" : failed ? "failed" : "current",
      decided,
      of: decisions.length,
      decisions: decisions.map(([member, time]) => decision(member, time, position === at && !done)),
    };
  };
  const complete = task.decided.model > 0;
  return [
    {
      step: "request",
      label: stepLabels.request,
      state: "done",
      decided: 1,
      of: 1,
      decisions: [{ member: names.member(task.creator), decision: "asked", at: iso(task.created) }],
    },
    step("receiver", 0, [[task.definition.receiver, task.decided.receiver]]),
    step("sources", 1, [...task.providers]),
    step("model", 2, [[task.modelOwner, task.decided.model]]),
    {
      step: "complete",
      label: stepLabels.complete,
      state: complete ? "done" : failed ? "failed" : "waiting",
      decided: complete ? 1 : 0,
      of: 1,
      decisions: [],
    },
  ];
};

const EXPIRED = label(
  "Not everybody authorised within seven days. Create the task again.",
  "未在 7 天内完成全部授权。请重新创建任务。",
);
const LAPSED = label(
  "The run did not end within seven days. Create the task again.",
  "任务未在 7 天内执行完毕。请重新创建任务。",
);
const REFUSED = label(
  "A party refused. Ask it why, then create the task again.",
  "有成员拒绝了授权。请与其沟通后重新创建任务。",
);
const REVOKED = label(
  "A party took its authorisation back. Ask it why, then create the task again.",
  "有成员撤销了授权。请与其沟通后重新创建任务。",
);

const failureOf = (task: Task, state: TaskState, names: Names) => {
  if (state !== "authorisation-failed" && state !== "failed") return null;
  const code = task.ended?.code ?? (state === "failed" ? "lapsed" : "expired");
  const own = { expired: EXPIRED, lapsed: LAPSED, refused: REFUSED, revoked: REVOKED }[code];
  return {
    code,
    text: own ?? failureText(code),
    // The enclave is no member.
    by: task.ended && task.ended.by !== task.runner ? names.member(task.ended.by) : null,
  };
};
