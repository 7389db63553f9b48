/** Named checks of what the server needs: the database answers, the ledger writes, the enclave is there. */
import { SECOND } from "../base/clock.ts";

export interface HealthReport {
  status: "ok" | "failing";
  checks: Record<string, { ok: boolean; ms: number; message?: string }>;
}

export interface Health {
  /** A check throws, or takes longer than it may, when something is wrong. */
  add(name: string, check: () => unknown): void;
  report(): Promise<HealthReport>;
}

export const createHealth = ({ timeout = 2 * SECOND }: { timeout?: number } = {}): Health => {
  const checks = new Map<string, () => unknown>();
  return {
    add(name, check) {
      if (checks.has(name)) throw new Error(`health check ${name} is there already`);
      checks.set(name, check);
    },
    async report() {
      const results = await Promise.all(
        [...checks].map(async ([name, check]) => {
          const start = performance.now();
          const message = await failureOf(check, timeout);
          const ms = Math.round(performance.now() - start);
          return [name, message === undefined ? { ok: true, ms } : { ok: false, ms, message }] as const;
        }),
      );
      return { status: results.every(([, { ok }]) => ok) ? "ok" : "failing", checks: Object.fromEntries(results) };
    },
  };
};

const failureOf = async (check: () => unknown, timeout: number): Promise<string | undefined> => {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`no answer within ${timeout} ms`), timeout);
  try {
    return await Promise.race([Promise.try(check).then(() => undefined), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
};
