/**
 * What two running nodes say to one another, over however many connections (docs/protocols/peers.md section 3): two
 * lanes, in each of which every message arrives once and in order, or the other node has ended. The urgent lane goes
 * before the other, part by part.
 */
import type { Frame } from "../../tee/protocol/frames.ts";
import { refuse } from "./errors.ts";
import { LAST, type Link, malformed, PART, PART_SIZE, SEEN } from "./link.ts";

export type Lane = "urgent" | "bulk";
const LANES: readonly Lane[] = ["urgent", "bulk"];

/** Bytes of a message: one of a protocol (src/mpc/message.ts) at its largest, with what is around it. */
export const MAX_MESSAGE = (16 << 20) + (64 << 10);
/** Bytes and messages of a lane that are waiting, or sent and not yet acknowledged. */
const MAX_HELD = 64 << 20;
const MAX_MESSAGES = 16_384;
/** What is received is acknowledged after this time, or as soon as it comes to this much. */
const SEEN_AFTER = 25;
const SEEN_BYTES = 1 << 20;
const SEEN_MESSAGES = 64;

interface Outgoing {
  readonly bytes: Buffer;
  /** Milliseconds of the monotonic clock: not begun to be sent after this. */
  readonly until: number;
  /** A connection was there since it was given to the session. */
  connected: boolean;
}

const createLane = () => ({
  waiting: [] as Outgoing[],
  /** Sent, in part or whole, and not acknowledged. The first is the peer's `acknowledged`-th message. */
  flight: [] as Outgoing[],
  acknowledged: 0,
  held: 0,
  /** Place in `flight` of what is being sent, and how much of it was. */
  at: 0,
  offset: 0,
  received: 0,
  parts: [] as Buffer[],
  partial: 0,
});
type LaneState = ReturnType<typeof createLane>;

/** What a node says of a session when a connection begins. */
export interface Received {
  readonly urgent: number;
  readonly bulk: number;
}

export interface Session {
  /** @throws Refusal peer.busy, peer.too-large */
  send(lane: Lane, message: Buffer, until: number): void;
  /** A connection is there. @param received what the peer has of this session; what it lacks is sent again */
  attach(link: Link, received: Received): void;
  detach(): void;
  /** The connection takes more. */
  pump(): void;
  /** @throws Refusal peer.malformed */
  take(frame: Frame): void;
  received(): Received;
  /** The peer was started again: only what was given since the connection to the former one ended is for the new one. */
  reset(): void;
}

/** @param node whose name refusals give @param onMessage what it throws ends the connection */
export const createSession = (node: string, onMessage: (message: Buffer) => void): Session => {
  const lanes = { urgent: createLane(), bulk: createLane() };
  let link: Link | undefined;
  let unseen = { bytes: 0, messages: 0 };
  let timer: NodeJS.Timeout | undefined;

  const sayWhatWasSeen = () => {
    clearTimeout(timer);
    timer = undefined;
    unseen = { bytes: 0, messages: 0 };
    link?.write(SEEN, 0, encodeReceived({ urgent: lanes.urgent.received, bulk: lanes.bulk.received }));
  };
  const onSeen = (lane: LaneState, received: number) => {
    const fresh = received - lane.acknowledged;
    if (fresh < 0 || fresh > lane.at) throw malformed("an acknowledgement of what was not sent");
    for (const { bytes } of lane.flight.splice(0, fresh)) lane.held -= bytes.length;
    lane.acknowledged = received;
    lane.at -= fresh;
  };

  /** The first lane with something to send. */
  const nextLane = (): [LaneState, number, Outgoing] | undefined => {
    for (const [number, name] of LANES.entries()) {
      const lane = lanes[name];
      if (lane.at === lane.flight.length) begin(lane);
      const outgoing = lane.flight[lane.at];
      if (outgoing) return [lane, number, outgoing];
    }
    return undefined;
  };
  const pump = () => {
    while (link?.writable()) {
      const next = nextLane();
      if (!next) return;
      const [lane, number, { bytes }] = next;
      const part = bytes.subarray(lane.offset, lane.offset + PART_SIZE);
      lane.offset += part.length;
      const last = lane.offset === bytes.length;
      if (last) {
        lane.at++;
        lane.offset = 0;
      }
      link.write(last ? LAST : PART, number, part);
    }
  };
  const takePart = (lane: LaneState, payload: Buffer, last: boolean) => {
    lane.partial += payload.length;
    if (lane.partial > MAX_MESSAGE) throw malformed("a message without an end");
    if (payload.length === 0 || (!last && payload.length !== PART_SIZE)) throw malformed("a short part");
    lane.parts.push(payload);
    if (!last) return;
    // A copy: the payload is a view of the much larger piece that was read.
    const message = Buffer.concat(lane.parts);
    forgetPart(lane);
    lane.received++;
    unseen = { bytes: unseen.bytes + message.length, messages: unseen.messages + 1 };
    if (unseen.bytes >= SEEN_BYTES || unseen.messages >= SEEN_MESSAGES) sayWhatWasSeen();
    else timer ??= setTimeout(sayWhatWasSeen, SEEN_AFTER);
    onMessage(message);
  };

  return {
    send(name, bytes, until) {
      if (bytes.length > MAX_MESSAGE) throw refuse("peer.too-large", { size: bytes.length, limit: MAX_MESSAGE });
      const lane = lanes[name];
      if (isFull(lane, bytes.length)) expire(lane);
      if (isFull(lane, bytes.length)) throw refuse("peer.busy", { node });
      lane.held += bytes.length;
      lane.waiting.push({ bytes, until, connected: link !== undefined });
      pump();
    },
    attach(attached, received) {
      for (const name of LANES) {
        const lane = lanes[name];
        onSeen(lane, received[name]);
        lane.at = 0;
        lane.offset = 0;
        forgetPart(lane);
        for (const outgoing of lane.waiting) outgoing.connected = true;
      }
      link = attached;
      pump();
    },
    detach() {
      link = undefined;
    },
    pump,
    take({ type, call, payload }) {
      if (type === SEEN) {
        const received = decodeReceived(payload);
        for (const name of LANES) onSeen(lanes[name], received[name]);
        return;
      }
      const name = LANES[call];
      if (name === undefined || (type !== PART && type !== LAST)) throw malformed(`frame type ${type} of ${call}`);
      takePart(lanes[name], payload, type === LAST);
    },
    received: () => ({ urgent: lanes.urgent.received, bulk: lanes.bulk.received }),
    reset() {
      for (const name of LANES) {
        const waiting = lanes[name].waiting.filter(({ connected }) => !connected);
        const held = waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
        lanes[name] = { ...createLane(), waiting, held };
      }
    },
  };
};

const isFull = (lane: LaneState, more: number): boolean =>
  lane.held + more > MAX_HELD || lane.waiting.length + lane.flight.length >= MAX_MESSAGES;

/** Drops what nobody waits for any more. */
const expire = (lane: LaneState): void => {
  const now = performance.now();
  lane.waiting = lane.waiting.filter(({ bytes, until }) => {
    if (until >= now) return true;
    lane.held -= bytes.length;
    return false;
  });
};

/** Takes the next message under way that somebody still waits for. */
const begin = (lane: LaneState): void => {
  for (let next = lane.waiting.shift(); next; next = lane.waiting.shift()) {
    if (next.until >= performance.now()) {
      lane.flight.push(next);
      return;
    }
    lane.held -= next.bytes.length;
  }
};

const forgetPart = (lane: LaneState): void => {
  lane.parts = [];
  lane.partial = 0;
};

export const RECEIVED_LENGTH = 12;
export const encodeReceived = ({ urgent, bulk }: Received): Buffer => {
  const bytes = Buffer.alloc(RECEIVED_LENGTH);
  bytes.writeUIntBE(urgent, 0, 6);
  bytes.writeUIntBE(bulk, 6, 6);
  return bytes;
};
/** @throws Refusal peer.malformed */
export const decodeReceived = (bytes: Buffer): Received => {
  if (bytes.length !== RECEIVED_LENGTH) throw malformed("an acknowledgement of another length");
  return { urgent: bytes.readUIntBE(0, 6), bulk: bytes.readUIntBE(6, 6) };
};
