/** What a server and any program in a TEE say to one another: who it is, and the ledger that it follows. */
import { z } from "zod";
import { Digest, StreamId } from "../../rules/shapes.ts";

/** A statement with its place on the ledger. */
export const PlacedStatement = z.strictObject({
  index: z.int().min(0),
  time: z.int().min(0),
  jws: z.string().max(524_288),
});
export type PlacedStatement = z.output<typeof PlacedStatement>;

const Leaf = z.strictObject({ seq: z.int().min(0), statement: Digest, stream: StreamId, time: z.int().min(0) });

/** Methods that enclaves and key nodes have, by name. */
export const commonMethods = {
  /** Who it is: its founding statement. */
  identify: { params: z.strictObject({}), result: z.strictObject({ stream: z.string(), statement: z.string() }) },
  /** Fresh evidence over the same keys. */
  attest: {
    params: z.strictObject({ nonce: z.string().max(128) }),
    result: z.strictObject({
      provider: z.string(),
      evidence: z.string(),
      /** JWS over the nonce and the ledger as it was followed (rules/followed.ts). */
      followed: z.string(),
    }),
  },
  /** What a verifier asks beyond evidence; empty where the provider answers nothing. */
  challenge: {
    params: z.strictObject({ challenge: z.string().max(16_384) }),
    result: z.strictObject({ answer: z.string() }),
  },
  /** The next leaves of the ledger, from the size followed so far, and a checkpoint at their end. */
  follow: {
    params: z.strictObject({ from: z.int().min(0), leaves: z.array(Leaf).max(65_536), checkpoint: z.string() }),
    result: z.strictObject({ size: z.int() }),
  },
} as const;

/** A method as it is declared. One that carries statements takes them as the call's body (statements.ts). */
interface Declared {
  readonly params: z.ZodType;
  readonly carries?: "statements";
  readonly result: z.ZodType;
}
/** Parameters, with the statements that come as the body, and results. */
export type MethodsOf<M extends Readonly<Record<string, Declared>>> = {
  [N in keyof M]: {
    params: z.output<M[N]["params"]> &
      (M[N] extends { carries: "statements" } ? { statements: readonly PlacedStatement[] } : unknown);
    result: z.output<M[N]["result"]>;
  };
};
