/** What the drill remembers of the platform's answers, in its own memory: what was acknowledged has to be true later. */

import { toBase64 } from "../../src/base/bytes.ts";
import { Refusal } from "../../src/base/refusal.ts";
import type { Receipt } from "../../src/contract/endpoint.ts";
import type { Checkpoint } from "../../src/trust/log/checkpoint.ts";

export interface TaskRecord {
  /** Display id, T…. */
  readonly id: string;
  /** Number that its result has to name. */
  readonly round: number;
  /** Everybody has authorised, as an answer has said. */
  authorised: boolean;
  /** Digest of the sealed result, as it was first shown. */
  result?: string;
}

export interface Memory {
  readonly acts: readonly Receipt[];
  readonly tasks: readonly TaskRecord[];
  /** Roots (base64) of checkpoints that were shown, by size. */
  readonly checkpoints: ReadonlyMap<number, string>;
  /** What should not have happened, each once. */
  readonly violations: ReadonlySet<string>;
  /** How often a request ended otherwise than with its answer, by code. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Takes note of an act that was acknowledged, and returns the answer. */
  acknowledged<T extends { receipt: Receipt }>(answer: T): T;
  task(id: string, round: number): TaskRecord;
  shown(checkpoint: Checkpoint): void;
  violation(what: string): void;
  /** @returns undefined when it was interrupted: nobody knows then whether it was done */
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>;
}

/** Answers to a request whose first sending was done though its answer was lost, or which others came before. */
const OVERTAKEN = [
  "stream.moved",
  "stream.founded",
  "id.taken",
  "invitation.open",
  "task.decided",
  "task.state",
  "task.not-yours",
];
/** Answers of a platform that is just starting, or has lost its enclave. */
const INTERRUPTED = ["server.unreachable", "idempotency.in-progress", "enclave.unavailable", "channel.closed"];
const EXPECTED = new Set([...OVERTAKEN, ...INTERRUPTED]);

export const createMemory = (): Memory => {
  const acts: Receipt[] = [];
  const tasks: TaskRecord[] = [];
  const checkpoints = new Map<number, string>();
  const violations = new Set<string>();
  const outcomes: Record<string, number> = {};
  let newest = 0;

  const violation = (what: string) => void violations.add(what);
  return {
    acts,
    tasks,
    checkpoints,
    violations,
    outcomes,
    violation,
    acknowledged(answer) {
      acts.push(answer.receipt);
      return answer;
    },
    task(id, round) {
      const task = { id, round, authorised: false };
      tasks.push(task);
      return task;
    },
    shown({ size, root }) {
      if (size < newest) violation(`the ledger went back from ${newest} entries to ${size}`);
      const known = checkpoints.get(size);
      if (known !== undefined && known !== toBase64(root)) violation(`two roots were shown for ${size} entries`);
      newest = size;
      checkpoints.set(size, toBase64(root));
    },
    async attempt(work) {
      try {
        return await work();
      } catch (error) {
        const code = codeOf(error);
        outcomes[code] = (outcomes[code] ?? 0) + 1;
        if (!EXPECTED.has(code)) violation(`a request ended with ${code}: ${(error as Error).message}`);
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
