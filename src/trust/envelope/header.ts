/** The header of an envelope: docs/protocols/envelope.md, sections 2 and 3. */
import { z } from "zod";
import { type Bytes, concat, equal, fromBase64url, fromUtf8, toBase64url, u32, utf8 } from "../../base/bytes.ts";
import { canonical, parseCanonical } from "../../base/canonical.ts";
import { refuse } from "./errors.ts";
import type { Reader } from "./reader.ts";

/** How the content key reaches the recipient: section 4. */
export type Wrap = "HPKE-X25519" | "RSA-OAEP-256" | "ECDH-ES-P256" | "ECDH-ES-X25519" | "SM2";
/** What the content is encrypted with: section 5. */
export type Enc = "A256GCM" | "SM4GCM";

/** What an envelope is for, for example {stream, resource, purpose}. Authenticated, not secret. */
export type Context = Readonly<Record<string, string>>;

export interface Header {
  readonly wrap: Wrap;
  readonly enc: Enc;
  /** SHA-256 (hex) of the recipient's SubjectPublicKeyInfo. */
  readonly recipient: string;
  readonly context: Context;
  /** Seven bytes, the same in the nonce of every chunk. */
  readonly nonce: Bytes;
  /** Ephemeral public key, in wraps by key agreement: 32 bytes (X25519) or 65 (P-256). */
  readonly epk?: Bytes;
  /** The encrypted content key, in the other wraps. */
  readonly wrapped?: Bytes;
}

export const NONCE_PREFIX_LENGTH = 7;
const MAGIC = utf8("ENTV1\n");
const MAX_HEADER_LENGTH = 16_384;
/** Keeps the info of HPKE within what every implementation takes. */
const MAX_CONTEXT_LENGTH = 4_096;

const Encoded = z.string().max(1_400);
const common = {
  v: z.literal(1),
  enc: z.enum(["A256GCM", "SM4GCM"]),
  recipient: z.string().regex(/^[0-9a-f]{64}$/),
  context: z.record(z.string(), z.string()),
  nonce: Encoded,
};
const Shape = z.discriminatedUnion("wrap", [
  z.strictObject({ ...common, wrap: z.enum(["HPKE-X25519", "ECDH-ES-P256", "ECDH-ES-X25519"]), epk: Encoded }),
  z.strictObject({ ...common, wrap: z.enum(["RSA-OAEP-256", "SM2"]), wrapped: Encoded }),
]);

/** The canonical text of a context. @throws Refusal envelope.malformed when it is too long */
export const contextText = (context: Context): string => {
  const text = canonical(context);
  if (utf8(text).length > MAX_CONTEXT_LENGTH) throw refuse("envelope.malformed", { reason: "the context is too long" });
  return text;
};

/** Everything before the first chunk: magic, length, header. */
export const encodeHeader = ({ nonce, epk, wrapped, ...plain }: Header): Bytes => {
  const header = utf8(
    canonical({
      v: 1,
      ...plain,
      nonce: toBase64url(nonce),
      epk: epk && toBase64url(epk),
      wrapped: wrapped && toBase64url(wrapped),
    }),
  );
  return concat(MAGIC, u32(header.length), header);
};

/**
 * Takes the header off a stream.
 * @returns the header, and the bytes that it was read from
 * @throws Refusal envelope.malformed, envelope.truncated
 */
export const readHeader = async (reader: Reader): Promise<{ header: Header; bytes: Bytes }> => {
  const start = await reader.read(MAGIC.length + 4);
  const magic = start.subarray(0, MAGIC.length);
  if (!equal(magic, MAGIC.subarray(0, magic.length))) {
    throw refuse("envelope.malformed", { reason: "it does not begin as one" });
  }
  if (start.length < MAGIC.length + 4) throw refuse("envelope.truncated");
  const length = new DataView(start.buffer, start.byteOffset).getUint32(MAGIC.length);
  if (length > MAX_HEADER_LENGTH) throw refuse("envelope.malformed", { reason: "the header is too long" });
  const bytes = await reader.read(length);
  if (bytes.length < length) throw refuse("envelope.truncated");
  return { header: parseHeader(bytes), bytes: concat(start, bytes) };
};

const parseHeader = (bytes: Uint8Array): Header => {
  try {
    const { v: _, nonce, ...shape } = Shape.parse(parseCanonical(fromUtf8(bytes)));
    const header: Header = {
      ...shape,
      nonce: fromBase64url(nonce),
      epk: "epk" in shape ? fromBase64url(shape.epk) : undefined,
      wrapped: "wrapped" in shape ? fromBase64url(shape.wrapped) : undefined,
    };
    if (header.nonce.length === NONCE_PREFIX_LENGTH) return header;
  } catch {
    // Said below, alike for every way a header can be wrong.
  }
  throw refuse("envelope.malformed", { reason: "the header is not of its form" });
};
