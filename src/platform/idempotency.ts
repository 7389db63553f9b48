/** Requests that may be sent twice and count once: the first answer is kept and given again. */
import { createHash, randomUUID } from "node:crypto";
import { type Clock, DAY, MINUTE } from "../base/clock.ts";
import type { PlatformDb } from "./db/schema.ts";
import { refuse } from "./errors.ts";
import type { IdempotencyStore } from "./idempotency-store.ts";

export interface Answer {
  status: number;
  body: string;
}

/** What to do with a request: give the kept answer, or work and keep the new one. */
export type Begun = { replay: Answer } | { replay?: undefined; ticket: Ticket };

export interface Ticket {
  /** Keeps the answer, in the request's own transaction when it is given. */
  answer(answer: Answer, db?: PlatformDb): Promise<void>;
  /** Forgets the request, so that it may be sent again: it failed and changed nothing. */
  release(): Promise<void>;
}

export interface Idempotency {
  /**
   * @param request.scope whose keys these are: the access key or user; foreign keys never meet
   * @param request.request all that makes a request the same: method, path, body
   * @throws Refusal idempotency.key, idempotency.mismatch, idempotency.in-progress
   */
  begin(request: { scope: string; key: string; request: readonly (string | Uint8Array)[] }): Promise<Begun>;
  /** At the start of the only server: whoever had begun a request died with its predecessor. */
  reset(): Promise<void>;
  purge(): Promise<number>;
}

export interface IdempotencyOptions {
  store: IdempotencyStore;
  clock: Clock;
  /** Milliseconds answers are kept. */
  lifetime?: number;
  /** Milliseconds after which an unanswered request is taken for dead. */
  patience?: number;
}

export const createIdempotency = (options: IdempotencyOptions): Idempotency => {
  const { store, clock, lifetime = DAY, patience = MINUTE } = options;
  return {
    async begin({ scope, key, request }) {
      if (!/^[\x21-\x7e]{1,128}$/.test(key)) throw refuse("idempotency.key");
      const now = clock.now();
      const owner = randomUUID();
      const digest = digestOf(request);
      const row = {
        scope,
        key,
        digest,
        owner,
        status: null,
        body: null,
        lockedUntil: now + patience,
        expiresAt: now + lifetime,
      };
      const ticket: Ticket = {
        async answer(answer, db) {
          await store.answer(scope, key, owner, answer, db);
        },
        release: () => store.remove(scope, key, owner),
      };
      if ((await store.add(row)) || (await store.replace(row, now))) return { ticket };
      const known = await store.find(scope, key);
      if (known && known.digest !== digest) throw refuse("idempotency.mismatch", { key });
      if (known && known.status !== null && known.body !== null)
        return { replay: { status: known.status, body: known.body } };
      throw refuse("idempotency.in-progress", { key });
    },
    reset: () => store.removeUnanswered(),
    purge: () => store.purge(clock.now()),
  };
};

const digestOf = (parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  // With their lengths: ["ab", "c"] is not ["a", "bc"].
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex");
};
