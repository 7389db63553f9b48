/**
 * Calls in both directions over one byte stream. A frame is u32 length, u8 type, u32 call, then JSON or raw bytes.
 * A call may be accompanied by a body of bytes either way: the caller's (`write`), or the answer's (`read`). Bodies
 * flow under credit: the sender waits for the receiver's acknowledgement of each chunk but the last few, so memory
 * stays bounded whatever the size.
 */
import type { Readable, Writable } from "node:stream";
import { Refusal, refusals } from "../../base/refusal.ts";

const refuse = refusals({
  "channel.closed": {
    status: 503,
    en: "The other program has ended ({reason}). It is started again; send the request once more in a moment.",
    zh: "对端程序已结束（{reason}）。系统会重新启动它，请稍后重试。",
  },
  "channel.malformed": {
    status: 502,
    en: "The other program sent what is not of the protocol: {reason}. Use the same version on both sides.",
    zh: "对端程序发送了不符合协议的数据：{reason}。请确保两端版本一致。",
  },
});

const CALL = 0;
const ANSWER = 1;
const FAILURE = 2;
const CHUNK = 3;
const END = 4;
const CREDIT = 5;
const ABORT = 6;

const HEAD = 9;
const MAX_FRAME = 64 << 20;
const CHUNK_SIZE = 1 << 20;
/** Chunks under way before the first is acknowledged. */
const WINDOW = 4;

export type Body = AsyncIterable<Uint8Array>;
export interface Answer {
  readonly result: unknown;
  readonly body?: Body;
}
/** Serves a call; `body` is what the caller sent along. */
export type Handler = (params: unknown, body: Body) => Promise<Answer>;

export interface Channel {
  call(method: string, params: unknown, body?: Body): Promise<{ result: unknown; body: Body }>;
  close(reason?: string): void;
  readonly closed: Promise<string>;
}

/** Incoming bytes of one call, filled by frames and read by one consumer. */
const createInbound = (credit: () => void) => {
  const chunks: Uint8Array[] = [];
  let ended = false;
  let failure: unknown;
  let wake: () => void = () => undefined;
  return {
    push(chunk: Uint8Array) {
      chunks.push(chunk);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    fail(error: unknown) {
      failure = error;
      wake();
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
      for (;;) {
        const chunk = chunks.shift();
        if (chunk) {
          credit();
          yield chunk;
        } else if (failure) throw failure;
        else if (ended) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
};
type Inbound = ReturnType<typeof createInbound>;

/** Lets a sender have WINDOW chunks under way. */
const createCredit = () => {
  let left = WINDOW;
  let stopped = false;
  let wake: () => void = () => undefined;
  return {
    give() {
      left++;
      wake();
    },
    stop() {
      stopped = true;
      wake();
    },
    async take(): Promise<boolean> {
      while (left === 0 && !stopped)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      left--;
      return !stopped;
    },
  };
};
type Credit = ReturnType<typeof createCredit>;

interface Calling {
  readonly inbound: Inbound;
  resolve(answer: { result: unknown; body: Body }): void;
  reject(error: unknown): void;
}

/** @param side 0 or 1: each side numbers its calls with its own parity */
export const createChannel = (
  input: Readable,
  output: Writable,
  handlers: Record<string, Handler>,
  side: 0 | 1,
): Channel => {
  let next = side;
  const calling = new Map<number, Calling>();
  const serving = new Map<number, Inbound>();
  const credits = new Map<number, Credit>();
  let isClosed = false;
  let announce: (reason: string) => void = () => undefined;
  const closed = new Promise<string>((resolve) => {
    announce = resolve;
  });

  const send = (type: number, call: number, payload: Uint8Array): boolean => {
    if (isClosed) return true;
    const head = Buffer.allocUnsafe(HEAD);
    head.writeUInt32BE(payload.length, 0);
    head.writeUInt8(type, 4);
    head.writeUInt32BE(call, 5);
    output.write(head);
    return output.write(payload);
  };
  const sendJson = (type: number, call: number, value: unknown) => send(type, call, Buffer.from(JSON.stringify(value)));
  const NOTHING = new Uint8Array();

  const sendBody = async (call: number, body: Body) => {
    const credit = createCredit();
    credits.set(call, credit);
    try {
      for await (const piece of body)
        for (let at = 0; at < piece.length; at += CHUNK_SIZE) {
          if (!(await credit.take())) return;
          send(CHUNK, call, piece.subarray(at, at + CHUNK_SIZE));
        }
      send(END, call, NOTHING);
    } catch (error) {
      sendJson(ABORT, call, failureOf(error));
    } finally {
      credits.delete(call);
    }
  };

  const serve = async (call: number, { method, params }: { method: string; params: unknown }, inbound: Inbound) => {
    try {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
      if (!handler) throw refuse("channel.malformed", { reason: `no method ${method}` });
      const { result, body } = await handler(params, inbound);
      sendJson(ANSWER, call, { result, body: Boolean(body) });
      if (body) await sendBody(call, body);
    } catch (error) {
      sendJson(FAILURE, call, failureOf(error));
    } finally {
      serving.delete(call);
    }
  };

  const onFrame = (type: number, call: number, payload: Buffer) => {
    const json = () => JSON.parse(payload.toString("utf8"));
    const mine = call % 2 === side;
    switch (type) {
      case CALL: {
        const inbound = createInbound(() => send(CREDIT, call, NOTHING));
        serving.set(call, inbound);
        void serve(call, json(), inbound);
        return;
      }
      case ANSWER: {
        const waiting = calling.get(call);
        const { result, body } = json();
        if (!body) {
          waiting?.inbound.end();
          calling.delete(call);
        }
        waiting?.resolve({ result, body: waiting.inbound });
        return;
      }
      case FAILURE:
        credits.get(call)?.stop();
        calling.get(call)?.reject(refusalOf(json()));
        calling.delete(call);
        return;
      case CREDIT:
        credits.get(call)?.give();
        return;
      default: {
        const inbound = mine ? calling.get(call)?.inbound : serving.get(call);
        if (type === CHUNK) inbound?.push(payload);
        else if (type === END) inbound?.end();
        else if (type === ABORT) inbound?.fail(refusalOf(json()));
        else throw refuse("channel.malformed", { reason: `frame type ${type}` });
        if (mine && type !== CHUNK) calling.delete(call);
      }
    }
  };

  const close = (reason = "closed") => {
    if (isClosed) return;
    isClosed = true;
    const error = refuse("channel.closed", { reason });
    for (const { reject, inbound } of calling.values()) {
      inbound.fail(error);
      reject(error);
    }
    for (const inbound of serving.values()) inbound.fail(error);
    for (const credit of credits.values()) credit.stop();
    calling.clear();
    output.end();
    announce(reason);
  };

  readFrames(input, onFrame).then(
    () => close("end of stream"),
    (error: unknown) => close(String(error)),
  );
  output.on("error", (error) => close(String(error)));

  return {
    closed,
    close,
    call(method, params, body) {
      return new Promise((resolve, reject) => {
        if (isClosed) return reject(refuse("channel.closed", { reason: "closed" }));
        const call = next;
        next = (next + 2) % 0xffff_fffe;
        const inbound = createInbound(() => send(CREDIT, call, NOTHING));
        calling.set(call, { inbound, resolve, reject });
        sendJson(CALL, call, { method, params });
        if (body) void sendBody(call, body);
      });
    },
  };
};

const readFrames = async (input: Readable, onFrame: (type: number, call: number, payload: Buffer) => void) => {
  let parts: Buffer[] = [];
  let held = 0;
  const take = (length: number): Buffer => {
    const all = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [all.subarray(length)];
    held -= length;
    return all.subarray(0, length);
  };
  let head: Buffer | undefined;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    parts.push(chunk);
    held += chunk.length;
    for (;;) {
      if (!head) {
        if (held < HEAD) break;
        head = take(HEAD);
        if (head.readUInt32BE(0) > MAX_FRAME) throw refuse("channel.malformed", { reason: "frame too large" });
      }
      const length = head.readUInt32BE(0);
      if (held < length) break;
      const payload = take(length);
      const [type, call] = [head.readUInt8(4), head.readUInt32BE(5)];
      head = undefined;
      onFrame(type, call, payload);
    }
  }
};

interface Failure {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown>;
  readonly message: string;
}
const failureOf = (error: unknown): Failure =>
  error instanceof Refusal
    ? { code: error.code, status: error.status, details: error.details, message: error.message }
    : { code: "internal", status: 500, details: {}, message: error instanceof Error ? error.message : "failed" };
const refusalOf = ({ code, status, details, message }: Failure): Refusal => new Refusal(code, status, details, message);
