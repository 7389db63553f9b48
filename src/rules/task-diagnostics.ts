/**
 * Failure diagnostics: what a failed model said, asked for by its author. It was computed from the sources' rows and has
 * passed no gate, so it leaves the enclave only when every one of their owners has signed this very request: key and
 * requester. A grant does not stand for that signature.
 */
import { z } from "zod";
import { iso } from "../base/clock.ts";
import { receiverKey } from "../trust/envelope/recipient.ts";
import { refuse } from "./errors.ts";
import { type PersistentMap, persistentMap } from "./persistent-map.ts";
import { type Act, type Kind, kindsOf } from "./rulebook.ts";
import { Digest, OPEN_FOR } from "./shapes.ts";
import type { Definition } from "./task-definition.ts";

export interface DiagnosticsRequest {
  /** Digest of the statement that asks: it covers key and requester. */
  readonly request: string;
  readonly by: string;
  /** Public key (PEM) that the text is to be sealed to. */
  readonly key: string;
  readonly created: number;
  readonly expires: number;
  /** Everybody who has to authorise, and when each did (0: not yet). */
  readonly deciders: PersistentMap<number>;
  readonly refused: { readonly by: string; readonly time: number } | undefined;
}

/** What these rules look at in a task; they change nothing but `diagnostics`. */
export interface Diagnosed {
  readonly id: string;
  readonly creator: string;
  readonly modelOwner: string;
  readonly definition: Definition;
  /** Stream id of the enclave that runs it, or ran it. */
  readonly runner: string;
  readonly state: string;
  readonly providers: PersistentMap<number>;
  readonly ended: { readonly by: string; readonly time: number; readonly code: string } | undefined;
  /** Requests for diagnostics so far; only the newest counts. */
  readonly diagnostics: readonly DiagnosticsRequest[];
}

/** Requests of a task. */
export const DIAGNOSTICS_MAX = 3;

export type DiagnosticsState = "open" | "authorised" | "refused" | "expired";

export const diagnosticsStateAt = (asked: DiagnosticsRequest, time: number): DiagnosticsState => {
  if (asked.refused) return "refused";
  if (time > asked.expires) return "expired";
  return asked.deciders.every(Boolean) ? "authorised" : "open";
};

/**
 * Owners of the sources; and of the model where its code is sealed and somebody else asks, for a trace quotes code.
 * Whoever asks has signed already.
 */
const decidersOf = ({ providers, definition, modelOwner }: Diagnosed, by: string, time: number) => {
  const sealed = definition.model.envelope !== undefined;
  const asked = new Set([...providers.keys(), ...(sealed && by !== modelOwner ? [modelOwner] : [])]);
  return persistentMap([...asked].map((member) => [member, member === by ? time : 0] as const));
};

const kind = kindsOf<Diagnosed>();

export const diagnosticsRequested = kind({
  name: "task.diagnostics-requested",
  by: "organisation",
  payload: z.strictObject({ key: z.string().max(8_192) }),
  apply: (state, act) => {
    const { by, time, payload } = act;
    if (by !== state.creator && by !== state.modelOwner && !state.providers.has(by))
      throw refuse("task.party", { id: state.id });
    const { ended } = state;
    // Refused and revoked tasks have nothing to tell, and one that lapsed was not ended by its enclave.
    if (state.state !== "failed" || ended?.by !== state.runner)
      throw refuse("task.state", { state: state.state, kind: act.kind });
    const until = ended.time + OPEN_FOR;
    if (time > until) throw refuse("diagnostics.late", { until: iso(until) });
    const newest = state.diagnostics.at(-1);
    const standing = newest && diagnosticsStateAt(newest, time);
    if (newest && (standing === "open" || standing === "authorised"))
      throw refuse("diagnostics.open", { expires: iso(newest.expires) });
    if (state.diagnostics.length >= DIAGNOSTICS_MAX) throw refuse("diagnostics.many", { limit: DIAGNOSTICS_MAX });
    receiverKey(payload.key);
    const asked: DiagnosticsRequest = {
      ...{ request: act.digest, by, key: payload.key, created: time, expires: time + OPEN_FOR },
      deciders: decidersOf(state, by, time),
      refused: undefined,
    };
    return { ...state, diagnostics: [...state.diagnostics, asked] };
  },
});

/** The request that is decided on: the newest, neither refused nor expired. @throws Refusal */
const requestDecided = (state: Diagnosed, { by, time, payload }: Act<{ request: string }>) => {
  const newest = state.diagnostics.at(-1);
  const standing = newest && diagnosticsStateAt(newest, time);
  if (!newest?.deciders.has(by)) throw refuse("task.party", { id: state.id });
  if (newest.request !== payload.request || standing === "refused" || standing === "expired")
    throw refuse("diagnostics.request", { request: payload.request });
  return newest;
};

const replaced = (state: Diagnosed, asked: DiagnosticsRequest): Diagnosed => ({
  ...state,
  diagnostics: [...state.diagnostics.slice(0, -1), asked],
});

export const diagnosticsAuthorised = kind({
  name: "task.diagnostics-authorised",
  by: "organisation",
  payload: z.strictObject({ request: Digest }),
  apply: (state, act) => {
    const asked = requestDecided(state, act);
    if (asked.deciders.get(act.by)) throw refuse("task.decided", { id: state.id });
    return replaced(state, { ...asked, deciders: asked.deciders.set(act.by, act.time) });
  },
});

/** Refuses, or takes back what was authorised: what was not fetched by then stays inside. */
export const diagnosticsRefused = kind({
  name: "task.diagnostics-refused",
  by: "organisation",
  payload: z.strictObject({ request: Digest }),
  apply: (state, act) => replaced(state, { ...requestDecided(state, act), refused: { by: act.by, time: act.time } }),
});

// A task has more than these rules look at, and they leave the rest as it is.
// biome-ignore lint/suspicious/noExplicitAny: existential type
export const diagnosticsKinds: readonly Kind<any, any, any>[] = [
  diagnosticsRequested,
  diagnosticsAuthorised,
  diagnosticsRefused,
];
