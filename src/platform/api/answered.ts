/** What becomes of every request: a metric, a line in the log and, where it matters, an entry in the audit trail. */
import { SECOND } from "../../base/clock.ts";
import type { Audit, NewAuditEntry } from "../audit.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Caller } from "./caller.ts";

export interface Answered {
  /** `alliances.create`; "" where no endpoint was found. */
  readonly action: string;
  readonly endpoint: { readonly permission: string } | undefined;
  readonly method: string;
  /** The pattern, never the path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  /** `ok`, or the code of the refusal. */
  readonly outcome: string;
  /** Path parameters. */
  readonly target: string;
  readonly caller: Caller | undefined;
  readonly requestId: string;
  readonly ip: string;
}

export interface AnsweredOptions {
  audit: Audit;
  metrics: Metrics;
  log: Log;
  clock: { now(): number };
}

/** Entries that may wait for a database that does not answer; more than these go to the log. */
const WAITING = 10_000;

export const createAnswered = ({ audit, metrics, log, clock }: AnsweredOptions) => {
  let waiting: NewAuditEntry[] = [];
  let writing: Promise<void> | undefined;

  /** All that came while the last were written goes in one transaction: a commit costs a sync. */
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const entries = waiting;
      waiting = [];
      try {
        await audit.noteAll(entries);
      } catch (err) {
        log.error({ err, entries }, "audit entries are not stored");
      }
    }
  };

  const add = (entry: NewAuditEntry): void => {
    if (waiting.length >= WAITING) {
      log.error({ entry }, "an audit entry is not stored: too many wait");
      return;
    }
    waiting.push(entry);
    writing ??= write().finally(() => {
      writing = undefined;
    });
  };

  return {
    answered(answer: Answered): void {
      const { action, endpoint, method, route, status, seconds, outcome, caller, requestId, ip } = answer;
      // Of an unknown route it would be the path, in which strangers may write anything.
      const target = endpoint ? answer.target : "";
      metrics.http({ method, route: route || "none", status, seconds });
      const actor = caller?.userId ?? "anonymous";
      const accountId = caller?.accountId ?? null;
      const line = { requestId, action, method, route, target, status, outcome, actor, accountId, ip };
      const quiet = isSafe(method) && status < 400;
      log[quiet ? "debug" : "info"]({ ...line, ms: Math.round(seconds * SECOND) }, "answered");
      if (!isAudited(answer) || !caller) return;
      const details = credentialOf(caller);
      add({ at: clock.now(), actor, accountId, action, target, outcome, ip, requestId, details });
    },
    /** Resolves when all entries so far are stored. */
    async drain(): Promise<void> {
      while (writing) await writing;
    },
  };
};

const isSafe = (method: string): boolean => method === "GET" || method === "HEAD" || method === "OPTIONS";

/**
 * Whatever changes something, and whatever was looked for and not given. Strangers leave a line in the log only: a
 * trail that they can fill is none. Signing up and in note themselves, in the trail of their account.
 */
const isAudited = ({ method, status, caller }: Answered): boolean =>
  caller !== undefined && (!isSafe(method) || status === 403 || status === 404);

const credentialOf = ({ credential }: Caller): Record<string, unknown> => {
  if (!credential) return {};
  return credential.kind === "access-key" ? { accessKey: credential.id } : { session: credential.id.slice(0, 16) };
};
