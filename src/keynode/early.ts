/** Messages of runs that this node has not joined yet, within bounds for each peer (docs/protocols/peers.md section 5). */

/** For each peer: bytes and messages, and milliseconds until they are let go. */
const MAX_BYTES = 32 << 20;
const MAX_MESSAGES = 4_096;
const KEPT = 60_000;

interface EarlyMessage {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly until: number;
}
/** The oldest first. */
interface Kept {
  messages: EarlyMessage[];
  bytes: number;
}

export interface Early {
  /** @returns whether there was room */
  keep(from: string, id: string, bytes: Uint8Array): boolean;
  /** Those of a run that is joined now, in the order in which each peer sent them. */
  take(id: string): { readonly from: string; readonly bytes: Uint8Array }[];
  forget(from: string): void;
}

export const createEarly = (): Early => {
  const held = new Map<string, Kept>();
  return {
    keep(from, id, bytes) {
      const now = performance.now();
      const kept = held.get(from) ?? { messages: [], bytes: 0 };
      held.set(from, kept);
      const fresh = kept.messages.findIndex(({ until }) => until > now);
      const stale = kept.messages.splice(0, fresh < 0 ? kept.messages.length : fresh);
      for (const old of stale) kept.bytes -= old.bytes.length;
      if (kept.bytes + bytes.length > MAX_BYTES || kept.messages.length >= MAX_MESSAGES) return false;
      kept.messages.push({ id, bytes, until: now + KEPT });
      kept.bytes += bytes.length;
      return true;
    },
    take(id) {
      const taken: { from: string; bytes: Uint8Array }[] = [];
      for (const [from, kept] of held) {
        const mine = kept.messages.filter((message) => message.id === id);
        if (mine.length === 0) continue;
        kept.messages = kept.messages.filter((message) => message.id !== id);
        for (const { bytes } of mine) {
          kept.bytes -= bytes.length;
          taken.push({ from, bytes });
        }
      }
      return taken;
    },
    forget: (from) => void held.delete(from),
  };
};
