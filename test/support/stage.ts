/** Where acts are made: on a pure world or on a ledger, by the same helpers. */
import assert from "node:assert/strict";
import type { Clock } from "../../src/base/clock.ts";
import { iso } from "../../src/base/clock.ts";
import { Refusal } from "../../src/base/refusal.ts";
import type { Rulebook } from "../../src/rules/rulebook.ts";
import { advance, emptyWorld, streamOf, type World } from "../../src/rules/world.ts";
import type { PrivateKey, SigningKind } from "../../src/trust/crypto/crypto.ts";
import { parseStatement, type Statement, signStatementWith } from "../../src/trust/statement.ts";
import type { Certificate } from "../../src/trust/x509/certificate.ts";
import { digestOfJws, type Signatory, START } from "./principals.ts";

export interface MovableClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands still until it is moved. */
export const movableClock = (start = START): MovableClock => {
  let now = start;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
};

/** Where acts are made. Its clock can be moved, unless it is a ledger's that cannot. */
export interface Stage<C extends Clock = MovableClock> {
  readonly clock: C;
  readonly world: World;
  /** @throws Refusal; then the world is as it was */
  submit(jws: string): Promise<unknown>;
}

export const worldStage = (world = emptyWorld, clock = movableClock()): Stage => {
  let now = world;
  return {
    clock,
    get world() {
      return now;
    },
    async submit(jws) {
      now = advance(now, parseStatement(jws), clock.now()).world;
    },
  };
};

/** @param clock the ledger's */
export const ledgerStage = <C extends Clock>(
  ledger: { readonly world: World; submit(jws: string): Promise<unknown> },
  clock: C,
): Stage<C> => ({
  clock,
  get world() {
    return ledger.world;
  },
  submit: (jws) => ledger.submit(jws),
});

export const found = async (stage: Stage<Clock>, ...signatories: readonly Signatory[]): Promise<void> => {
  for (const { founding } of signatories) await stage.submit(founding);
};

/** What an act may have other than it should. */
export interface Twist extends Partial<Statement> {
  readonly key?: PrivateKey<SigningKind>;
  /** null: none at all. */
  readonly leaf?: Certificate | null;
}

/** Signs a statement as it should be at this point, but for `twist`. */
export const signed = (
  stage: Stage<Clock>,
  by: Signatory,
  kind: string,
  stream: string,
  payload: unknown,
  { key = by.key, leaf = by.leaf ?? null, ...twist }: Twist = {},
): string => {
  const seen = stage.world.streams.get(stream)?.head ?? "";
  const statement = { kind, stream, seen, by: by.id, at: iso(stage.clock.now()), payload, ...twist };
  return signStatementWith(statement, key, leaf?.der);
};

/** Makes an act. Returns the id of its stream. */
export const act = async (
  stage: Stage<Clock>,
  by: Signatory,
  kind: string,
  stream: string,
  payload: unknown = {},
  twist: Twist = {},
): Promise<string> => {
  const jws = signed(stage, by, kind, stream, payload, twist);
  await stage.submit(jws);
  return stream || digestOfJws(jws);
};

/** @throws Error where there is no such stream */
export const stateOf = <S>(stage: Stage<Clock>, book: Rulebook<S>, id: string): S => {
  const found = streamOf(stage.world, book, id);
  if (!found) throw new Error(`no ${book.name} ${id}`);
  return found.state;
};

/** The attempt is refused with this code, its text names everything it should, and the world is the one it was. */
export const refused = async (
  stage: Stage<Clock>,
  attempt: () => Promise<unknown>,
  code: string,
  details: Record<string, unknown> = {},
): Promise<void> => {
  const before = stage.world;
  const error = await attempt().then(
    () => assert.fail(`${code} was expected, but it was accepted`),
    (error: unknown) => error,
  );
  if (!(error instanceof Refusal)) throw error;
  assert.equal(error.code, code, error.message);
  assert.doesNotMatch(error.message, /\{[a-z]\w*\}/i, "every placeholder is filled");
  for (const [name, value] of Object.entries(details)) assert.deepEqual(error.details[name], value, name);
  assert.equal(stage.world, before, "the world is unchanged");
};
