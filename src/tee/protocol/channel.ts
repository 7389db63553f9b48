/**
 * Calls in both directions over one byte stream. A call may be accompanied by a body of bytes either way: the caller's,
 * or the answer's. Bodies flow under credit (flow.ts), so memory stays bounded whatever their size. A message that is
 * too large fails its own call, where it is made; what is not of the protocol ends the channel.
 */
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { Refusal } from "../../base/refusal.ts";
import { refuse } from "./errors.ts";
import { type Credit, createCredit, createInbound, type Inbound } from "./flow.ts";
import * as frames from "./frames.ts";

/** Calls of one side that are served at a time. */
const MAX_SERVED = 1_024;
/** Numbers of calls end here, and begin again with those that are free. */
const NUMBERS = 0xffff_fffe;

export type Body = AsyncIterable<Uint8Array>;
export interface Answer {
  readonly result: unknown;
  readonly body?: Body;
}
/** Serves a call; `body` is what the caller sent along. */
export type Handler = (params: unknown, body: Body) => Promise<Answer>;

export interface Channel {
  /** @throws Refusal channel.closed, channel.too-large, or whatever the other side refuses with */
  call(method: string, params: unknown, body?: Body): Promise<{ result: unknown; body: Body }>;
  close(reason?: string): void;
  readonly closed: Promise<string>;
}

interface Calling {
  readonly inbound: Inbound;
  /** Whether the answer has come, and its body has not ended yet. */
  answered: boolean;
  resolve(answer: { result: unknown; body: Body }): void;
  reject(error: unknown): void;
}

const Called = z.strictObject({ method: z.string(), params: z.unknown().optional(), body: z.boolean() });
const Answered = z.strictObject({ result: z.unknown().optional(), body: z.boolean() });
const Failure = z.strictObject({
  code: z.string(),
  status: z.int(),
  details: z.record(z.string(), z.unknown()),
  message: z.string(),
});
type Failure = z.output<typeof Failure>;

/**
 * @param side 0 or 1: each side numbers its calls with its own parity
 * @param first number of this side's first call, of its parity
 */
export const createChannel = (
  input: Readable,
  output: Writable,
  handlers: Record<string, Handler>,
  side: 0 | 1,
  first: number = side,
): Channel => {
  let next = first;
  const calling = new Map<number, Calling>();
  const serving = new Map<number, Inbound>();
  /** Bodies that this side is sending, by call. */
  const sending = new Map<number, Credit>();
  let isClosed = false;
  let announce: (reason: string) => void = () => undefined;
  const closed = new Promise<string>((resolve) => {
    announce = resolve;
  });

  const send = (type: number, call: number, payload: Uint8Array = NOTHING): void => {
    if (isClosed) return;
    // In one piece: each wakes the other side.
    output.cork();
    output.write(frames.encodeHead(type, call, payload.length));
    if (payload.length > 0) output.write(payload);
    output.uncork();
  };
  const sendFailure = (type: number, call: number, error: unknown) => send(type, call, encodeFailure(error));
  const receive = (call: number) =>
    createInbound({ credit: () => send(frames.CREDIT, call), stop: () => send(frames.STOP, call) });

  const pour = async (call: number, body: Body, credit: Credit) => {
    for await (const piece of body)
      for (let at = 0; at < piece.length; at += frames.CHUNK_SIZE) {
        if (!(await credit.take())) return;
        send(frames.CHUNK, call, piece.subarray(at, at + frames.CHUNK_SIZE));
      }
  };
  const sendBody = async (call: number, body: Body) => {
    const credit = createCredit();
    sending.set(call, credit);
    try {
      await pour(call, body, credit);
      send(frames.END, call);
    } catch (error) {
      sendFailure(frames.ABORT, call, error);
    } finally {
      sending.delete(call);
    }
  };

  const serve = async (call: number, { method, params }: z.output<typeof Called>, inbound: Inbound) => {
    try {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
      if (!handler) throw refuse("channel.method", { method: method.slice(0, 64) });
      const { result, body } = await handler(params, inbound.body);
      send(frames.ANSWER, call, encodeJson({ result, body: body !== undefined }));
      if (body) await sendBody(call, body);
    } catch (error) {
      sendFailure(frames.FAILURE, call, error);
    } finally {
      serving.delete(call);
      inbound.drop();
    }
  };

  const onCall = (call: number, payload: Buffer) => {
    if (isMine(call)) throw malformed("a call under a number of the other side");
    if (serving.has(call)) throw malformed("a call under a number in use");
    const called = decodeJson(Called, payload);
    if (serving.size >= MAX_SERVED)
      return sendFailure(frames.FAILURE, call, refuse("channel.busy", { limit: MAX_SERVED }));
    const inbound = receive(call);
    if (!called.body) inbound.end();
    serving.set(call, inbound);
    void serve(call, called, inbound);
  };

  const requireCalling = (call: number): Calling => {
    const waiting = calling.get(call);
    if (!waiting) throw malformed("an answer to no call");
    return waiting;
  };
  /** The other side has said its last about a call: it wants no more of this side's body either. */
  const retire = (call: number) => {
    calling.delete(call);
    sending.get(call)?.stop();
  };

  const onAnswer = (call: number, payload: Buffer) => {
    const waiting = requireCalling(call);
    if (waiting.answered) throw malformed("a second answer");
    const { result, body } = decodeJson(Answered, payload);
    waiting.answered = true;
    if (!body) {
      waiting.inbound.end();
      retire(call);
    }
    waiting.resolve({ result, body: waiting.inbound.body });
  };

  const onFailure = (call: number, payload: Buffer) => {
    const { inbound, reject } = requireCalling(call);
    const error = refusalOf(decodeJson(Failure, payload));
    retire(call);
    inbound.fail(error);
    reject(error);
  };

  const onBody = (type: number, call: number, payload: Buffer) => {
    const mine = isMine(call);
    if (mine && !requireCalling(call).answered) throw malformed("a body before its answer");
    const inbound = mine ? requireCalling(call).inbound : serving.get(call);
    if (type === frames.CHUNK) return inbound?.push(payload);
    if (type === frames.END) inbound?.end();
    else {
      const error = refusalOf(decodeJson(Failure, payload));
      inbound?.end(error);
    }
    if (mine) retire(call);
  };

  const isMine = (call: number) => call % 2 === side;
  const onFrame = ({ type, call, payload }: frames.Frame) => {
    if (isClosed) return;
    if (type === frames.CALL) onCall(call, payload);
    else if (type === frames.ANSWER) onAnswer(call, payload);
    else if (type === frames.FAILURE) onFailure(call, payload);
    else if (type === frames.CREDIT) sending.get(call)?.give();
    else if (type === frames.STOP) sending.get(call)?.stop();
    else onBody(type, call, payload);
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
    for (const credit of sending.values()) credit.stop();
    calling.clear();
    output.end();
    announce(reason);
  };

  frames.readFrames(input, onFrame).then(
    () => close("end of stream"),
    (error: unknown) => close(reasonOf(error)),
  );
  output.on("error", (error) => close(reasonOf(error)));

  /** The next number that nothing is under way with. */
  const number = (): number => {
    const taken = next;
    next = next + 2 < NUMBERS ? next + 2 : side;
    return calling.has(taken) || sending.has(taken) ? number() : taken;
  };

  return {
    closed,
    close,
    async call(method, params, body) {
      const called = encodeJson({ method, params, body: body !== undefined });
      if (isClosed) throw refuse("channel.closed", { reason: "closed" });
      const call = number();
      const { promise, resolve, reject } = Promise.withResolvers<{ result: unknown; body: Body }>();
      calling.set(call, { inbound: receive(call), answered: false, resolve, reject });
      send(frames.CALL, call, called);
      if (body) void sendBody(call, body);
      return promise;
    },
  };
};

const NOTHING = new Uint8Array();
const malformed = (reason: string) => refuse("channel.malformed", { reason });
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** @throws Refusal channel.too-large: here, where it fails nothing but this message */
const encodeJson = (value: unknown): Buffer => {
  const text = Buffer.from(JSON.stringify(value));
  if (text.length > frames.MAX_JSON) throw refuse("channel.too-large", { size: text.length, limit: frames.MAX_JSON });
  return text;
};

const decodeJson = <T>(shape: z.ZodType<T>, payload: Buffer): T => {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString("utf8"));
  } catch {
    throw malformed("what should be JSON is not");
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw malformed("a message without the members it needs");
  return parsed.data;
};

/** Messages of failures are cut to this. */
const MAX_MESSAGE = 4_096;
/** Of what is too large the code is left: a failure must always get through. */
const encodeFailure = (error: unknown): Buffer => {
  const { code, status, details, message } = failureOf(error);
  const whole = Buffer.from(JSON.stringify({ code, status, details, message }));
  if (whole.length <= frames.MAX_FAILURE) return whole;
  return Buffer.from(JSON.stringify({ code, status, details: {}, message: message.slice(0, MAX_MESSAGE) }));
};
const failureOf = (error: unknown): Failure =>
  error instanceof Refusal
    ? { code: error.code, status: error.status, details: error.details, message: error.message }
    : { code: "internal", status: 500, details: {}, message: error instanceof Error ? error.message : "failed" };
const refusalOf = ({ code, status, details, message }: Failure): Refusal => new Refusal(code, status, details, message);
