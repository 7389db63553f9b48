/** Acts: prepared, signed with the member's own key on this machine, sent, and their receipt checked. */
import { randomBytes, sha256Hex } from "#crypto";
import { toBase64url } from "../base/bytes.ts";
import { iso } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import type { AnyAct, Receipt } from "../contract/endpoint.ts";
import { givesId, prepare, resourceIdOf } from "../contract/statement-input.ts";
import { founded as organisationFounded } from "../rules/organisation.ts";
import { type Signer, signStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";
import { type CheckedStream, requireFitting } from "./streams.ts";

/** Signs for one organisation. */
export interface Identity extends Signer {
  /** Stream id of the organisation; undefined until it is founded. */
  readonly by?: string;
}

export interface ActOptions {
  /** The stream and its head as you know them; read from the server and checked otherwise. Then nothing is tried again. */
  at?: { stream: string; head: string };
  /** Where the same request may have been sent before. */
  idempotencyKey?: string;
}

export interface Acting {
  /** Undefined: the platform keeps the key, and signs. */
  identity: Identity | undefined;
  now(): number;
  /** The resource's stream, its history checked. */
  history(id: string): Promise<CheckedStream>;
  post(body: object): Promise<{ receipt: Receipt; resource: unknown }>;
}

/** How often an act is signed anew because others were faster, or its number was taken. */
const ATTEMPTS = 4;
const FOUNDING = { stream: "", head: "" };

/** Where an act in the stream of `id` comes. @throws Refusal server.history */
const placeIn = async ({ history }: Acting, id: string, kind: AnyAct["kind"], me: string) => {
  const found = await history(id);
  requireFitting(id, kind, found, me);
  return found;
};

/** Milliseconds and sequence of the last id made here. */
let lastId = { second: 0, sequence: 0 };
const nextSequence = (time: number): number => {
  const second = Math.floor(time / 1_000);
  lastId = { second, sequence: lastId.second === second ? lastId.sequence + 1 : 1 };
  return lastId.sequence;
};

/** @param id the resource's; undefined for an act that founds one */
export const performAct = async (
  acting: Acting,
  { kind }: AnyAct,
  id: string | undefined,
  input: Readonly<Record<string, unknown>>,
  options: ActOptions,
): Promise<{ receipt: Receipt; resource: unknown }> => {
  const { identity, now, post } = acting;
  if (!identity) return post({ input });
  const founds = kind === organisationFounded;
  if (!founds && identity.by === undefined) throw refuse("signer.by");
  for (let attempt = 1; ; attempt++) {
    const by = founds ? "" : (identity.by ?? "");
    const { stream, head } = options.at ?? (id === undefined ? FOUNDING : await placeIn(acting, id, kind, by));
    const time = now();
    const { payload, detail } = prepare(kind, input, {
      salt: toBase64url(randomBytes(16)),
      ...(givesId(kind) && { id: resourceIdOf(kind, time, sequenceFor(attempt, time)) }),
    });
    const statement = await signStatement(
      { kind: kind.name, stream, seen: head, by, at: iso(time), payload },
      identity,
    );
    try {
      const answer = await post({ statement, detail });
      checkReceipt(answer.receipt, statement, stream);
      return answer;
    } catch (error) {
      if (attempt === ATTEMPTS || !mayTryAgain(error, input, options)) throw error;
    }
  }
};

/** Somebody else is numbering too: from the second attempt on, a number that few will choose. */
const sequenceFor = (attempt: number, time: number): number => {
  const [a = 0, b = 0] = attempt === 1 ? [] : randomBytes(2);
  return attempt === 1 ? nextSequence(time) : 1_000 + a * 256 + b;
};

const mayTryAgain = (error: unknown, input: { readonly id?: unknown }, { at }: ActOptions): boolean =>
  error instanceof Refusal &&
  ((error.code === "stream.moved" && at === undefined) || (error.code === "id.taken" && input.id === undefined));

/** The ledger's receipt is for this very statement. @throws Refusal server.receipt */
const checkReceipt = (receipt: Receipt, statement: string, stream: string): void => {
  const digest = sha256Hex(statement);
  if (receipt.head !== digest) throw refuse("server.receipt", { expected: digest, found: receipt.head });
  if (receipt.stream !== (stream || digest))
    throw refuse("server.receipt", { expected: stream || digest, found: receipt.stream });
};
