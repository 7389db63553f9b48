/**
 * The body of an envelope: docs/protocols/envelope.md, section 6. The STREAM construction (Hoang, Reyhanitabar, Rogaway
 * and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015): the nonce of a
 * chunk holds its number and whether it is the last, so that chunks can be neither moved nor left out.
 */
import { type Bytes, concat, u32 } from "../../base/bytes.ts";
import { type Cipher, TAG_LENGTH } from "./ciphers.ts";
import { refuse } from "./errors.ts";
import type { Reader } from "./reader.ts";

/** Plaintext in every chunk but the last, which has as much or less. */
export const CHUNK_LENGTH = 1 << 20;
const MAX_CHUNKS = 2 ** 32;
const FINAL = 0x8000_0000;

/** What chunks are sealed with: everything but their content and place. */
export interface Body {
  readonly cipher: Cipher;
  /** Seven bytes. */
  readonly prefix: Uint8Array;
  /** Digest of the header. */
  readonly aad: Bytes;
}

/** prefix || counter || final flag: 12 bytes. @throws Refusal envelope.too-large when the counter has run out */
export const chunkNonce = (prefix: Uint8Array, counter: number, final: boolean): Bytes => {
  if (counter >= MAX_CHUNKS) throw refuse("envelope.too-large", { limit: MAX_CHUNKS });
  return concat(prefix, u32(counter), Uint8Array.of(final ? 1 : 0));
};

/** The frames of what the reader gives, one a chunk: length with final flag || ciphertext || tag. */
export async function* sealBody({ cipher, prefix, aad }: Body, reader: Reader): AsyncGenerator<Bytes> {
  let chunk = await reader.read(CHUNK_LENGTH);
  for (let counter = 0; ; counter++) {
    // A full chunk may be the last: only what follows says so.
    const next = chunk.length < CHUNK_LENGTH ? undefined : await reader.read(CHUNK_LENGTH);
    const final = next === undefined || next.length === 0;
    const sealed = await cipher.seal(chunkNonce(prefix, counter, final), aad, chunk);
    yield concat(u32(final ? sealed.length + FINAL : sealed.length), sealed);
    if (final) return;
    chunk = next;
  }
}

/**
 * The chunks of what the reader gives, each once it has proved right. That none is missing shows at the end only.
 * @throws Refusal envelope.truncated, envelope.trailing, envelope.damaged, envelope.malformed, envelope.too-large
 */
export async function* openBody({ cipher, prefix, aad }: Body, reader: Reader): AsyncGenerator<Bytes> {
  for (let counter = 0; ; counter++) {
    const { sealed, final } = await readFrame(reader, counter);
    const chunk = await cipher.open(chunkNonce(prefix, counter, final), aad, sealed);
    if (!chunk) throw refuse("envelope.damaged", { chunk: counter });
    if (final && (await reader.read(1)).length > 0) throw refuse("envelope.trailing");
    yield chunk;
    if (final) return;
  }
}

const readFrame = async (reader: Reader, counter: number): Promise<{ sealed: Uint8Array; final: boolean }> => {
  const head = await reader.read(4);
  if (head.length < 4) throw refuse("envelope.truncated");
  const word = new DataView(head.buffer, head.byteOffset).getUint32(0);
  const final = word >= FINAL;
  const length = final ? word - FINAL : word;
  // One envelope for one content: no chunk is shorter than it must be.
  const full = CHUNK_LENGTH + TAG_LENGTH;
  const least = !final ? full : counter === 0 ? TAG_LENGTH : TAG_LENGTH + 1;
  if (length < least || length > full) {
    throw refuse("envelope.malformed", { reason: `chunk ${counter} is not of the length it must have` });
  }
  const sealed = await reader.read(length);
  if (sealed.length < length) throw refuse("envelope.truncated");
  return { sealed, final };
};
