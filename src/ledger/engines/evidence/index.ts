/** The embedded evidence engine: one sequencer in this process, an RFC 6962 log over an append-only file. */
import { join } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import { Refusal } from "../../../base/refusal.ts";
import { type Advance, advance, emptyWorld, type World } from "../../../rules/world.ts";
import { leafBytes } from "../../../trust/leaf.ts";
import { signCheckpoint } from "../../../trust/log/checkpoint.ts";
import { createHashTree } from "../../../trust/log/hash-tree.ts";
import { leafHash } from "../../../trust/log/merkle.ts";
import type { NoteSigner } from "../../../trust/log/note.ts";
import { parseStatement } from "../../../trust/statement.ts";
import { refuse } from "../../errors.ts";
import type { Entry, Ledger } from "../../port.ts";
import { openRecordFile, type Place } from "./record-file.ts";
import { createSequencer } from "./sequencer.ts";

export interface EvidenceOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** The log's key; its name is the origin in checkpoints. */
  readonly signer: NoteSigner;
  /** Statements in one batch at most. */
  readonly batch?: number;
}

/** Statements kept in memory, of so many characters at most: what was written last is read next, by everybody. */
const RECENT = 256;
const MAX_RECENT = 16 << 10;

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

  /** JWS by position, the oldest first. */
  const recent = new Map<number, string>();

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

  let world = emptyWorld;
  let time = 0;
  // This program verified every signature before it wrote; the file's checksums and our own key's checkpoints vouch
  // for it since. Others verify again.
  const replay = async () => {
    for await (const { jws, offset, length, ...record } of file.records()) {
      const { act, stream, ...next } = replayed(world, { jws, offset, time: record.time });
      const { stream: id, digest } = act;
      remember(
        { index: entries.length, time: record.time, stream: id, seq: stream.length - 1, statement: digest, jws },
        { offset, length },
      );
      world = next.world;
      time = record.time;
    }
  };
  try {
    await replay();
  } catch (error) {
    await file.close();
    throw error;
  }
  publish();

  const announce = () => {
    for (const listener of listeners)
      try {
        listener(entries.length);
      } catch (error) {
        // It is the listener's own failure: what is durable stays so, and whoever submitted it is told.
        queueMicrotask(() => {
          throw error;
        });
      }
  };

  const sequencer = createSequencer({
    clock,
    start: { world, time, size: entries.length },
    batch,
    async store(accepted, after) {
      const places = await file.append(accepted);
      accepted.forEach((entry, i) => {
        remember(entry, places[i] as Place);
        if (entry.jws.length <= MAX_RECENT) recent.set(entry.index, entry.jws);
      });
      for (const oldest of recent.keys()) {
        if (recent.size <= RECENT) break;
        recent.delete(oldest);
      }
      world = after;
      publish();
      announce();
    },
  });

  const requireRange = (asked: number, size: number) => {
    if (!Number.isSafeInteger(asked) || asked < 0 || asked >= size) throw refuse("ledger.range", { size, asked });
  };
  const entryAt = async (index: number): Promise<Entry> => {
    requireRange(index, entries.length);
    const { place, ...meta } = entries[index] as Meta;
    return { index, ...meta, jws: recent.get(index) ?? (await file.read(place)) };
  };

  return {
    origin,
    verifierKey: signer.verifierKey,
    get size() {
      return entries.length;
    },
    get world() {
      return world;
    },
    submit: sequencer.submit,
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
      await sequencer.close();
      await file.close();
    },
  };
};

/** @throws Refusal ledger.corrupt: the rules that let the statement in do not take it here, so it is not where it was */
const replayed = (world: World, { jws, offset, time }: { jws: string; offset: number; time: number }): Advance => {
  try {
    return advance(world, parseStatement(jws), time, true);
  } catch (error) {
    if (error instanceof Refusal) throw refuse("ledger.corrupt", { offset, reason: error.message });
    throw error;
  }
};
