/** Token buckets in memory: of each server its own. */
import type { Clock } from "../base/clock.ts";
import { SECOND } from "../base/clock.ts";
import { refuse } from "./errors.ts";

export interface RateLimitOptions {
  clock: Clock;
  /** Tokens that come back each second. */
  perSecond: number;
  /** Tokens a key starts with and never exceeds. */
  burst: number;
  /** Keys remembered at most; the longest unused is forgotten first. */
  keys?: number;
}

export interface RateLimit {
  /** Takes `cost` tokens, or says how many milliseconds until they are there. */
  take(key: string, cost?: number): { allowed: boolean; remaining: number; retryAfter: number };
  /** The same as a refusal. @throws Refusal rate.limited with `seconds` to wait */
  check(key: string, cost?: number): void;
}

export const createRateLimit = ({ clock, perSecond, burst, keys = 10_000 }: RateLimitOptions): RateLimit => {
  const buckets = new Map<string, { tokens: number; at: number }>();

  const take: RateLimit["take"] = (key, cost = 1) => {
    const now = clock.now();
    const bucket = buckets.get(key) ?? { tokens: burst, at: now };
    // A clock set back gives nothing, and takes nothing either.
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / SECOND) * perSecond);
    bucket.at = now;
    const allowed = bucket.tokens >= cost;
    if (allowed) bucket.tokens -= cost;
    buckets.delete(key);
    buckets.set(key, bucket);
    const oldest = buckets.size > keys ? buckets.keys().next().value : undefined;
    if (oldest !== undefined) buckets.delete(oldest);
    const retryAfter = allowed ? 0 : Math.ceil(((cost - bucket.tokens) / perSecond) * SECOND);
    return { allowed, remaining: Math.floor(bucket.tokens), retryAfter };
  };

  return {
    take,
    check(key, cost) {
      const { allowed, retryAfter } = take(key, cost);
      if (!allowed) throw refuse("rate.limited", { seconds: Math.ceil(retryAfter / SECOND) });
    },
  };
};
