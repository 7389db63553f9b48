/** Shapes that statements share. Limits are the ones the trusted-computing console states. */
import { z } from "zod";
import { fromBase64 } from "../base/bytes.ts";
import { DAY } from "../base/clock.ts";

const sha256Hex = () => z.string().regex(/^[0-9a-f]{64}$/);
/** SHA-256, lower-case hex. */
export const Digest = sha256Hex();
/** SHA-256 of a stream's first statement. */
export const StreamId = sha256Hex();
const isBase64 = (text: string): boolean => {
  try {
    return fromBase64(text).length > 0;
  } catch {
    return false;
  }
};
/** Canonical base64 (RFC 4648 section 4) of DER, at most `max` characters. */
export const der = (max: number) => z.string().max(max).refine(isBase64, { message: "base64 of DER is expected" });
export const Der = der(16_384);

/** Invitations and requests for authorisation are open for seven days. */
export const OPEN_FOR = 7 * DAY;

/** Letter, UTC timestamp to the second, sequence of one to six digits. */
export const resourceId = (letter: "M" | "D" | "T" | "G" | "K" | "R") =>
  z.string().regex(new RegExp(`^${letter}\\d{14}\\d{1,6}$`));

/** Random text that keeps the digest of short details from being guessed. */
export const Salt = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

const characters = (text: string): number => [...text].length;
/** Counts characters, not UTF-16 units, as the console's counters do. */
const upTo = (max: number) => (text: string) => characters(text) <= max;
/** No control characters, and none that turn the direction of what follows or break its line: they forge other names. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff]*$/u;

/** A name without control characters. */
export const Name = z
  .string()
  .min(1)
  .refine(upTo(50), { params: { max: 50 }, message: "at most 50 characters" })
  .regex(PRINTABLE)
  .refine((name) => name.trim() === name, { message: "no space at either end" });

/** Names of data sources and tasks: Chinese characters, letters and digits only. */
export const PlainName = z
  .string()
  .min(1)
  .refine(upTo(50), { params: { max: 50 }, message: "at most 50 characters" })
  .regex(/^[\p{Script=Han}A-Za-z0-9]+$/u, { message: "Chinese characters, letters and digits only" });

export const Description = z
  .string()
  .refine(upTo(100), { params: { max: 100 }, message: "at most 100 characters" })
  .regex(PRINTABLE)
  .default("");

/** Name of something that the enclave has a registry of: a runner, a reader of sources, a sink. */
export const Registered = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

/** Positions of columns in a structure. */
export const Columns = z
  .array(z.int().min(0).max(4_095))
  .min(1)
  .max(4_096)
  .refine((all) => all.every((one, i) => i === 0 || one > (all[i - 1] ?? 0)), "positions that grow");

/** Stream ids, none twice: they grow. There may be none. */
export const StreamSet = z
  .array(StreamId)
  .refine((all) => all.every((one, i) => i === 0 || one > (all[i - 1] ?? "")), "ids that grow");
/** The same, of one at least. */
export const StreamIds = StreamSet.min(1);

/** A digest-addressed file kept beside the ledger. `size` in bytes. */
export const Blob = z.strictObject({ digest: Digest, size: z.int().min(0) });

/** Who may apply to use a model or a data source. */
export const Permission = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("private") }),
  z.strictObject({ kind: z.literal("named"), members: z.array(StreamId).min(1).max(100) }),
  z.strictObject({ kind: z.literal("public") }),
]);
export type Permission = z.output<typeof Permission>;
