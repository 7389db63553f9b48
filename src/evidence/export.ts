/** Makes an evidence bundle from a ledger. */
import { toBase64, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { closureOf } from "../rules/closure.ts";
import { keyRequest } from "../rules/key-request.ts";
import { task as taskBook } from "../rules/task.ts";
import { streamOf, type World } from "../rules/world.ts";
import { openCheckpoint } from "../trust/log/checkpoint.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import { type AnyBundle, FORMAT, REQUEST_FORMAT } from "./bundle.ts";
import { refuse } from "./errors.ts";

/** What is needed of a ledger. */
export interface BundleLedger {
  readonly verifierKey: string;
  readonly world: World;
  positions(stream: string): readonly number[];
  entry(index: number): Promise<{ readonly index: number; readonly time: number; readonly jws: string }>;
  checkpoint(): string;
  inclusion(index: number, size: number): Uint8Array[];
  consistency(from: number, to: number): Uint8Array[];
}

export interface PlacedEntry {
  readonly index: number;
  readonly time: number;
  readonly jws: string;
}

/**
 * All statements of the streams that a replay of `stream` needs, in the ledger's order.
 * @param until positions from here on are left out
 */
export const replayable = async (
  ledger: BundleLedger,
  stream: string,
  until = Number.POSITIVE_INFINITY,
): Promise<PlacedEntry[]> => {
  const entries = new Map<number, PlacedEntry & { signed: SignedStatement }>();
  const load = async (id: string) => {
    for (const index of ledger.positions(id)) {
      if (index >= until || entries.has(index)) continue;
      const { time, jws } = await ledger.entry(index);
      entries.set(index, { index, time, jws, signed: parseStatement(jws) });
    }
  };
  const statementsOf = (id: string) => ledger.positions(id).flatMap((index) => entries.get(index)?.signed ?? []);
  // Each round loads the streams that the statements loaded so far speak of, until there is nothing new.
  for (let known = 0, needed = new Set([stream]); known < needed.size; needed = closureOf(stream, statementsOf)) {
    known = needed.size;
    for (const id of needed) await load(id);
  }
  return [...entries.values()].sort((a, b) => a.index - b.index).map(({ index, time, jws }) => ({ index, time, jws }));
};

/**
 * @param subject stream of a task or a request
 * @param details loads the texts to show, by digest; what it does not return is left out
 * @returns the file's bytes
 * @throws Refusal bundle.unfinished
 */
export const exportBundle = async (
  ledger: BundleLedger,
  subject: string,
  details: (digests: string[]) => Promise<ReadonlyMap<string, unknown>>,
): Promise<Uint8Array> => {
  const { head, seen } = subjectOf(ledger.world, subject);
  const end = (ledger.positions(subject).at(-1) ?? 0) + 1;
  const checkpoint = ledger.checkpoint();
  const { size } = openCheckpoint(checkpoint, ledger.verifierKey);
  const placed = await replayable(ledger, subject, end);
  const digests = placed.flatMap(
    ({ jws }) => (parseStatement(jws).statement.payload as { detail?: string }).detail ?? [],
  );
  const bundle: AnyBundle = {
    ...head,
    entries: placed.map((entry) => ({ ...entry, proof: ledger.inclusion(entry.index, size).map(toBase64) })),
    ledger: ledger.verifierKey,
    checkpoint,
    consistency: ledger.consistency(seen, size).map(toBase64),
    details: Object.fromEntries(await details(digests)) as AnyBundle["details"],
  };
  return utf8(canonical(bundle));
};

/** How the file begins, and how many leaves had been followed when it was done. */
const subjectOf = (world: World, subject: string) => {
  const request = streamOf(world, keyRequest, subject)?.state;
  if (request?.completed)
    return { head: { format: REQUEST_FORMAT, request: subject } as const, seen: request.completed.checkpoint.size };
  const task = streamOf(world, taskBook, subject)?.state;
  if (!task?.receipt) throw refuse("bundle.unfinished", { state: task?.state ?? request?.status ?? "unknown" });
  return { head: { format: FORMAT, task: subject } as const, seen: task.receipt.checkpoint.size };
};
