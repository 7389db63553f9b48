/**
 * Frames of the channel: u32 length of the payload, u8 type, u32 number of the call, payload. What a type may carry is
 * decided from the head alone, before a byte of the payload is held.
 */
import { refuse } from "./errors.ts";

export const CALL = 0;
export const ANSWER = 1;
export const FAILURE = 2;
export const CHUNK = 3;
export const END = 4;
export const CREDIT = 5;
export const ABORT = 6;
/** Whoever receives a body wants no more of it. */
export const STOP = 7;

const HEAD = 9;
/** Bytes of a call's or answer's JSON at most. */
export const MAX_JSON = 64 << 20;
/** Bytes of a failure's JSON at most. */
export const MAX_FAILURE = 64 << 10;
export const CHUNK_SIZE = 1 << 20;

/** The largest payload of each type there is. */
export type Limits = Readonly<Record<number, number>>;
const LIMITS: Limits = {
  [CALL]: MAX_JSON,
  [ANSWER]: MAX_JSON,
  [FAILURE]: MAX_FAILURE,
  [CHUNK]: CHUNK_SIZE,
  [END]: 0,
  [CREDIT]: 0,
  [ABORT]: MAX_FAILURE,
  [STOP]: 0,
};

export interface Frame {
  readonly type: number;
  readonly call: number;
  readonly payload: Buffer;
}

export const encodeHead = (type: number, call: number, length: number): Buffer => {
  const head = Buffer.allocUnsafe(HEAD);
  head.writeUInt32BE(length, 0);
  head.writeUInt8(type, 4);
  head.writeUInt32BE(call, 5);
  return head;
};

const decodeHead = (head: Buffer, limits: Limits) => {
  const [length, type, call] = [head.readUInt32BE(0), head.readUInt8(4), head.readUInt32BE(5)];
  const limit = limits[type];
  if (limit === undefined) throw refuse("channel.malformed", { reason: `frame type ${type}` });
  if (length > limit) throw refuse("channel.malformed", { reason: `a frame of type ${type} with ${length} bytes` });
  return { length, type, call };
};

/**
 * Hands over every frame until the stream ends.
 * @throws Refusal channel.malformed, and whatever `onFrame` throws
 */
export const readFrames = async (
  input: AsyncIterable<Buffer>,
  onFrame: (frame: Frame) => void,
  limits: Limits = LIMITS,
): Promise<void> => {
  let parts: Buffer[] = [];
  let held = 0;
  const take = (length: number): Buffer => {
    const all = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    held -= length;
    parts = held > 0 ? [all.subarray(length)] : [];
    return all.subarray(0, length);
  };
  let head: ReturnType<typeof decodeHead> | undefined;
  for await (const chunk of input) {
    parts.push(chunk);
    held += chunk.length;
    for (;;) {
      if (!head) {
        if (held < HEAD) break;
        head = decodeHead(take(HEAD), limits);
      }
      const { length, type, call } = head;
      if (held < length) break;
      head = undefined;
      onFrame({ type, call, payload: take(length) });
    }
  }
  if (head || held > 0) throw refuse("channel.malformed", { reason: "the stream ends inside a frame" });
};
