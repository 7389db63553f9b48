/**
 * What a rulebook is: the rules of one kind of stream, as a pure function of its state and the next act.
 * Server, ledger, enclave, verifier and browser run the same one.
 */
import type { z } from "zod";

/** A stream's place on the ledger and what its rulebook made of it. */
export interface StreamState<S = unknown> {
  /** Name of the rulebook. */
  readonly book: string;
  /** Number of statements so far, and of the bytes of their JWS. */
  readonly length: number;
  readonly size: number;
  /** SHA-256 (hex) of the newest statement: what the next one must have `seen`. */
  readonly head: string;
  readonly state: S;
}

/** A statement that has been authenticated, as a rule sees it. */
export interface Act<P> {
  readonly kind: string;
  /** Id of the stream: for a founding act the digest of the act itself. */
  readonly stream: string;
  /** Stream id of the principal that signed. */
  readonly by: string;
  /** Milliseconds: the ledger's time, by which rules judge expiry. */
  readonly time: number;
  /** SHA-256 (hex) of the JWS. */
  readonly digest: string;
  readonly payload: P;
}

/** What a rule may look up beyond its own stream: any other stream, as it stood at this point of the ledger. */
export interface Elsewhere {
  /** State of the stream `id` if it is ruled by `book`. */
  stream<S>(book: Named<S>, id: string): StreamState<S> | undefined;
}

/** Kinds of principal, by the rulebook of their streams. */
export type Principal = "organisation" | "enclave" | "key-node";

/**
 * A kind of statement.
 * `payload` is what the ledger and every rule reads; `detail` is text kept beside, committed to by its digest.
 */
export interface Kind<S, P extends z.ZodType = z.ZodType, D extends z.ZodType | undefined = z.ZodType | undefined> {
  readonly name: string;
  /** This act begins a stream. */
  readonly founds?: true;
  readonly by: Principal;
  readonly payload: P;
  readonly detail?: D;
  /** Whether payload and detail say the same, where both speak of one thing. */
  agrees?(payload: z.output<P>, detail: D extends z.ZodType ? z.output<D> : undefined): boolean;
  /** Streams that `apply` looks up: what a replay needs besides this stream and the signer's. */
  refers?(payload: z.output<P>): string[];
  /** Bytes that the stream takes for this kind beyond what it takes for others. */
  readonly reserve?: number;
  /** Pure. @throws Refusal when the rules say no */
  apply(state: S, act: Act<z.output<P>>, elsewhere: Elsewhere): S;
}

/** What a rulebook is called, and what its streams begin with: enough to look one up. */
export interface Named<S> {
  readonly name: string;
  readonly initial: S;
}

export interface Rulebook<S> extends Named<S> {
  // A kind's payload type is its own; the world hands each the payload it has parsed by that very schema.
  // biome-ignore lint/suspicious/noExplicitAny: existential type
  readonly kinds: readonly Kind<S, any, any>[];
}

/** Types a kind by its schemas. */
export const kindsOf =
  <S>() =>
  <P extends z.ZodType, D extends z.ZodType | undefined = undefined>(kind: Kind<S, P, D>): Kind<S, P, D> =>
    kind;
