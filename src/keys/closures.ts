/** Which streams a replay of a stream needs, remembered as streams grow: for every request it would be read anew. */
import type { PlacedEntry } from "../evidence/export.ts";
import type { Ledger } from "../ledger/port.ts";
import { closureOf } from "../rules/closure.ts";
import { parseStatement } from "../trust/statement.ts";

interface Read {
  /** Statements of the stream that were read. */
  readonly count: number;
  /** Streams that they speak of. */
  readonly speaksOf: ReadonlySet<string>;
}

/** Streams remembered; those that nobody asked for longest go first. */
const MOST = 50_000;

export const createClosures = (ledger: Ledger) => {
  const known = new Map<string, Read>();

  const read = async (stream: string): Promise<ReadonlySet<string>> => {
    const positions = ledger.positions(stream);
    const before = known.get(stream) ?? { count: 0, speaksOf: new Set<string>() };
    known.delete(stream);
    if (before.count === positions.length) {
      known.set(stream, before);
      return before.speaksOf;
    }
    const entries = await Promise.all(positions.slice(before.count).map((index) => ledger.entry(index)));
    const signed = entries.map(({ jws }) => parseStatement(jws));
    const speaksOf = new Set([...before.speaksOf, ...closureOf(stream, (id) => (id === stream ? signed : []))]);
    known.set(stream, { count: positions.length, speaksOf });
    for (const oldest of known.keys()) {
      if (known.size <= MOST) break;
      known.delete(oldest);
    }
    return speaksOf;
  };

  /** The stream, and all streams that its replay looks at. */
  const needed = async (stream: string): Promise<ReadonlySet<string>> => {
    const all = new Set([stream]);
    // A set that grows while it is iterated is iterated to its end.
    for (const one of all) for (const other of await read(one)) all.add(other);
    return all;
  };

  return {
    /**
     * Statements that a replay of `stream` needs, in the ledger's order, without those that were shown before.
     * @param until positions from here on are left out
     * @param shown of each stream, how many statements
     */
    async lacking(
      stream: string,
      until: number,
      shown: ReadonlyMap<string, number>,
    ): Promise<{ readonly statements: PlacedEntry[]; readonly counts: ReadonlyMap<string, number> }> {
      const counts = new Map<string, number>();
      const wanted: number[] = [];
      for (const one of await needed(stream)) {
        const positions = ledger.positions(one).filter((index) => index < until);
        const before = shown.get(one) ?? 0;
        if (positions.length <= before) continue;
        counts.set(one, positions.length);
        wanted.push(...positions.slice(before));
      }
      const entries = await Promise.all(wanted.sort((a, b) => a - b).map((index) => ledger.entry(index)));
      return { statements: entries.map(({ index, time, jws }) => ({ index, time, jws })), counts };
    },
  };
};
export type Closures = ReturnType<typeof createClosures>;
