/**
 * The Ledger port: what orders statements. Small on purpose, so that very different engines fit it; the suite in
 * test/conformance/ledger.ts says what each must hold to.
 */
import type { World } from "../rules/world.ts";
import type { Leaf } from "../trust/leaf.ts";

/** A statement in its place. */
export interface Entry {
  /** Position in the log, from 0. */
  readonly index: number;
  /** Ledger's time, milliseconds, never less than the entry's before. */
  readonly time: number;
  readonly stream: string;
  /** Position in its stream, from 0. */
  readonly seq: number;
  /** SHA-256 (hex) of the JWS. */
  readonly statement: string;
  readonly jws: string;
}

export interface Ledger {
  /** Name in checkpoints (C2SP tlog-checkpoint origin). */
  readonly origin: string;
  /** Verifier key of the log (C2SP signed-note `vkey`). */
  readonly verifierKey: string;
  /** Entries that are durable. */
  readonly size: number;
  /** The world after the last durable entry. */
  readonly world: World;
  /**
   * Rules on the statement, orders it and makes it durable, in that order; resolves when all three are done.
   * @throws Refusal of the rulebook, or `ledger.unavailable` when it could not be stored (then it was not ordered)
   */
  submit(jws: string): Promise<Entry>;
  /** Durable entries `from` (inclusive) up to `to` (exclusive) in order. */
  read(from: number, to?: number): AsyncIterable<Entry>;
  /** Entry at a position. @throws Refusal ledger.range */
  entry(index: number): Promise<Entry>;
  /** Leaves of the durable entries `from` (inclusive) to `to` (exclusive), in order. */
  leaves(from: number, to: number): Leaf[];
  /** Streams that the durable entries `from` (inclusive) to `to` (exclusive) belong to, each once. */
  streamsBetween(from: number, to: number): Set<string>;
  /** Positions of a stream's statements, in order. */
  positions(stream: string): readonly number[];
  /** Called after each durable batch with the new size. Returns the function that stops it. */
  onDurable(listener: (size: number) => void): () => void;
  /** Signed note (C2SP tlog-checkpoint) of the newest durable tree, or of an earlier one. @throws Refusal ledger.range */
  checkpoint(size?: number): string;
  /** RFC 9162 2.1.3 audit path. @throws Refusal ledger.range */
  inclusion(index: number, size: number): Uint8Array[];
  /** RFC 9162 2.1.4 consistency proof. @throws Refusal ledger.range */
  consistency(from: number, to: number): Uint8Array[];
  close(): Promise<void>;
}
