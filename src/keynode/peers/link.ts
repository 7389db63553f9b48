/**
 * One authenticated TLS connection to a peer (docs/protocols/peers.md section 2): frames in both directions, signs of
 * life, and a pace that no peer exceeds. What is lost with it, the session (session.ts) sends again over the next one.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { encodeHead, type Frame, readFrames } from "../../tee/protocol/frames.ts";
import { refuse } from "./errors.ts";

export const HELLO = 0;
/** Part of a message, and its last part; the number is the lane. */
export const PART = 1;
export const LAST = 2;
/** How many messages of each lane were received. */
export const SEEN = 3;
const PING = 4;
const PONG = 5;

export const PART_SIZE = 64 << 10;
const LIMITS: Readonly<Record<number, number>> = {
  [HELLO]: 64,
  [PART]: PART_SIZE,
  [LAST]: PART_SIZE,
  [SEEN]: 16,
  [PING]: 0,
  [PONG]: 0,
};

/** Milliseconds between two looks at whether the peer is alive; it is given up after three without a sign. */
const BEAT = 2_000;
const SILENT_BEATS = 3;
/** What a peer may send, in bytes a second, with as much ahead; a frame counts as this many bytes more. */
const PACE = 64 << 20;
const FRAME_COST = 2_048;

export interface Link {
  /** @returns whether more may be written now; `onDrain` is called when it may again */
  write(type: number, number: number, payload: Uint8Array): boolean;
  writable(): boolean;
  close(reason: string): void;
}

interface LinkEvents {
  /** @throws Refusal peer.malformed: the link ends */
  onFrame(frame: Frame): void;
  onDrain(): void;
  onClose(reason: string): void;
  /** Whether the peer may still speak: asked at every beat. */
  stands(): boolean;
}

export const createLink = (socket: TLSSocket, { onFrame, onDrain, onClose, stands }: LinkEvents): Link => {
  let closed = false;
  let silent = 0;
  /** Bytes, with what frames cost, beyond the pace at `since`. */
  let ahead = 0;
  let since = performance.now();

  const close = (reason: string) => {
    if (closed) return;
    closed = true;
    clearInterval(beat);
    socket.destroy();
    onClose(reason);
  };
  const write: Link["write"] = (type, number, payload) => {
    if (closed) return false;
    const head = encodeHead(type, number, payload.length);
    return socket.write(payload.length > 0 ? Buffer.concat([head, payload]) : head);
  };
  const beat = setInterval(() => {
    if (!stands()) return close("the ledger no longer names its key");
    if (++silent > SILENT_BEATS) return close("no sign of life");
    if (silent > 1) write(PING, 0, NOTHING);
  }, BEAT);

  /** Takes no more from the socket while the peer is beyond its pace: TCP then makes it wait. */
  const paced = async function* () {
    for await (const piece of socket as AsyncIterable<Buffer>) {
      silent = 0;
      yield piece;
      const now = performance.now();
      ahead = Math.max(0, ahead - ((now - since) * PACE) / 1_000) + piece.length;
      since = now;
      if (ahead > PACE) await delay(((ahead - PACE) * 1_000) / PACE);
    }
  };
  const take = (frame: Frame) => {
    if (closed) return;
    ahead += FRAME_COST;
    if (frame.type === PING) write(PONG, 0, NOTHING);
    else if (frame.type !== PONG) onFrame(frame);
  };
  socket.setNoDelay(true);
  socket.on("drain", onDrain);
  socket.on("close", () => close("the connection ended"));
  readFrames(paced(), take, LIMITS).then(
    () => close("the connection ended"),
    (error: unknown) => close(error instanceof Error ? error.message : "failed"),
  );
  return { write, writable: () => !closed && !socket.writableNeedDrain, close };
};

const NOTHING = new Uint8Array();

/** @throws Refusal peer.malformed */
export const malformed = (reason: string) => refuse("peer.malformed", { reason });
