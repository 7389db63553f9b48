/**
 * Envelopes: everything large and secret travels in one. docs/protocols/envelope.md is their specification. Content
 * is streamed in both directions; an envelope of any length takes a few megabytes to seal or open.
 */
import { randomBytes } from "#crypto";
import { type Bytes, utf8 } from "../../base/bytes.ts";
import type { PrivateKey } from "../crypto/crypto.ts";
import { thumbprint } from "../keys.ts";
import { type Body, openBody, sealBody } from "./body.ts";
import { CIPHERS } from "./ciphers.ts";
import { refuse } from "./errors.ts";
import {
  type Context,
  contextText,
  type Enc,
  encodeHeader,
  type Header,
  NONCE_PREFIX_LENGTH,
  readHeader,
  type Wrap,
} from "./header.ts";
import { type ByteSource, collect, createReader } from "./reader.ts";
import type { Recipient } from "./recipient.ts";
import { WRAPS } from "./wraps.ts";

export interface SealOptions {
  readonly to: Recipient;
  /** What the content is for. Whoever opens must expect exactly this. */
  readonly context: Context;
  /** By default the cipher that goes with the recipient's key. */
  readonly enc?: Enc;
}

export interface RecipientOptions {
  readonly key: PrivateKey;
  /** What the content must have been sealed for. */
  readonly context: Context;
}

/** Who isn't the recipient opens with the content key that the recipient handed on. */
export type OpenOptions = RecipientOptions | { readonly contentKey: Bytes; readonly context: Context };

/**
 * Seals a stream.
 * @returns the envelope in pieces: first the header, then one piece a chunk of 1 MiB
 * @throws Refusal envelope.malformed for a context that is too long; envelope.too-large
 */
export async function* seal(content: ByteSource, { to, context, enc = to.enc }: SealOptions): AsyncGenerator<Bytes> {
  const { wrap, publicKey, thumbprint: recipient } = to;
  const { keyLength } = CIPHERS[enc];
  const { key, ...fields } = await WRAPS[wrap].wrap(publicKey, wrapInfo(wrap, enc, context), keyLength);
  const nonce = randomBytes(NONCE_PREFIX_LENGTH);
  const header = { wrap, enc, recipient, context, nonce, ...fields };
  const bytes = encodeHeader(header);
  const reader = createReader(content);
  try {
    yield bytes;
    yield* sealBody(await bodyOf(header, bytes, key), reader);
  } finally {
    await reader.close();
  }
}

/**
 * Opens an envelope. A chunk is given once it has proved right; that the content is complete shows only when the
 * stream ends without a refusal, so do nothing final with it before.
 * @throws Refusal envelope.malformed, envelope.truncated, envelope.trailing, envelope.damaged, envelope.recipient,
 *   envelope.key, envelope.context
 */
export async function* open(envelope: ByteSource, options: OpenOptions): AsyncGenerator<Bytes> {
  const reader = createReader(envelope);
  try {
    const { header, bytes } = await readHeader(reader);
    const contentKey = "key" in options ? await contentKeyOf(header, options) : givenKey(header, options);
    yield* openBody(await bodyOf(header, bytes, contentKey), reader);
  } finally {
    await reader.close();
  }
}

export const sealBytes = (content: Uint8Array, options: SealOptions): Promise<Bytes> =>
  collect(seal([content], options));

/** The whole content, or none of it. @throws Refusal as `open` */
export const openBytes = (envelope: Uint8Array, options: OpenOptions): Promise<Bytes> =>
  collect(open([envelope], options));

/**
 * The key that an envelope's content is under, for its recipient to hand on: it opens this one envelope and no other.
 * Nothing of the content is looked at; a header that was tampered with can give a key that opens nothing.
 * @throws Refusal envelope.context, envelope.recipient, envelope.key
 */
export const contentKeyOf = async (header: Header, { key, context }: RecipientOptions): Promise<Bytes> => {
  requireContext(header, context);
  const expected = thumbprint(key.publicKey);
  if (header.recipient !== expected) throw refuse("envelope.recipient", { found: header.recipient, expected });
  return await unwrap(header, key);
};

/**
 * What an envelope says of itself. Nothing of it is proved: only opening does that.
 * @throws Refusal envelope.malformed, envelope.truncated
 */
export const headerOf = async (envelope: ByteSource): Promise<Header> => {
  const reader = createReader(envelope);
  try {
    return (await readHeader(reader)).header;
  } finally {
    await reader.close();
  }
};

/** Section 4.1: what a wrap is bound to. */
const wrapInfo = (wrap: Wrap, enc: Enc, context: Context): Bytes =>
  utf8(`entente envelope v1\n${wrap}\n${enc}\n${contextText(context)}\n`);

const requireContext = (header: Header, context: Context): void => {
  const [found, expected] = [contextText(header.context), contextText(context)];
  if (found !== expected) throw refuse("envelope.context", { found, expected });
};

const givenKey = (header: Header, options: { contentKey: Bytes; context: Context }): Bytes => {
  requireContext(header, options.context);
  if (options.contentKey.length !== CIPHERS[header.enc].keyLength) throw refuse("envelope.key");
  return options.contentKey;
};

const unwrap = async ({ wrap, enc, context, epk, wrapped }: Header, key: PrivateKey): Promise<Bytes> => {
  const { keyLength } = CIPHERS[enc];
  try {
    const opened = await WRAPS[wrap].unwrap(key, { epk, wrapped }, wrapInfo(wrap, enc, context), keyLength);
    if (opened.length === keyLength) return opened;
  } catch {
    // Said below: whoever made the envelope must not learn in which way it was wrong.
  }
  throw refuse("envelope.key");
};

const bodyOf = async ({ enc, nonce }: Header, bytes: Bytes, key: Bytes): Promise<Body> => {
  const { create, digest } = CIPHERS[enc];
  return { cipher: await create(key), prefix: nonce, aad: digest(bytes) };
};
