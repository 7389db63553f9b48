/**
 * Streams as a server shows them, checked here before anything is signed in them: which stream it is, and that every
 * statement was made on the one before. Signatures of others are left to the ledger and the enclave: over a history
 * with a forged one, a new signature counts nowhere.
 */
import type { Kind } from "../rules/rulebook.ts";
import { rulebooks } from "../rules/world.ts";
import { parseStatement, type SignedStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";

/** The statements of a stream from the position `start` on, a page at a time. */
export type ReadStream = (
  id: string,
  start: number,
) => Promise<{ readonly items: readonly { readonly statement: string }[]; readonly next: number | null }>;

export interface CheckedStream {
  /** Digest of its founding statement. */
  readonly stream: string;
  /** Digest of its newest. */
  readonly head: string;
  readonly length: number;
  readonly founding: SignedStatement;
  /** Stream ids of all who say to have signed in it. */
  readonly signers: ReadonlySet<string>;
}

/** Streams remembered; the oldest is forgotten first. */
const KEPT = 1_000;
const STREAM_ID = /^[0-9a-f]{64}$/;

/** Reads streams by their own id or that of their resource, from where they were left the last time. */
export const createStreamReader = (read: ReadStream): ((id: string) => Promise<CheckedStream>) => {
  const known = new Map<string, CheckedStream>();
  return async (id) => {
    let found = known.get(id);
    for (;;) {
      const { items, next } = await read(id, found?.length ?? 0);
      for (const { statement } of items) found = continued(id, found, statement);
      if (next === null || items.length === 0) break;
    }
    if (!found) throw other(id, "it is empty");
    requireNamed(id, found);
    known.delete(id);
    known.set(id, found);
    for (const oldest of known.keys()) {
      if (known.size <= KEPT) break;
      known.delete(oldest);
    }
    return found;
  };
};

const other = (id: string, reason: string) => refuse("server.history", { id, reason });

const continued = (id: string, before: CheckedStream | undefined, jws: string): CheckedStream => {
  const signed = parseStatement(jws);
  const { stream, seen, by } = signed.statement;
  if (stream !== (before?.stream ?? "") || seen !== (before?.head ?? ""))
    throw other(id, `statement ${before?.length ?? 0} does not follow the one before`);
  return {
    stream: before?.stream ?? signed.digest,
    head: signed.digest,
    length: (before?.length ?? 0) + 1,
    founding: before?.founding ?? signed,
    signers: new Set([...(before?.signers ?? []), by || signed.digest]),
  };
};

/** It is the stream that was asked for: by the digest it began with, or by the number it was founded under. */
const requireNamed = (id: string, { stream, founding }: CheckedStream): void => {
  const { id: number, appId, tag } = founding.statement.payload as { id?: unknown; appId?: unknown; tag?: unknown };
  const named = STREAM_ID.test(id) ? stream === id : [number, appId, tag].includes(id);
  if (!named) throw other(id, `it is the stream ${stream}`);
};

const bookOf = (kind: string): string | undefined =>
  rulebooks.find(({ kinds }) => kinds.some(({ name }) => name === kind))?.name;

/** Books of which only the founder continues a stream. */
const OWN = ["model", "source"];

/**
 * The stream is of the kind that the act continues; and where it is its founder's alone, it is `me` who founded it.
 * @throws Refusal server.history
 */
export const requireFitting = (
  id: string,
  kind: Pick<Kind<unknown>, "name">,
  { stream, founding, signers }: CheckedStream,
  me: string,
): void => {
  const book = bookOf(kind.name);
  if (book === undefined) return;
  const found = bookOf(founding.statement.kind);
  if (found !== book) throw other(id, `it is a stream of kind ${found ?? founding.statement.kind}, not ${book}`);
  if (book === "organisation" && stream !== me) throw other(id, "it is another organisation's");
  if (OWN.includes(book) && [...signers].some((signer) => signer !== me)) throw other(id, "others have signed in it");
};
