/** The ledger as anybody may check it, and the streams of whoever may read them. */
import { toBase64 } from "../base/bytes.ts";
import { iso } from "../base/clock.ts";
import type { Ledger } from "../ledger/port.ts";
import { enclave } from "../rules/enclave.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import { keyNode } from "../rules/key-node.ts";
import { organisation } from "../rules/organisation.ts";
import { formatTlogProof } from "../trust/log/tlog-proof.ts";
import { parseStatement } from "../trust/statement.ts";
import type { Access, Asker } from "./access.ts";
import type { ViewsStore } from "./views-store.ts";

export interface Reading {
  readonly ledger: Ledger;
  readonly access: Access;
  readonly views: ViewsStore;
}

/** Enclaves and key nodes are public; organisations are read by their acquaintances; the rest by whoever may see the resource. */
export const createMayRead =
  ({ views }: Pick<Reading, "views">) =>
  async ({ member }: Asker, id: string, book: string): Promise<boolean> => {
    if (book === enclave.name || book === keyNode.name) return true;
    if (!member) return false;
    if (book === organisation.name) return member === id || views.areAcquainted(member, id);
    return views.isVisible(id, member);
  };

export const createLedgerViews = ({ ledger }: Pick<Reading, "ledger">) => ({
  checkpoint: () => ({ content: ledger.checkpoint(), fileName: "checkpoint.txt" }),
  proof(_: Asker, { index }: { index: number }) {
    const { size } = ledger;
    const hashes = ledger.inclusion(index, size);
    return {
      content: formatTlogProof({ index, hashes, checkpoint: ledger.checkpoint(size) }),
      fileName: `${index}.tlog-proof`,
    };
  },
  consistency: (_: Asker, { from, to }: { from: number; to: number }) => ({
    from,
    to,
    hashes: ledger.consistency(from, to).map(toBase64),
  }),
  entries(_: Asker, { start, limit }: { start: number; limit: number }) {
    const end = Math.min(ledger.size, start + limit);
    return {
      items: ledger.leaves(start, end).map((leaf, i) => ({ index: start + i, ...leaf })),
      size: ledger.size,
      next: end < ledger.size ? end : null,
    };
  },
});

export const createStreams = ({ ledger, access, views }: Reading) => {
  const mayRead = createMayRead({ views });
  return {
    async get(asker: Asker, { id, start, limit }: { id: string; start: number; limit: number }) {
      const stream = access.resolve(id);
      const found = stream && ledger.world.streams.get(stream);
      if (!stream || !found || !(await mayRead(asker, stream, found.book))) throw refuseRule("stream.unknown", { id });
      const positions = ledger.positions(stream);
      const entries = await Promise.all(positions.slice(start, start + limit).map((index) => ledger.entry(index)));
      const parsed = entries.map((entry) => ({ entry, signed: parseStatement(entry.jws) }));
      const digestOf = ({ signed }: (typeof parsed)[number]) =>
        (signed.statement.payload as { detail?: string }).detail ?? "";
      const details = await views.details(parsed.map(digestOf).filter(Boolean));
      const end = start + entries.length;
      return {
        id: stream,
        book: found.book,
        head: found.head,
        items: parsed.map((one) => ({
          index: one.entry.index,
          time: iso(one.entry.time),
          kind: one.signed.statement.kind,
          digest: one.signed.digest,
          statement: one.entry.jws,
          detail: (details.get(digestOf(one)) ?? null) as Record<string, unknown> | null,
        })),
        next: end < positions.length ? end : null,
      };
    },
  };
};
