/** The log as people look through it: newest first, with what each may know of it, and how much happened when. */
import { DAY, HOUR, iso } from "../base/clock.ts";
import { organisation } from "../rules/organisation.ts";
import { parseStatement } from "../trust/statement.ts";
import type { Asker } from "./access.ts";
import { createMayRead, type Reading } from "./ledger-views.ts";
import { loadNames } from "./names.ts";

interface Query {
  readonly before?: number | undefined;
  readonly limit: number;
  readonly hash?: string | undefined;
  readonly kind?: string | undefined;
}

/** Statements that one request looks through at most: kinds are found by reading. */
const LOOKED = 1_000;
const SPANS = { hour: { ms: HOUR, count: 48 }, day: { ms: DAY, count: 30 } } as const;

export const createLedgerExplorer = (reading: Omit<Reading, "access"> & { readonly now: () => number }) => {
  const { ledger, views, now } = reading;
  const mayRead = createMayRead(reading);

  const leafAt = (index: number) => ledger.leaves(index, index + 1)[0];

  /** Positions below `before`, newest first, that may be of the page. */
  const positions = (before: number, hash: string | undefined): number[] => {
    if (hash === undefined) return Array.from({ length: Math.min(before, LOOKED) }, (_, i) => before - 1 - i);
    const ofStream = ledger.positions(hash);
    const found = ofStream.length > 0 ? [...ofStream] : positionOf(hash);
    return found.filter((index) => index < before).reverse();
  };

  /** A statement's, by its digest. */
  const positionOf = (statement: string): number[] => {
    for (let end = ledger.size; end > 0; end -= LOOKED) {
      const start = Math.max(0, end - LOOKED);
      const at = ledger.leaves(start, end).findIndex((leaf) => leaf.statement === statement);
      if (at >= 0) return [start + at];
    }
    return [];
  };

  /** @returns a look at a leaf that asks of each stream once */
  const createLook = (asker: Asker) => {
    const seen = new Map<string, Promise<string | null>>();
    const bookOf = async (stream: string): Promise<string | null> => {
      const book = ledger.world.streams.get(stream)?.book;
      return book !== undefined && (await mayRead(asker, stream, book)) ? book : null;
    };
    return async (index: number) => {
      const leaf = leafAt(index);
      if (!leaf) return undefined;
      const known = seen.get(leaf.stream) ?? bookOf(leaf.stream);
      seen.set(leaf.stream, known);
      const book = await known;
      if (book === null) return { index, ...leaf, book, kind: null, signer: null, signedBy: null };
      const { statement } = parseStatement((await ledger.entry(index)).jws);
      const signedBy = statement.by || leaf.stream;
      const signer = ledger.world.streams.get(signedBy)?.book ?? null;
      return { index, ...leaf, book, kind: statement.kind, signer, signedBy };
    };
  };

  return {
    async statements(asker: Asker, { before, limit, hash, kind }: Query) {
      const { size } = ledger;
      const all = positions(Math.min(before ?? size, size), hash);
      const look = createLook(asker);
      const found = [];
      let last: number | undefined;
      for (const index of all.slice(0, LOOKED)) {
        if (found.length === limit) break;
        const one = await look(index);
        last = index;
        if (one && (kind === undefined || one.kind === kind || one.book === kind)) found.push(one);
      }
      const names = await loadNames(views, { members: found.flatMap(({ signedBy }) => signedBy ?? []), details: [] });
      const items = found.map(({ signedBy, ...one }) => ({
        ...one,
        by: signedBy !== null && one.signer === organisation.name ? names.member(signedBy) : null,
      }));
      const more = last !== undefined && (hash === undefined ? last > 0 : all.at(-1) !== last);
      return { items, size, next: more ? (last ?? null) : null };
    },

    activity(_: Asker, { unit }: { unit: keyof typeof SPANS }) {
      const { ms, count } = SPANS[unit];
      const first = Math.floor(now() / ms) * ms - (count - 1) * ms;
      const starts = Array.from({ length: count + 1 }, (_, i) => firstSince(first + i * ms));
      const items = starts
        .slice(0, -1)
        .map((from, i) => ({ start: iso(first + i * ms), statements: (starts[i + 1] ?? from) - from }));
      return { items };
    },
  };

  /** Times never go back, so halving finds it. */
  function firstSince(time: number): number {
    let [low, high] = [0, ledger.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((leafAt(middle)?.time ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
};
