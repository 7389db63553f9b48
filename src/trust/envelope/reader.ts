/** Reading a stream in pieces of one's own size, holding no more than a piece and what came with it. */
import { type Bytes, concat } from "../../base/bytes.ts";

export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface Reader {
  /** The next `length` bytes, fewer only where the stream ends. Possibly a view of what the source gave. */
  read(length: number): Promise<Uint8Array>;
  /** Lets the source go. */
  close(): Promise<void>;
}

export const createReader = (source: ByteSource): Reader => {
  const pieces = (async function* () {
    yield* source;
  })();
  let rest: Uint8Array = new Uint8Array(0);
  /** The next piece that is not empty; an empty one when there is none. */
  const piece = async (): Promise<Uint8Array> => {
    for (;;) {
      const { value, done } = await pieces.next();
      if (done) return new Uint8Array(0);
      if (value.length > 0) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    const taken = rest.subarray(0, length);
    rest = rest.subarray(taken.length);
    return taken;
  };

  return {
    async read(length) {
      if (rest.length === 0) rest = await piece();
      if (rest.length >= length) return take(length);
      const out = new Uint8Array(length);
      let filled = 0;
      while (filled < length && rest.length > 0) {
        const part = take(length - filled);
        out.set(part, filled);
        filled += part.length;
        if (rest.length === 0) rest = await piece();
      }
      return out.subarray(0, filled);
    },
    async close() {
      await pieces.return();
    },
  };
};

/** The whole of a stream. */
export const collect = async (source: ByteSource): Promise<Bytes> => {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return concat(...parts);
};
