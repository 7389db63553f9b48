/**
 * The world: every stream as the ledger's order has left it. `advance` is the one way it moves, whoever runs it:
 * the ledger to order, the server to answer, the enclave before it opens an envelope, the verifier over a bundle.
 * Values are persistent: an older world stays as it was, so a batch that could not be stored is simply dropped.
 */
import type { z } from "zod";
import { iso, MINUTE } from "../base/clock.ts";
import { digestOf } from "../trust/digest.ts";
import { refuse as refuseStatement } from "../trust/errors.ts";
import { type SignedStatement, verifyStatement } from "../trust/statement.ts";
import { alliance } from "./alliance.ts";
import { enclave } from "./enclave.ts";
import { refuse } from "./errors.ts";
import { key } from "./key.ts";
import { keyGroup } from "./key-group.ts";
import { keyNode } from "./key-node.ts";
import { keyRequest } from "./key-request.ts";
import { model } from "./model.ts";
import { organisation } from "./organisation.ts";
import { type PersistentMap, persistentMap } from "./persistent-map.ts";
import { signingKeyOf } from "./principals.ts";
import type { Act, Elsewhere, Kind, Named, Rulebook, StreamState } from "./rulebook.ts";
import { source } from "./source.ts";
import { task } from "./task.ts";

export interface World {
  readonly streams: PersistentMap<StreamState>;
  /** Stream of every resource id (M…, K…), APPID and tag given out so far; of a stream without any, by its words. */
  readonly ids: PersistentMap<string>;
}
export const emptyWorld: World = { streams: persistentMap(), ids: persistentMap() };

/** One line a rulebook. */
// Each rulebook's state is its own; `kinds` pairs every kind with the book it came from.
// biome-ignore lint/suspicious/noExplicitAny: existential type
export const rulebooks: readonly Rulebook<any>[] = [
  organisation,
  enclave,
  alliance,
  model,
  source,
  task,
  keyNode,
  keyGroup,
  key,
  keyRequest,
];

interface Ruled {
  readonly book: Rulebook<unknown>;
  readonly kind: Kind<unknown>;
}
const ruled: ReadonlyMap<string, Ruled> = new Map(
  rulebooks.flatMap((book) => book.kinds.map((kind) => [kind.name, { book, kind }] as const)),
);

/** @throws Refusal statement.kind */
export const ruledBy = (kind: string): Ruled => {
  const found = ruled.get(kind);
  if (!found) throw refuseStatement("statement.kind", { kind });
  return found;
};

/**
 * Bytes of a stream's statements, together: whoever computes with others replays their streams, so nobody makes one
 * that is too long to be replayed. Only its own CA speaks in an organisation's.
 */
export const STREAM_MAX = 16 << 20;

/** A signer's clock may differ from the ledger's by this much. */
export const CLOCK_SKEW = 10 * MINUTE;

/** What one statement did. */
export interface Advance {
  readonly world: World;
  readonly act: Act<unknown>;
  readonly stream: StreamState;
}

/**
 * @param time the ledger's time for this statement, milliseconds
 * @param trusted signatures were verified before by this very program (replay of its own durable log)
 * @throws Refusal naming the rule that says no; the world is unchanged
 */
export const advance = (world: World, signed: SignedStatement, time: number, trusted = false): Advance => {
  const { statement, digest } = signed;
  const { book, kind } = ruledBy(statement.kind);
  const id = kind.founds ? digest : statement.stream;
  const before = place(world, signed, { book, kind });
  const limit = STREAM_MAX + (kind.reserve ?? 0);
  if ((before?.size ?? 0) + signed.jws.text.length > limit) throw refuse("stream.full", { limit });
  const payload = parsePayload(kind, statement.payload);
  if (!trusted) authenticate(world, signed, kind, payload, time);
  const by = statement.by === "" ? digest : statement.by;
  const act: Act<unknown> = { kind: kind.name, stream: id, by, time, digest, payload };
  const state = kind.apply(before?.state ?? book.initial, act, elsewhere(world));
  const size = (before?.size ?? 0) + signed.jws.text.length;
  const stream = { book: book.name, length: (before?.length ?? 0) + 1, size, head: digest, state };
  return {
    act,
    stream,
    world: { streams: world.streams.set(id, stream), ids: claimId(world, kind, signed, payload, id) },
  };
};

/** The stream that the statement continues; undefined where it founds one. */
const place = (world: World, { statement, digest }: SignedStatement, { book, kind }: Ruled) => {
  if (kind.founds) {
    if (statement.stream !== "" || statement.seen !== "" || world.streams.has(digest))
      throw refuse("stream.founded", { kind: kind.name });
    return undefined;
  }
  const found = world.streams.get(statement.stream);
  if (!found || found.book !== book.name) throw refuse("stream.unknown", { id: statement.stream });
  if (found.head !== statement.seen) throw refuse("stream.moved", { head: found.head });
  return found;
};

/** @throws Refusal statement.payload with the paths and reasons */
export const parsePayload = (kind: Kind<unknown>, payload: unknown): unknown => {
  const parsed = kind.payload.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw refuseStatement("statement.payload", { kind: kind.name, issues: issuesOf(parsed.error) });
};

/** `path: what is wrong`, joined. */
export const issuesOf = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.join(".") || "(whole)"}: ${message}`).join("; ");

/** The signature is the principal's, of the right sort, and about now. */
const authenticate = (world: World, signed: SignedStatement, kind: Kind<unknown>, payload: unknown, time: number) => {
  const { by, at } = signed.statement;
  if (Math.abs(Date.parse(at) - time) > CLOCK_SKEW) throw refuseStatement("statement.clock", { at, time: iso(time) });
  const key = signingKeyOf(kind, signed, payload, by === "" ? undefined : world.streams.get(by), time);
  verifyStatement(signed, key);
};

const claimId = (
  world: World,
  kind: Kind<unknown>,
  { statement }: SignedStatement,
  payload: unknown,
  stream: string,
) => {
  if (!kind.founds) return world.ids;
  const { id, appId, tag } = payload as { id?: string; appId?: string; tag?: string };
  const claimed = id ?? appId ?? tag;
  if (claimed && world.ids.has(claimed)) throw refuse("id.taken", { id: claimed });
  if (claimed) return world.ids.set(claimed, stream);
  // Signed anew, the same words are a statement under another digest: one that founds a stream must not found a second.
  const words = digestOf(statement);
  if (world.ids.has(words)) throw refuse("stream.founded", { kind: kind.name });
  return world.ids.set(words, stream);
};

const elsewhere = (world: World): Elsewhere => ({ stream: (book, id) => streamOf(world, book, id) });

/** A stream of the world, if it is ruled by `book`. */
export const streamOf = <S>(world: World, book: Named<S>, id: string): StreamState<S> | undefined => {
  const found = world.streams.get(id);
  return found?.book === book.name ? (found as StreamState<S>) : undefined;
};

/** Whether `detail` is the text that the payload commits to, and of the kind's form. Returns it parsed. */
export const openDetail = (kind: Kind<unknown>, payload: { detail?: string }, detail: unknown): unknown => {
  if (!kind.detail) {
    if (detail !== undefined) throw refuseStatement("statement.detail");
    return undefined;
  }
  const parsed = kind.detail.safeParse(detail);
  if (!parsed.success) throw refuseStatement("statement.payload", { kind: kind.name, issues: issuesOf(parsed.error) });
  if (digestOf(detail) !== payload.detail || kind.agrees?.(payload, parsed.data) === false)
    throw refuseStatement("statement.detail");
  return parsed.data;
};
