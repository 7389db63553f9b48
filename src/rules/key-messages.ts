/** What a request asks to be signed: the text beside the ledger that its digest stands for, read by every node. */
import { z } from "zod";
import { Description, Salt } from "./shapes.ts";

/** In one request. */
export const MAX_MESSAGES = 1_000;
/** Characters of all messages of a request together: each node reads them, and they travel as one text. */
export const MESSAGES_MAX = 262_144;

/** Lower-case, of whole bytes. */
const Hex = z
  .string()
  .regex(/^([0-9a-f]{2})*$/)
  .max(131_072);

/**
 * - `digest`: what the scheme signs, as it is: 32 bytes, for Ed25519 a message; nobody can tell what it stands for
 * - `message`: EIP-191, which the node applies
 * - `transaction`: unsigned, EIP-2718; the node decodes it and signs its hash
 * - `typed-data`: EIP-712, as JSON text
 * - `statement`: what a statement's signature is over (RFC 7515 section 5.1), for the key of a member's identity; also a
 *   member's question to an enclave
 * - `certificate`: a certificate of the key that signs it, before it is signed (TBSCertificate, DER)
 */
export const KeyMessage = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("digest"), hex: Hex }),
  z.strictObject({ kind: z.literal("message"), hex: Hex }),
  z.strictObject({ kind: z.literal("transaction"), hex: Hex.min(2) }),
  z.strictObject({ kind: z.literal("typed-data"), json: z.string().min(2).max(131_072) }),
  z.strictObject({
    kind: z.literal("statement"),
    input: z
      .string()
      .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
      .max(MESSAGES_MAX),
  }),
  z.strictObject({ kind: z.literal("certificate"), hex: Hex.min(2).max(32_768) }),
]);
export type KeyMessage = z.output<typeof KeyMessage>;

/** What of it is read, as it is written. */
const textOf = (message: KeyMessage): string =>
  "hex" in message ? message.hex : "json" in message ? message.json : message.input;

/** Indices of non-hardened children, BIP 32. */
export const KeyPath = z.array(z.int().min(0).max(0x7fff_ffff)).max(8);

export const RequestDetail = z.strictObject({
  salt: Salt,
  /** Of the child key that signs; the key itself, without. */
  path: KeyPath.optional(),
  /** None where the key is exported. */
  messages: z
    .array(KeyMessage)
    .max(MAX_MESSAGES)
    .refine((all) => all.reduce((sum, one) => sum + textOf(one).length, 0) <= MESSAGES_MAX, {
      message: `at most ${MESSAGES_MAX} characters together`,
    }),
  /** What for, in the requester's words. */
  note: Description,
});
export type RequestDetail = z.output<typeof RequestDetail>;
