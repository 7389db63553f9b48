/**
 * A compute task (计算任务): one model, one to five data sources, one receiver, and their authorisation in order:
 * 1 request, 2 receiver, 3 data providers (n of m), 4 model provider, 5 complete. Then the enclave runs it, once.
 */
import { z } from "zod";
import { receiverKey } from "../trust/envelope/recipient.ts";
import { alliance } from "./alliance.ts";
import { type EnclaveState, enclave } from "./enclave.ts";
import { refuse } from "./errors.ts";
import { beyondGrant } from "./grant.ts";
import { model } from "./model.ts";
import { persistentMap } from "./persistent-map.ts";
import type { Elsewhere, Rulebook } from "./rulebook.ts";
import { lastsUntil, requireSchedule } from "./schedule.ts";
import { Description, Digest, OPEN_FOR, PlainName, resourceId, Salt } from "./shapes.ts";
import { mayUse } from "./sharing.ts";
import { source } from "./source.ts";
import { type Definition, Delivery, definition } from "./task-definition.ts";
import { diagnosticsKinds } from "./task-diagnostics.ts";
import { requireGrantedKey, requireStayed } from "./task-grounds.ts";
import { recurred } from "./task-recurred.ts";
import { completed, delegated, failed } from "./task-run.ts";
import {
  deciders,
  end,
  isOpen,
  kind,
  partiesOf,
  requireDigest,
  requireState,
  type Task,
  taskStreams,
} from "./task-state.ts";

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
  refers: ({ alliance, receiver, enclave, workers = [], model, sources }) => [
    alliance,
    receiver,
    enclave,
    ...workers,
    model.stream,
    ...sources.map((source) => source.stream),
  ],
  apply: (state, { by, time, payload }, elsewhere) => {
    const { id, start, detail, ...definition } = payload;
    if (definition.schedule) requireSchedule(definition.schedule, start, time);
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
      runner: definition.enclave,
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
  const first = requireEnclave(elsewhere, task.enclave);
  if (first.measurement !== task.measurement) throw refuse("enclave.unknown", { enclave: task.enclave });
  for (const worker of task.workers ?? [])
    if (worker === task.enclave || !isAlike(requireEnclave(elsewhere, worker), first))
      throw refuse("task.worker", { enclave: worker });

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

/** The same program under the same promises: whoever agreed to the one has agreed to what the other is. */
const isAlike = (one: EnclaveState, other: EnclaveState): boolean =>
  (["measurement", "provider", "isolation", "ledger"] as const).every((what) => one[what] === other[what]);

const requireEnclave = (elsewhere: Elsewhere, id: string): EnclaveState => {
  const found = elsewhere.stream(enclave, id)?.state;
  if (!found) throw refuse("enclave.unknown", { enclave: id });
  return found;
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
    requireGrantedKey(state.definition, act.payload.delivery, elsewhere);
    requireStayed(state.definition, elsewhere);
    return {
      ...state,
      state: state.providers.every(Boolean) ? "model-authorising" : "source-authorising",
      delivery: act.payload.delivery,
      decided: { ...state.decided, receiver: act.time },
    };
  },
});

export const sourceAuthorised = kind({
  name: "task.source-authorised",
  by: "organisation",
  payload: z.strictObject({ task: Digest }),
  apply: (state, act, elsewhere) => {
    const decided = state.providers.get(act.by);
    if (decided === undefined) throw refuse("task.party", { id: state.id });
    requireState(state, act, "source-authorising");
    if (decided) throw refuse("task.decided", { id: state.id });
    requireDigest(state, act.stream, act.payload.task);
    requireStayed(state.definition, elsewhere);
    const providers = state.providers.set(act.by, act.time);
    return { ...state, providers, state: providers.every(Boolean) ? "model-authorising" : state.state };
  },
});

export const modelAuthorised = kind({
  name: "task.model-authorised",
  by: "organisation",
  payload: z.strictObject({ task: Digest }),
  apply: (state, act, elsewhere) => {
    if (act.by !== state.modelOwner) throw refuse("task.party", { id: state.id });
    requireState(state, act, "model-authorising");
    requireDigest(state, act.stream, act.payload.task);
    requireStayed(state.definition, elsewhere);
    const authorised: Task = { ...state, state: "authorised", decided: { ...state.decided, model: act.time } };
    const { schedule } = state.definition;
    // It never runs itself: its occurrences do.
    if (schedule) return { ...authorised, expires: lastsUntil(schedule, act.time) };
    return state.start === "automatic" ? running(authorised) : authorised;
  },
});

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
    if (state.definition.schedule) throw refuse("task.scheduled", { id: state.id });
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

export const task: Rulebook<Task> = {
  ...taskStreams,
  kinds: [
    created,
    receiverAuthorised,
    sourceAuthorised,
    modelAuthorised,
    refused,
    revoked,
    runRequested,
    recurred,
    delegated,
    completed,
    failed,
    acknowledged,
    ...diagnosticsKinds,
  ],
};
