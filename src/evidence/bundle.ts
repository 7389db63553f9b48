/**
 * The evidence bundle: one canonical JSON file that proves a run, or what a key was used for, to anybody, offline. It
 * holds every statement of every stream that mattered, the place of each in the ledger with its Merkle proof, one signed
 * checkpoint, and such texts as whoever exported it chose to show.
 */
import { z } from "zod";
import { Digest, StreamId } from "../rules/shapes.ts";

export const FORMAT = "entente/evidence-bundle/1";
export const REQUEST_FORMAT = "entente/request-bundle/1";

/** Standard base64 of 32 bytes. */
const Hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);

const file = {
  /** In the ledger's order. */
  entries: z
    .array(
      z.strictObject({
        index: z.int().min(0),
        /** Ledger's time, milliseconds. */
        time: z.int().min(0),
        jws: z.string().max(524_288),
        /** RFC 9162 audit path to the checkpoint's root. */
        proof: z.array(Hash).max(64),
      }),
    )
    .min(1)
    .max(100_000),
  /** Verifier key of the ledger (C2SP vkey). */
  ledger: z.string().max(256),
  /** Signed note (C2SP tlog-checkpoint). */
  checkpoint: z.string().max(65_536),
  /** RFC 9162 consistency proof from the checkpoint that enclave or key node named. */
  consistency: z.array(Hash).max(64),
  /** Texts that statements commit to, by digest. Any may be left out. */
  details: z.record(Digest, z.record(z.string(), z.json())),
};

/** Of a task that has succeeded. */
export const Bundle = z.strictObject({ format: z.literal(FORMAT), task: StreamId, ...file });
export type Bundle = z.output<typeof Bundle>;

/** Of a request for the use of a key that was completed. */
export const RequestBundle = z.strictObject({ format: z.literal(REQUEST_FORMAT), request: StreamId, ...file });
export type RequestBundle = z.output<typeof RequestBundle>;

export const AnyBundle = z.discriminatedUnion("format", [Bundle, RequestBundle]);
export type AnyBundle = z.output<typeof AnyBundle>;
