/**
 * Frames on a pipe: u32 LE length of the header, u32 LE length of the body, the header (JSON, padded with spaces to a
 * multiple of 8), the body (buffers, each padded with zeros to a multiple of 8, so that typed arrays can lie on it).
 */
import { concat, fromUtf8, utf8 } from "../../base/bytes.ts";
import { refuse } from "./errors.ts";

export const PREFIX_BYTES = 8;
/** To the next multiple of 8. */
export const padded = (length: number): number => Math.ceil(length / 8) * 8;

export interface Frame {
  readonly header: unknown;
  readonly body: Uint8Array;
}
/** What a reader of frames accepts; `totalBytes` counts everything that arrives. */
export interface FrameLimits {
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly totalBytes: number;
}

/** The frame in pieces, to be written one after the other; large buffers are not copied. */
export const encodeFrame = (header: object, buffers: readonly Uint8Array[] = []): Uint8Array[] => {
  const json = utf8(JSON.stringify(header));
  const head = new Uint8Array(PREFIX_BYTES + padded(json.length)).fill(0x20);
  head.set(json, PREFIX_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, head.length - PREFIX_BYTES, true);
  const pieces = [head];
  let body = 0;
  for (const buffer of buffers) {
    const padding = padded(buffer.length) - buffer.length;
    body += buffer.length + padding;
    if (buffer.length > 0) pieces.push(buffer as Uint8Array<ArrayBuffer>);
    if (padding > 0) pieces.push(new Uint8Array(padding));
  }
  view.setUint32(4, body, true);
  return pieces;
};

/**
 * Frames as they arrive. The sender is not trusted: nothing is allocated beyond the limits, and the last frame must
 * be whole.
 * @throws Refusal columns.malformed, columns.too-large
 */
export async function* readFrames(chunks: AsyncIterable<Uint8Array>, limits: FrameLimits): AsyncGenerator<Frame> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    yield* framesOf(createReader(source, limits.totalBytes), limits);
  } finally {
    await source.return?.();
  }
}

async function* framesOf(bytes: ReturnType<typeof createReader>, limits: FrameLimits): AsyncGenerator<Frame> {
  for (;;) {
    const prefix = await bytes.take(PREFIX_BYTES);
    if (!prefix) return;
    const view = new DataView(prefix.buffer);
    const [headerLength, bodyLength] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (headerLength % 8 || bodyLength % 8) throw refuse("columns.malformed", { reason: "lengths not multiples of 8" });
    if (headerLength > limits.headerBytes)
      throw refuse("columns.too-large", { limit: limits.headerBytes, what: "header bytes" });
    if (bodyLength > limits.bodyBytes)
      throw refuse("columns.too-large", { limit: limits.bodyBytes, what: "bytes in a frame" });
    const header = await bytes.take(headerLength);
    const body = await bytes.take(bodyLength);
    if (!header || !body) throw refuse("columns.malformed", { reason: "the last frame is cut off" });
    yield { header: parse(header), body };
  }
}

const parse = (header: Uint8Array): unknown => {
  try {
    return JSON.parse(fromUtf8(header));
  } catch {
    throw refuse("columns.malformed", { reason: "a header is not JSON" });
  }
};

/** Takes exact numbers of bytes from chunks; each taken piece has a buffer of its own, so it is aligned. */
const createReader = (source: AsyncIterator<Uint8Array>, totalBytes: number) => {
  let chunk: Uint8Array = new Uint8Array(0);
  let total = 0;
  return {
    /** Undefined when the stream ends before the first byte. @throws Refusal when it ends later */
    async take(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const parts: Uint8Array[] = [];
      let held = 0;
      while (held < length) {
        if (chunk.length === 0) {
          const next = await source.next();
          if (next.done) break;
          chunk = next.value;
          total += chunk.length;
          if (total > totalBytes) throw refuse("columns.too-large", { limit: totalBytes, what: "bytes" });
          continue;
        }
        const part = chunk.subarray(0, length - held);
        chunk = chunk.subarray(part.length);
        held += part.length;
        parts.push(part);
      }
      if (held < length && held > 0) throw refuse("columns.malformed", { reason: "the last frame is cut off" });
      return held < length ? undefined : concat(...parts);
    },
  };
};
