/** Where a compute task stands: its states, who decides next, and what every further act has to fit. */
import { iso } from "../base/clock.ts";
import { refuse } from "./errors.ts";
import { type PersistentMap, persistentMap } from "./persistent-map.ts";
import { type Act, kindsOf, type Named } from "./rulebook.ts";
import { type Definition, type Delivery, type Receipt, taskDigest } from "./task-definition.ts";
import type { Diagnosed } from "./task-diagnostics.ts";

/** The seed's states; expiry of an open request is judged against a clock by `stateAt`. */
export type TaskState =
  | "receiver-authorising" // 结果使用方授权中
  | "source-authorising" // 数据源提供方授权中
  | "model-authorising" // 模型提供方授权中
  | "authorised" // 计算任务授权成功
  | "authorisation-failed" // 计算任务授权失败
  | "running" // 计算任务执行中: authorised, and asked to run
  | "succeeded" // 计算任务执行成功
  | "failed"; // 计算任务执行失败

export interface Task extends Diagnosed {
  readonly id: string;
  readonly creator: string;
  readonly detail: string;
  readonly definition: Definition;
  readonly start: "automatic" | "manual";
  readonly created: number;
  /** When it lapses: as a request, and once it runs, as a run; scheduled, when no run is to come any more. */
  readonly expires: number;
  readonly state: TaskState;
  readonly modelOwner: string;
  /** Distinct owners of the sources, and when each authorised (0: not yet). */
  readonly providers: PersistentMap<number>;
  readonly delivery: Delivery | undefined;
  readonly decided: { readonly receiver: number; readonly model: number };
  readonly ended: { readonly by: string; readonly time: number; readonly code: string } | undefined;
  readonly receipt: Receipt | undefined;
  /** Which enclave runs it; before `task.delegated` has said another, the one that it names first. */
  readonly runner: string;
  /** Digest of the keys that it was handed for that; none where it holds them itself. */
  readonly keys: string | undefined;
  /** How often that was said. */
  readonly delegations: number;
  /** Enclaves that it was with before. */
  readonly runners: readonly string[];
  /** Which run it is of which scheduled task (by stream), under whose consents it runs. */
  readonly occurrence: { readonly of: string; readonly number: number } | undefined;
  /** When the receiver said that it has the result; 0: not yet. */
  readonly acknowledged: number;
  readonly result: { readonly digest: string; readonly size: number; readonly rows: number } | undefined;
}

/** The state at a time: a request that was not decided in time, or not run, has failed. */
export const stateAt = (task: Task, time: number): TaskState => {
  if (!lapses(task.state) || time <= task.expires) return task.state;
  // Its runs are over: that is no failure of its own.
  if (task.state === "authorised" && task.definition.schedule) return task.state;
  return task.state === "running" ? "failed" : "authorisation-failed";
};

/** Consent is not for ever: what was authorised and was not started, or did not end, lapses like an open request. */
const lapses = (state: TaskState) => isOpen(state) || state === "authorised" || state === "running";
export const isOpen = (state: TaskState) => state.endsWith("-authorising");

export const kind = kindsOf<Task>();

const NOTHING: Definition = {
  alliance: "",
  type: "ordinary",
  receiver: "",
  enclave: "",
  measurement: "",
  model: { stream: "", archive: "", runner: "", main: "" },
  sources: [],
  parameters: {},
  limits: { rows: 1, seconds: 1, memory: 64 },
};

/** What the streams of tasks are called and begin with. */
export const taskStreams: Named<Task> = {
  name: "task",
  initial: {
    id: "",
    creator: "",
    detail: "",
    definition: NOTHING,
    start: "automatic",
    created: 0,
    expires: 0,
    state: "receiver-authorising",
    modelOwner: "",
    providers: persistentMap(),
    delivery: undefined,
    decided: { receiver: 0, model: 0 },
    ended: undefined,
    receipt: undefined,
    diagnostics: [],
    runner: "",
    keys: undefined,
    delegations: 0,
    runners: [],
    occurrence: undefined,
    acknowledged: 0,
    result: undefined,
  },
};

export const requireState = (task: Task, act: Act<unknown>, ...states: TaskState[]) => {
  if (lapses(task.state) && act.time > task.expires) throw refuse("task.expired", { expires: iso(task.expires) });
  if (!states.includes(task.state)) throw refuse("task.state", { state: task.state, kind: act.kind });
};

export const requireDigest = (task: Task, stream: string, signed: string, delivery = task.delivery) => {
  const expected = delivery && taskDigest(stream, task.definition, delivery);
  if (signed !== expected) throw refuse("task.digest", { expected: expected ?? "" });
};

export const end = (state: Task, { by, time }: Act<unknown>, next: TaskState, code: string): Task => ({
  ...state,
  state: next,
  ended: { by, time, code },
});

/** Whoever decides at the present step. */
export const deciders = (task: Task): string[] => {
  switch (task.state) {
    case "receiver-authorising":
      return [task.definition.receiver];
    case "source-authorising":
      return [...task.providers].filter(([, time]) => time === 0).map(([provider]) => provider);
    case "model-authorising":
      return [task.modelOwner];
    default:
      return [];
  }
};

/** Everybody who may see the task. */
export const partiesOf = (task: Task): Set<string> =>
  new Set([task.creator, task.definition.receiver, task.modelOwner, ...task.providers.keys()]);
