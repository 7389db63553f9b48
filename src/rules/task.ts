/**
 * A compute task (计算任务): one model, one to five data sources, one receiver, and their authorisation in order:
 * 1 request, 2 receiver, 3 data providers (n of m), 4 model provider, 5 complete. Then the enclave runs it, once.
 */
import { z } from "zod";
import { iso } from "../base/clock.ts";
import { receiverKey } from "../trust/envelope/recipient.ts";
import { alliance } from "./alliance.ts";
import { type EnclaveState, enclave } from "./enclave.ts";
import { refuse } from "./errors.ts";
import { beyondGrant, takesKey } from "./grant.ts";
import { model } from "./model.ts";
import { type PersistentMap, persistentMap } from "./persistent-map.ts";
import { type Act, type Elsewhere, kindsOf, type Rulebook } from "./rulebook.ts";
import { Description, Digest, OPEN_FOR, PlainName, resourceId, Salt } from "./shapes.ts";
import { mayUse } from "./sharing.ts";
import { source } from "./source.ts";
import { type Definition, Delivery, definition, Receipt, Result, taskDigest } from "./task-definition.ts";
import { type Diagnosed, diagnosticsKinds } from "./task-diagnostics.ts";

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
  /** When it lapses: as a request, and once it runs, as a run. */
  readonly expires: number;
  readonly state: TaskState;
  readonly modelOwner: string;
  /** Distinct owners of the sources, and when each authorised (0: not yet). */
  readonly providers: PersistentMap<number>;
  readonly delivery: Delivery | undefined;
  readonly decided: { readonly receiver: number; readonly model: number };
  readonly ended: { readonly by: string; readonly time: number; readonly code: string } | undefined;
  readonly receipt: Receipt | undefined;
  /** When the receiver said that it has the result; 0: not yet. */
  readonly acknowledged: number;
  readonly result: { readonly digest: string; readonly size: number; readonly rows: number } | undefined;
}

/** The state at a time: a request that was not decided in time, or not run, has failed. */
export const stateAt = (task: Task, time: number): TaskState => {
  if (!lapses(task.state) || time <= task.expires) return task.state;
  return task.state === "running" ? "failed" : "authorisation-failed";
};

/** Consent is not for ever: what was authorised and was not started, or did not end, lapses like an open request. */
const lapses = (state: TaskState) => isOpen(state) || state === "authorised" || state === "running";
const isOpen = (state: TaskState) => state.endsWith("-authorising");

const kind = kindsOf<Task>();

export const created = kind({
  name: "task.created",
  founds: true,
  by: "organisation",
  payload: z.strictObject({
    id: resourceId("T"),
    ...definition,
    /** Run as soon as the last authorisation is on the ledger, or when the creator asks (执行任务). */
    start: z.enum(["automatic", "manual"]),
    detail: Digest,
  }),
  detail: z.strictObject({ salt: Salt, name: PlainName, description: Description }),
  refers: ({ alliance, receiver, enclave, model, sources }) => [
    alliance,
    receiver,
    enclave,
    model.stream,
    ...sources.map((source) => source.stream),
  ],
  apply: (state, { by, time, payload }, elsewhere) => {
    const { id, start, detail, ...definition } = payload;
    const { modelOwner, providers } = requireUsable(definition, by, elsewhere, time);
    return {
      ...state,
      id,
      creator: by,
      detail,
      definition,
      start,
      created: time,
      expires: time + OPEN_FOR,
      modelOwner,
      providers: decidedBy(providers, time),
    };
  },
});

/** A provider whose every source comes under a grant has decided already. */
const decidedBy = (providers: readonly { owner: string; granted: boolean }[], time: number): Task["providers"] => {
  const waiting = new Set(providers.filter(({ granted }) => !granted).map(({ owner }) => owner));
  return persistentMap(providers.map(({ owner }) => [owner, waiting.has(owner) ? 0 : time]));
};

/** Every party is in the alliance, everything named exists, is shared with the creator and is as it was described. */
const requireUsable = (task: Definition, creator: string, elsewhere: Elsewhere, time: number) => {
  const home = elsewhere.stream(alliance, task.alliance)?.state;
  const unknown = (id: string) => refuse("resource.not-shared", { id });
  const isMember = (member: string) => home?.members.has(member) ?? false;
  if (!home || !isMember(creator)) throw refuse("member.required", { id: task.alliance });
  if (!isMember(task.receiver)) throw unknown(task.receiver);
  if (home.enclave !== task.enclave) throw refuse("enclave.mismatch", { id: task.alliance, enclave: task.enclave });
  if (requireEnclave(elsewhere, task.enclave).measurement !== task.measurement)
    throw refuse("enclave.unknown", { enclave: task.enclave });

  const code = elsewhere.stream(model, task.model.stream)?.state;
  if (!code || !isMember(code.owner) || !mayUse(code, creator)) throw unknown(task.model.stream);
  if (code.withdrawn) throw refuse("resource.withdrawn", { id: code.id });
  if (code.enclave !== task.enclave) throw refuse("enclave.mismatch", { id: code.id, enclave: task.enclave });
  const { archive, envelope, runner, main } = task.model;
  const same = code.archive.digest === archive && code.envelope?.digest === envelope;
  if (!same || code.runner !== runner || code.main !== main) throw refuse("resource.changed", { id: code.id });

  const { length: count } = task.sources;
  const distinct = (name: "stream" | "table") => new Set(task.sources.map((one) => one[name])).size === count;
  if (count < 1 || count > 5 || !distinct("stream") || !distinct("table")) throw refuse("task.sources", { count });
  const providers = task.sources.map((named) => {
    const table = elsewhere.stream(source, named.stream)?.state;
    if (!table || !isMember(table.owner) || !mayUse(table, creator)) throw unknown(named.stream);
    if (table.withdrawn) throw refuse("resource.withdrawn", { id: table.id });
    if (table.enclave !== task.enclave) throw refuse("enclave.mismatch", { id: table.id, enclave: task.enclave });
    if (table.envelope.digest !== named.envelope || table.structure !== named.structure)
      throw refuse("resource.changed", { id: table.id });
    if (named.grant !== undefined) {
      const asked = { creator, task, source: named };
      const reason = beyondGrant(table.grants.get(named.grant), asked, time);
      if (reason) throw refuse("task.grant", { grant: named.grant, reason });
    }
    return { owner: table.owner, granted: named.grant !== undefined };
  });
  return { modelOwner: code.owner, providers };
};

const requireEnclave = (elsewhere: Elsewhere, id: string): EnclaveState => {
  const found = elsewhere.stream(enclave, id)?.state;
  if (!found) throw refuse("enclave.unknown", { enclave: id });
  return found;
};

const requireState = (task: Task, act: Act<unknown>, ...states: TaskState[]) => {
  if (lapses(task.state) && act.time > task.expires) throw refuse("task.expired", { expires: iso(task.expires) });
  if (!states.includes(task.state)) throw refuse("task.state", { state: task.state, kind: act.kind });
};

const requireDigest = (task: Task, stream: string, signed: string, delivery = task.delivery) => {
  const expected = delivery && taskDigest(stream, task.definition, delivery);
  if (signed !== expected) throw refuse("task.digest", { expected: expected ?? "" });
};

export const receiverAuthorised = kind({
  name: "task.receiver-authorised",
  by: "organisation",
  payload: z.strictObject({ task: Digest, delivery: Delivery }),
  apply: (state, act, elsewhere) => {
    if (act.by !== state.definition.receiver) throw refuse("task.party", { id: state.id });
    requireState(state, act, "receiver-authorising");
    requireDigest(state, act.stream, act.payload.task, act.payload.delivery);
    receiverKey(act.payload.delivery.key);
    requireGrantedKey(state, act.payload.delivery, elsewhere);
    return {
      ...state,
      state: state.providers.every(Boolean) ? "model-authorising" : "source-authorising",
      delivery: act.payload.delivery,
      decided: { ...state.decided, receiver: act.time },
    };
  },
});

/** Whoever gave a grant did not see this key; it may have said which. */
const requireGrantedKey = ({ definition }: Task, delivery: Delivery, elsewhere: Elsewhere): void => {
  for (const { stream, grant: id } of definition.sources) {
    const grant = id === undefined ? undefined : elsewhere.stream(source, stream)?.state.grants.get(id);
    if (id !== undefined && !(grant && takesKey(grant, delivery)))
      throw refuse("task.grant", { grant: id, reason: "it is for another key" });
  }
};

export const sourceAuthorised = kind({
  name: "task.source-authorised",
  by: "organisation",
  payload: z.strictObject({ task: Digest }),
  apply: (state, act) => {
    const decided = state.providers.get(act.by);
    if (decided === undefined) throw refuse("task.party", { id: state.id });
    requireState(state, act, "source-authorising");
    if (decided) throw refuse("task.decided", { id: state.id });
    requireDigest(state, act.stream, act.payload.task);
    const providers = state.providers.set(act.by, act.time);
    return { ...state, providers, state: providers.every(Boolean) ? "model-authorising" : state.state };
  },
});

export const modelAuthorised = kind({
  name: "task.model-authorised",
  by: "organisation",
  payload: z.strictObject({ task: Digest }),
  apply: (state, act) => {
    if (act.by !== state.modelOwner) throw refuse("task.party", { id: state.id });
    requireState(state, act, "model-authorising");
    requireDigest(state, act.stream, act.payload.task);
    const authorised: Task = { ...state, state: "authorised", decided: { ...state.decided, model: act.time } };
    return state.start === "automatic" ? running(authorised) : authorised;
  },
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

export const refused = kind({
  name: "task.refused",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act) => {
    if (!partiesOf(state).has(act.by)) throw refuse("task.party", { id: state.id });
    requireState(state, act, "receiver-authorising", "source-authorising", "model-authorising");
    if (!deciders(state).includes(act.by)) throw refuse("task.party", { id: state.id });
    return end(state, act, "authorisation-failed", "refused");
  },
});

/** Takes back a consent that was given, until the result is on the ledger. */
export const revoked = kind({
  name: "task.revoked",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act) => {
    const gave =
      Boolean(state.providers.get(act.by)) ||
      (act.by === state.modelOwner && state.decided.model > 0) ||
      (act.by === state.definition.receiver && state.decided.receiver > 0);
    if (!gave) throw refuse("task.party", { id: state.id });
    requireState(state, act, "source-authorising", "model-authorising", "authorised", "running");
    return end(state, act, isOpen(state.state) ? "authorisation-failed" : "failed", "revoked");
  },
});

export const runRequested = kind({
  name: "task.run-requested",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act) => {
    if (act.by !== state.creator) throw refuse("task.party", { id: state.id });
    requireState(state, act, "authorised");
    return running(state);
  },
});

/** Consent is good for seven days from the last authorisation, whenever the run is asked for. */
const running = (task: Task): Task => ({ ...task, state: "running", expires: task.decided.model + OPEN_FOR });

/** 结果使用方确认: the receiver says that it has the result and could open it. Nothing follows from it but that it is known. */
export const acknowledged = kind({
  name: "task.acknowledged",
  by: "organisation",
  payload: z.strictObject({ result: Digest }),
  apply: (state, act) => {
    if (act.by !== state.definition.receiver) throw refuse("task.party", { id: state.id });
    requireState(state, act, "succeeded");
    if (state.acknowledged) throw refuse("task.decided", { id: state.id });
    if (act.payload.result !== state.result?.digest) throw refuse("task.receipt", { reason: "result" });
    return { ...state, acknowledged: act.time };
  },
});

export const completed = kind({
  name: "task.completed",
  by: "enclave",
  payload: z.strictObject({ receipt: Receipt, result: Result }),
  apply: (state, act, elsewhere) => {
    requireReceipt(state, act, elsewhere);
    return { ...end(state, act, "succeeded", ""), ...act.payload };
  },
});

export const failed = kind({
  name: "task.failed",
  by: "enclave",
  payload: z.strictObject({ task: Digest, code: z.string().regex(/^[a-z0-9.-]{1,64}$/) }),
  apply: (state, act) => {
    if (act.by !== state.definition.enclave) throw refuse("task.party", { id: state.id });
    requireState(state, act, "running");
    requireDigest(state, act.stream, act.payload.task);
    return end(state, act, "failed", act.payload.code);
  },
});

/** The receipt is of this task, this code, these sources, this measurement, and the isolation that was promised. */
const requireReceipt = (
  state: Task,
  act: Act<{ receipt: Receipt; result: z.output<typeof Result> }>,
  elsewhere: Elsewhere,
) => {
  const { receipt, result } = act.payload;
  if (act.by !== state.definition.enclave) throw refuse("task.party", { id: state.id });
  requireState(state, act, "running");
  requireDigest(state, act.stream, receipt.task);
  const fits: [boolean, string][] = [
    [receipt.measurement === state.definition.measurement, "measurement"],
    [receipt.isolation === requireEnclave(elsewhere, act.by).isolation, "isolation"],
    [receipt.model === state.definition.model.archive, "model"],
    [receipt.sources.length === state.definition.sources.length, "sources"],
    [
      receipt.sources.every((read, i) => {
        const named = state.definition.sources[i];
        return read.stream === named?.stream && read.envelope === named.envelope;
      }),
      "sources",
    ],
    [result.rows <= state.definition.limits.rows, "rows"],
    [Date.parse(receipt.started) <= Date.parse(receipt.finished), "times"],
  ];
  const wrong = fits.find(([ok]) => !ok);
  if (wrong) throw refuse("task.receipt", { reason: wrong[1] });
};

const end = (state: Task, { by, time }: Act<unknown>, next: TaskState, code: string): Task => ({
  ...state,
  state: next,
  ended: { by, time, code },
});

/** Everybody who may see the task. */
export const partiesOf = (task: Task): Set<string> =>
  new Set([task.creator, task.definition.receiver, task.modelOwner, ...task.providers.keys()]);

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

export const task: Rulebook<Task> = {
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
    acknowledged: 0,
    result: undefined,
    diagnostics: [],
  },
  kinds: [
    created,
    receiverAuthorised,
    sourceAuthorised,
    modelAuthorised,
    refused,
    revoked,
    runRequested,
    completed,
    failed,
    acknowledged,
    ...diagnosticsKinds,
  ],
};
