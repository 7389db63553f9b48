/**
 * Packets of the MySQL protocol on a socket: u24 LE length, u8 sequence number, payload; a payload of 2^24 - 1 bytes
 * goes on in the next packet. What arrives is gathered in one window, from which rows are decoded where they lie. The
 * socket is paused while nobody reads, so memory does not grow with the table.
 */
import type { Duplex } from "node:stream";
import { concat } from "../../../base/bytes.ts";
import type { Refusal } from "../../../base/refusal.ts";
import { refuse } from "../errors.ts";
import type { Step } from "./failures.ts";

export const HEADER_BYTES = 4;
export const FULL_PAYLOAD = 0xff_ffff;
/** Bytes behind the window's last that may be read as well, whatever is in them. */
export const PADDING = 16;
/** Bytes that may wait before the socket is paused. */
const HIGH_WATER = 1 << 20;

export interface Packets {
  /** What has arrived and was not read: `bytes` from `at` to `end`; whoever reads moves `at`. */
  readonly window: Window;
  /** Waits until there is more in the window. @throws Refusal database.lost, database.timeout */
  more(): Promise<void>;
  /** The payload of the next packets that belong together. @throws Refusal database.* */
  next(limit?: number): Promise<Uint8Array>;
  /** Sends a command of less than 2^24 - 1 bytes; its answer counts from 1. */
  send(...parts: readonly Uint8Array[]): void;
  /** What is being done, named when the connection is lost. */
  step: Step;
  /** Whether the server is still there, as far as is known. */
  readonly alive: boolean;
  close(): void;
}

export interface Window {
  bytes: Uint8Array;
  view: DataView;
  at: number;
  end: number;
  /** Sequence number of the next packet. */
  sequence: number;
}

export const malformed = (reason: string): Refusal => refuse("database.protocol", { reason });

/** @param silence milliseconds that the server may be silent */
export const createPackets = (socket: Duplex, silence: number): Packets => {
  const window: Window = { ...memory(256 << 10), at: 0, end: 0, sequence: 0 };
  let fresh = false;
  let failed: Refusal | undefined;
  let waiting: PromiseWithResolvers<void> | undefined;

  const settle = (): void => {
    const reader = waiting;
    waiting = undefined;
    if (!reader) return;
    if (failed) reader.reject(failed);
    else reader.resolve();
  };
  const fail = (refusal: Refusal): void => {
    failed ??= refusal;
    clearTimeout(timer);
    settle();
  };
  const timer = setTimeout(() => {
    if (!waiting) return;
    fail(refuse("database.timeout", { seconds: silence / 1_000, step: packets.step }));
    socket.destroy();
  }, silence);
  const lost = () => fail(refuse("database.lost", { step: packets.step }));
  socket.on("data", (chunk: Uint8Array) => {
    append(window, chunk);
    free(chunk);
    fresh = true;
    if (waiting) settle();
    else if (window.end - window.at > HIGH_WATER) socket.pause();
  });
  for (const event of ["error", "end", "close"]) socket.on(event, lost);

  const packets: Packets = {
    window,
    step: "preparing the session",
    get alive() {
      return !failed;
    },
    async more() {
      if (!fresh) {
        if (failed) throw failed;
        waiting = Promise.withResolvers();
        timer.refresh();
        if (socket.isPaused()) socket.resume();
        await waiting.promise;
      }
      fresh = false;
    },
    async next(limit = FULL_PAYLOAD) {
      const parts: Uint8Array[] = [];
      for (let total = 0; ; ) {
        while (window.end - window.at < HEADER_BYTES) await packets.more();
        const length = takeHeader(window);
        total += length;
        if (total > limit) throw malformed(`an answer of ${total} bytes where ${limit} are the most`);
        while (window.end - window.at < length) await packets.more();
        parts.push(window.bytes.slice(window.at, window.at + length));
        window.at += length;
        if (length < FULL_PAYLOAD) return parts.length === 1 ? (parts[0] as Uint8Array) : concat(...parts);
      }
    },
    send(...parts) {
      if (failed) throw failed;
      if (window.at !== window.end) throw malformed("it answers before it is asked");
      window.sequence = 1;
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      socket.cork();
      socket.write(Uint8Array.of(length & 255, (length >> 8) & 255, length >> 16, 0));
      for (const part of parts) socket.write(part);
      socket.uncork();
    },
    close() {
      failed ??= refuse("database.lost", { step: packets.step });
      clearTimeout(timer);
      socket.destroy();
    },
  };
  return packets;
};

const memory = (capacity: number): { bytes: Uint8Array; view: DataView } => {
  const bytes = new Uint8Array(capacity + PADDING);
  return { bytes, view: new DataView(bytes.buffer) };
};

/** Bytes of the next packet's payload; moves behind its header, which must have arrived. */
export const takeHeader = (window: Window): number => {
  const { bytes, at } = window;
  const length = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  if (bytes[at + 3] !== window.sequence) throw malformed("its packets are out of order");
  window.sequence = (window.sequence + 1) & 255;
  window.at = at + HEADER_BYTES;
  return length;
};

/**
 * Frees memory that nobody reads any more, at once. Left to the collector, all that a table comes in has it mark the
 * whole heap while the table is read. What is part of a larger buffer is not this one's to free.
 */
const free = ({ buffer, length }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
};

/** Adds what has arrived: behind what is there, or moved to the front where there is no room. */
const append = (window: Window, chunk: Uint8Array): void => {
  const needed = window.end - window.at + chunk.length;
  const capacity = window.bytes.length - PADDING;
  if (window.end + chunk.length > capacity) {
    const { bytes, at, end } = window;
    if (needed > capacity) Object.assign(window, memory(2 * needed));
    window.bytes.set(bytes.subarray(at, end));
    window.at = 0;
    window.end = end - at;
    if (needed > capacity) free(bytes);
  }
  window.bytes.set(chunk, window.end);
  window.end += chunk.length;
};
