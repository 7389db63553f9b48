/** Content whose digest is taken as it passes: what a statement names, and what a receipt says. */
import { createHash } from "node:crypto";
import { sha256Hex } from "#crypto";
import { type Bytes, concat } from "../../base/bytes.ts";
import { ARCHIVE_MAX } from "../../rules/model.ts";
import { refuse } from "../errors.ts";

export interface Hashed {
  /** The content, for one reader, who may stop early. */
  readonly content: AsyncGenerator<Uint8Array>;
  /** Reads what is left, and answers with the SHA-256 (hex) and size of the whole. */
  finish(): Promise<{ digest: string; size: number }>;
}

export const hashed = (content: AsyncIterable<Uint8Array>): Hashed => {
  const hash = createHash("sha256");
  const source = content[Symbol.asyncIterator]();
  let size = 0;
  const next = async (): Promise<Uint8Array | undefined> => {
    const { done, value } = await source.next();
    if (done) return undefined;
    hash.update(value);
    size += value.length;
    return value;
  };
  // Not a `for await` over the source: that would end it when the reader stops early.
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let piece = await next(); piece; piece = await next()) yield piece;
  }
  return {
    content: pieces(),
    async finish() {
      while (await next());
      return { digest: hash.digest("hex"), size };
    },
  };
};

/** The whole of a small file, before a byte of it is used. @throws Refusal enclave.file */
export const collectChecked = async (content: AsyncIterable<Uint8Array>, digest: string): Promise<Bytes> => {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > ARCHIVE_MAX) throw refuse("enclave.file", { digest });
    pieces.push(piece);
  }
  const whole = concat(...pieces);
  if (sha256Hex(whole) !== digest) throw refuse("enclave.file", { digest });
  return whole;
};
