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

export interface Early {
  /** @returns whether there was room */
  keep(from: string, id: string, bytes: Uint8Array): boolean;
  /** Those of a run that is joined now, in the order in which each peer sent them. */
  take(id: string): { readonly from: string; readonly bytes: Uint8Array }[];
  forget(from: string): void;
}

export const createEarly = (): Early => {
  const held = new Map<string, EarlyMessage[]>();
  return {
    keep(from, id, bytes) {
      const now = performance.now();
      const messages = (held.get(from) ?? []).filter(({ until }) => until > now);
      held.set(from, messages);
      const size = messages.reduce((sum, message) => sum + message.bytes.length, bytes.length);
      if (size > MAX_BYTES || messages.length >= MAX_MESSAGES) return false;
      messages.push({ id, bytes, until: now + KEPT });
      return true;
    },
    take(id) {
      const taken: { from: string; bytes: Uint8Array }[] = [];
      for (const [from, messages] of held) {
        const others = messages.filter((message) => message.id !== id);
        if (others.length === messages.length) continue;
        for (const message of messages) if (message.id === id) taken.push({ from, bytes: message.bytes });
        if (others.length > 0) held.set(from, others);
        else held.delete(from);
      }
      return taken;
    },
    forget: (from) => void held.delete(from),
  };
};
