/** Content that must have the digest a statement names. */
import { createHash } from "node:crypto";
import { sha256Hex } from "#crypto";
import { type Bytes, concat } from "../../base/bytes.ts";
import { ARCHIVE_MAX } from "../../rules/model.ts";
import { refuse } from "../errors.ts";

/** Passes content on and fails at its end when its SHA-256 is another. */
export async function* hashing(content: AsyncIterable<Uint8Array>, digest: string): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest("hex") !== digest) throw refuse("enclave.file", { digest });
}

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
