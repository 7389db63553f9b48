/** What the drill remembers in its own memory, and what it holds against what it is shown. */
import { Refusal } from "../../src/base/refusal.ts";

/** A request that an answer has acknowledged. */
export interface Asked {
  readonly key: string;
  /** Hexadecimal, one for each signature. */
  readonly digests: readonly string[];
  /** As they were first shown. */
  signatures?: readonly string[];
}

export interface Memory {
  /** By stream. */
  readonly asked: ReadonlyMap<string, Asked>;
  /** What should not have happened, each once. */
  readonly violations: ReadonlySet<string>;
  /** How often a call ended otherwise than with its answer, by code. */
  readonly outcomes: Readonly<Record<string, number>>;
  acknowledged(request: string, asked: Asked): void;
  shown(request: string, signatures: readonly string[]): void;
  violation(what: string): void;
  /** @returns undefined when it was interrupted: nobody knows then whether it was done */
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>;
}

/** Answers of a platform that is just starting, and to what was sent again and had been done the first time. */
const INTERRUPTED = new Set(["server.unreachable", "idempotency.in-progress", "id.taken", "stream.founded"]);

export const createMemory = (): Memory => {
  const asked = new Map<string, Asked>();
  const violations = new Set<string>();
  const outcomes: Record<string, number> = {};
  const violation = (what: string) => void violations.add(what);
  return {
    ...{ asked, violations, outcomes, violation },
    acknowledged: (request, one) => void asked.set(request, one),
    shown(request, signatures) {
      const one = asked.get(request);
      if (!one) return;
      one.signatures ??= signatures;
      if (one.signatures.join() !== signatures.join()) violation(`${request} was shown with other signatures before`);
    },
    async attempt(work) {
      try {
        return await work();
      } catch (error) {
        const code = codeOf(error);
        outcomes[code] = (outcomes[code] ?? 0) + 1;
        if (!INTERRUPTED.has(code)) violation(`a call ended with ${code}: ${(error as Error).message}`);
        return undefined;
      }
    },
  };
};

/** A connection that broke within an answer's body is told by fetch, not by the SDK. */
const codeOf = (error: unknown): string => {
  if (error instanceof Refusal) return error.code;
  return error instanceof TypeError && error.message === "terminated" ? "server.unreachable" : String(error);
};
