/** Flow of a body: the sender may have a few chunks under way, and the receiver holds it to that. */
import { refuse } from "./errors.ts";

/** Chunks under way before the first is acknowledged. */
export const WINDOW = 4;

/** A bell for one waiting consumer. */
const createBell = () => {
  let ring: () => void = () => undefined;
  return {
    ring: () => ring(),
    wait: () =>
      new Promise<void>((resolve) => {
        ring = resolve;
      }),
  };
};

export interface Inbound {
  /** The body, for one reader; who stops early makes the sender stop. */
  readonly body: AsyncIterable<Uint8Array>;
  /** @throws Refusal channel.malformed for more than the window, or after the end */
  push(chunk: Uint8Array): void;
  /**
   * What the sender says: it is complete, or ends with this error, which the reader gets after what came before.
   * @throws Refusal channel.malformed after the end
   */
  end(error?: unknown): void;
  /** What this side says: nothing more will come. Has no effect after the end. */
  fail(error: unknown): void;
  /** The call is over before the body was: what is held is let go. */
  drop(): void;
}

/** @param credit acknowledges a chunk; @param stop tells the sender that no more is wanted */
export const createInbound = ({ credit, stop }: { credit: () => void; stop: () => void }): Inbound => {
  let chunks: Uint8Array[] = [];
  let ended = false;
  let unwanted = false;
  let failure: { readonly error: unknown } | undefined;
  /** Chunks that came and were not acknowledged. */
  let owed = 0;
  const bell = createBell();

  const requireOpen = () => {
    if (ended) throw refuse("channel.malformed", { reason: "a body goes on after its end" });
  };
  const fail = (error: unknown) => {
    if (ended) return;
    ended = true;
    failure = { error };
    bell.ring();
  };
  // Not a generator: its `return` would wait for a `next` that a stalled sender never lets end.
  const reader: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      for (;;) {
        if (unwanted) return { done: true, value: undefined };
        const chunk = chunks.shift();
        if (chunk) {
          owed--;
          if (!ended) credit();
          return { done: false, value: chunk };
        }
        if (failure) throw failure.error;
        if (ended) return { done: true, value: undefined };
        await bell.wait();
      }
    },
    async return() {
      if (!ended && !unwanted) stop();
      unwanted = true;
      chunks = [];
      bell.ring();
      return { done: true, value: undefined };
    },
  };
  return {
    body: { [Symbol.asyncIterator]: () => reader },
    push(chunk) {
      requireOpen();
      if (chunk.length === 0) throw refuse("channel.malformed", { reason: "an empty chunk" });
      if (++owed > WINDOW) throw refuse("channel.malformed", { reason: "more chunks than were asked for" });
      if (!unwanted) chunks.push(chunk);
      bell.ring();
    },
    end(error) {
      requireOpen();
      ended = true;
      if (error !== undefined) failure = { error };
      bell.ring();
    },
    fail,
    drop() {
      if (ended) return;
      chunks = [];
      fail(refuse("channel.closed", { reason: "the call is over" }));
    },
  };
};

export interface Credit {
  /** Waits until a chunk may be sent; false when no more is wanted. */
  take(): Promise<boolean>;
  /** @throws Refusal channel.malformed for an acknowledgement of what was not sent */
  give(): void;
  stop(): void;
}

export const createCredit = (): Credit => {
  let left = WINDOW;
  let stopped = false;
  const bell = createBell();
  return {
    give() {
      if (left === WINDOW) throw refuse("channel.malformed", { reason: "a chunk is acknowledged that was not sent" });
      left++;
      bell.ring();
    },
    stop() {
      stopped = true;
      bell.ring();
    },
    async take() {
      while (left === 0 && !stopped) await bell.wait();
      if (stopped) return false;
      left--;
      return true;
    },
  };
};
