/**
 * The embedded evidence engine: one sequencer in this process, an RFC 6962 log over an append-only file.
 *
 * Statements that arrive together form a batch. While one batch is being synced to disk the next is ruled on, over
 * the world that the first will leave. If a sync fails, worlds are persistent values: the engine goes back to the
 * last durable one and refuses everything that was built on the lost batch.
 */
import { join } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import { Refusal } from "../../../base/refusal.ts";
import { advance, emptyWorld, type World } from "../../../rules/world.ts";
import { leafBytes } from "../../../trust/leaf.ts";
import { signCheckpoint } from "../../../trust/log/checkpoint.ts";
import { createHashTree } from "../../../trust/log/hash-tree.ts";
import { leafHash } from "../../../trust/log/merkle.ts";
import type { NoteSigner } from "../../../trust/log/note.ts";
import { parseStatement } from "../../../trust/statement.ts";
import { refuse } from "../../errors.ts";
import type { Entry, Ledger } from "../../port.ts";
import { openRecordFile, type Place } from "./record-file.ts";

export interface EvidenceOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** The log's key; its name is the origin in checkpoints. */
  readonly signer: NoteSigner;
  /** Statements in one batch at most. */
  readonly batch?: number;
}

interface Pending {
  readonly jws: string;
  resolve(entry: Entry): void;
  reject(error: unknown): void;
}

/** What a batch has decided before it is durable. */
interface Decided {
  readonly accepted: { readonly entry: Entry; readonly pending: Pending }[];
  readonly refused: { readonly error: unknown; readonly pending: Pending }[];
}

interface Meta {
  readonly time: number;
  readonly stream: string;
  readonly seq: number;
  readonly statement: string;
  readonly place: Place;
}

/** @throws Refusal ledger.corrupt */
export const openEvidenceLedger = async ({
  directory,
  clock,
  signer,
  batch = 1_024,
}: EvidenceOptions): Promise<Ledger> => {
  const file = await openRecordFile(join(directory, "ledger.log"));
  const origin = signer.name;
  const tree = createHashTree();
  const entries: Meta[] = [];
  const byStream = new Map<string, number[]>();
  const listeners = new Set<(size: number) => void>();

  let durable: { world: World; time: number } = { world: emptyWorld, time: 0 };
  let note = "";

  const remember = (entry: Entry, place: Place) => {
    const { time, stream, seq, statement } = entry;
    tree.append(leafHash(leafBytes(entry)));
    entries.push({ time, stream, seq, statement, place });
    const positions = byStream.get(stream);
    if (positions) positions.push(entry.index);
    else byStream.set(stream, [entry.index]);
  };
  const publish = () => {
    note = signCheckpoint({ origin, size: entries.length, root: tree.root() }, signer);
  };

  // This program verified every signature before it wrote; the file's checksums and our own key's checkpoints vouch
  // for it since. Others verify again.
  for await (const { time, jws, offset, length } of file.records()) {
    const { world, act, stream } = advance(durable.world, parseStatement(jws), time, true);
    remember(
      { index: entries.length, time, stream: act.stream, seq: stream.length - 1, statement: act.digest, jws },
      { offset, length },
    );
    durable = { world, time };
  }
  publish();

  // `ahead` is the world after the last batch decided, durable or not yet.
  let ahead = { ...durable, size: entries.length };
  const queue: Pending[] = [];
  let storing: Promise<void> = Promise.resolve();
  let scheduled = false;
  let generation = 0;
  let closed = false;

  const decide = (pendings: Pending[]): Decided => {
    const decided: Decided = { accepted: [], refused: [] };
    const time = Math.max(clock.now(), ahead.time);
    for (const pending of pendings) {
      try {
        const signed = parseStatement(pending.jws);
        const { world, act, stream } = advance(ahead.world, signed, time);
        const entry = {
          index: ahead.size,
          time,
          stream: act.stream,
          seq: stream.length - 1,
          statement: act.digest,
          jws: pending.jws,
        };
        ahead = { world, time, size: ahead.size + 1 };
        decided.accepted.push({ entry, pending });
      } catch (error) {
        decided.refused.push({ error, pending });
      }
    }
    return decided;
  };

  const store = async ({ accepted }: Decided, world: World, born: number) => {
    if (accepted.length === 0) return;
    // A batch before this one was lost: what this one was ruled on never came to be.
    if (born !== generation) throw refuse("ledger.unavailable", { reason: "an earlier statement was not stored" });
    const places = await file.append(accepted.map(({ entry }) => entry));
    accepted.forEach(({ entry }, i) => {
      remember(entry, places[i] as Place);
    });
    durable = { world, time: (accepted.at(-1) as { entry: Entry }).entry.time };
    publish();
    for (const listener of listeners) listener(entries.length);
  };

  const run = () => {
    scheduled = false;
    const taken = queue.splice(0, batch);
    if (taken.length === 0) return;
    const decided = decide(taken);
    const { world } = ahead;
    const born = generation;
    storing = storing
      .then(() => store(decided, world, born))
      .then(
        () => {
          for (const { pending, entry } of decided.accepted) pending.resolve(entry);
        },
        (error: unknown) => {
          generation++;
          ahead = { ...durable, size: entries.length };
          const reason = error instanceof Refusal ? error : refuse("ledger.unavailable", { reason: String(error) });
          for (const { pending } of decided.accepted) pending.reject(reason);
        },
      )
      .then(() => {
        // A refusal may rest on statements of its own or an earlier batch, so it is told only once those are durable.
        for (const { pending, error } of decided.refused) pending.reject(error);
      });
    if (queue.length > 0) schedule();
  };
  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(run);
  };

  const requireRange = (asked: number, size: number) => {
    if (!Number.isSafeInteger(asked) || asked < 0 || asked >= size) throw refuse("ledger.range", { size, asked });
  };
  const entryAt = async (index: number): Promise<Entry> => {
    requireRange(index, entries.length);
    const { place, ...meta } = entries[index] as Meta;
    return { index, ...meta, jws: await file.read(place) };
  };

  return {
    origin,
    verifierKey: signer.verifierKey,
    get size() {
      return entries.length;
    },
    get world() {
      return durable.world;
    },
    submit: (jws) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(refuse("ledger.closed"));
        queue.push({ jws, resolve, reject });
        schedule();
      }),
    async *read(from, to = entries.length) {
      for (let index = from; index < Math.min(to, entries.length); index++) yield await entryAt(index);
    },
    entry: entryAt,
    leaves: (from, to) =>
      entries.slice(from, to).map(({ seq, statement, stream, time }) => ({ seq, statement, stream, time })),
    streamsBetween: (from, to) => new Set(entries.slice(from, to).map(({ stream }) => stream)),
    positions: (stream) => byStream.get(stream) ?? [],
    onDurable(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    checkpoint(size = entries.length) {
      if (size === entries.length) return note;
      requireRange(size - 1, entries.length);
      return signCheckpoint({ origin, size, root: tree.root(size) }, signer);
    },
    inclusion(index, size) {
      requireRange(size - 1, entries.length);
      requireRange(index, size);
      return tree.inclusion(index, size);
    },
    consistency(from, to) {
      requireRange(to - 1, entries.length);
      requireRange(from - 1, to);
      return tree.consistency(from, to);
    },
    async close() {
      closed = true;
      for (const { reject } of queue.splice(0)) reject(refuse("ledger.closed"));
      await storing;
      await file.close();
    },
  };
};
