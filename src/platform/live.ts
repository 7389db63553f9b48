/**
 * Live events within one process: what happened, to whoever of an account is listening now. Lossless for a listener that
 * keeps up or comes back soon with the last id it saw; else it is told to read everything again (`reset`).
 */
import { randomBytes } from "node:crypto";

export interface LiveEvent {
  /** For `Last-Event-ID`. */
  id: string;
  type: string;
  data: unknown;
}

export interface LiveOptions {
  /** Events of an account kept for listeners that come back. */
  replay?: number;
  /** Events waiting for one slow listener before it is told to start over. */
  queue?: number;
  /** Accounts whose events are kept. */
  accounts?: number;
}

export interface Live {
  publish(accountId: string, event: { type: string; data: unknown }): void;
  /** Events from now on, after those missed since `lastEventId`. Ends when `signal` aborts or the iteration stops. */
  subscribe(
    accountId: string,
    options?: { lastEventId?: string; signal?: AbortSignal },
  ): AsyncIterableIterator<LiveEvent>;
  /** Where a listener that has seen nothing yet stands: the id to give it before its first event. */
  position(): string;
  /** Ends all subscriptions: the server is stopping. */
  close(): void;
  listeners(): number;
}

interface Channel {
  /** Number of the last event that is not kept any more, or may have been before the channel was. */
  dropped: number;
  ring: { seq: number; event: LiveEvent }[];
  listeners: Set<Listener>;
}
interface Listener {
  push(event: LiveEvent): void;
  end(): void;
}

export const createLive = ({ replay = 256, queue = 256, accounts = 10_000 }: LiveOptions = {}): Live => {
  // Ids of another life of the server mean nothing to this one.
  const life = randomBytes(6).toString("hex");
  const channels = new Map<string, Channel>();
  let seq = 0;

  const channelOf = (accountId: string): Channel => {
    const channel = channels.get(accountId) ?? { dropped: seq, ring: [], listeners: new Set() };
    if (!channels.has(accountId) && channels.size >= accounts) {
      const idle = channels.entries().find(([, { listeners }]) => listeners.size === 0);
      if (idle) channels.delete(idle[0]);
    }
    channels.delete(accountId);
    channels.set(accountId, channel);
    return channel;
  };

  const position = (): string => `${life}-${seq}`;
  const reset = (): LiveEvent => ({ id: position(), type: "reset", data: {} });

  /** What came after the event the listener saw last. */
  const missed = ({ dropped, ring }: Channel, lastEventId: string): LiveEvent[] => {
    const [from, number] = lastEventId.split("-");
    const last = Number(number);
    if (from !== life || !Number.isSafeInteger(last) || last < dropped || last > seq) return [reset()];
    return ring.filter((each) => each.seq > last).map(({ event }) => event);
  };

  return {
    publish(accountId, { type, data }) {
      const channel = channelOf(accountId);
      const event = { id: `${life}-${++seq}`, type, data };
      channel.ring.push({ seq, event });
      if (channel.ring.length > replay) channel.dropped = channel.ring.shift()?.seq ?? channel.dropped;
      for (const listener of channel.listeners) listener.push(event);
    },

    subscribe(accountId, { lastEventId, signal } = {}) {
      const channel = channelOf(accountId);
      const waiting = lastEventId === undefined ? [] : missed(channel, lastEventId);
      let wake: () => void = () => undefined;
      let ended = signal?.aborted ?? false;
      const listener: Listener = {
        push(event) {
          if (waiting.length >= queue) waiting.splice(0, waiting.length, reset());
          else waiting.push(event);
          wake();
        },
        end() {
          ended = true;
          channel.listeners.delete(listener);
          signal?.removeEventListener("abort", listener.end);
          wake();
        },
      };
      if (!ended) channel.listeners.add(listener);
      signal?.addEventListener("abort", listener.end, { once: true });

      return {
        async next() {
          while (!ended) {
            const event = waiting.shift();
            if (event) return { done: false, value: event };
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
          return { done: true, value: undefined };
        },
        async return() {
          listener.end();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },

    position,
    close() {
      for (const { listeners } of channels.values()) for (const listener of listeners) listener.end();
    },
    listeners: () => channels.values().reduce((sum, { listeners }) => sum + listeners.size, 0),
  };
};
