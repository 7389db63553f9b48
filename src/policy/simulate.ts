/** What other policies would have said to requests of the past. */
import type { Refusal } from "../base/refusal.ts";
import type { Policies } from "./cedar.ts";
import { judgeSigning, type SigningAsked } from "./judge.ts";
import { type Account, NOTHING_SPENT } from "./spending.ts";

export interface Simulated {
  readonly request: string;
  readonly before: Answer;
  readonly after: Answer;
  /** The two answers differ. */
  readonly changed: boolean;
}

export interface Answer {
  readonly allowed: boolean;
  /** Policies that made it so; of a denied request those of the first message that was denied. */
  readonly policies: readonly string[];
  /** Code of the refusal, where a message could not be read, or nothing was decided. */
  readonly code?: string;
}

/**
 * Both sets of policies over the same requests, oldest first, each with its own account of what it has let through.
 * @param past with the approvals that each had, and the time at which it was decided
 */
export const simulate = (before: Policies, after: Policies, past: readonly SigningAsked[]): Simulated[] => {
  const ordered = [...past].sort((a, b) => a.time - b.time);
  const was = replay(before, ordered);
  return replay(after, ordered).map(({ request, answer }, i) => {
    const former = was[i]?.answer ?? answer;
    return { request, before: former, after: answer, changed: former.allowed !== answer.allowed };
  });
};

const replay = (policies: Policies, past: readonly SigningAsked[]): { request: string; answer: Answer }[] => {
  const accounts = new Map<string, Account>();
  return past.map((asked) => {
    try {
      const { allowed, messages, account } = judgeSigning(policies, asked, accounts.get(asked.key.id) ?? NOTHING_SPENT);
      if (allowed) accounts.set(asked.key.id, account);
      const decisions = messages.map(({ decision }) => decision);
      const deciding = allowed ? decisions : decisions.filter((one) => !one.allowed).slice(0, 1);
      return {
        request: asked.request,
        answer: { allowed, policies: [...new Set(deciding.flatMap((one) => one.policies))].sort() },
      };
    } catch (error) {
      const { code } = error as Refusal;
      if (code === undefined) throw error;
      return { request: asked.request, answer: { allowed: false, policies: [], code } };
    }
  });
};
