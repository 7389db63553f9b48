/**
 * Attacks of a malicious server, as records: what it does, who refuses it, and under which codes. A record stages its
 * attack on a stand (enclave, client, rules, verifier: the real ones), and the harness tells every lie in it.
 * docs/en/threat-model.md has a paragraph for each; threat-model.test.ts compares.
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Refusal } from "../../src/base/refusal.ts";
import { parseStatement } from "../../src/trust/statement.ts";

export type Refuser = "enclave" | "client" | "rules" | "verifier";

/** Something that the server says or does, the code by which it has to be refused, and why where codes have many reasons. */
export type Lie = readonly [code: string, tell: () => unknown, because?: RegExp];

/** What an attack comes to once it is prepared. */
export interface Staged {
  readonly lies: readonly Lie[];
  /** The same without the lie: it is accepted, so that nothing but the lie was refused. Told last. */
  readonly truth?: () => unknown;
  /** The lie shows only in a file: the enclave had to take it. Otherwise it asks for none. */
  readonly takesFiles?: boolean;
}

interface Named {
  /** Stable: threat model, tests and reports name attacks by it. */
  readonly id: string;
  /** What the server does; the title of its paragraph in the English threat model. */
  readonly name: string;
  readonly by: Refuser;
}

/** An attack that is refused by name. */
interface Refused<S, O> extends Named {
  readonly codes: readonly string[];
  readonly on?: O;
  stage(stand: S): Promise<Staged> | Staged;
}

/** An attack that gains the server nothing, or no more than is said: `holds` asserts how much. */
interface Bounded<S, O> extends Named {
  readonly on?: O;
  holds(stand: S): Promise<void>;
}

export type AttackOn<S, O = never> = Refused<S, O> | Bounded<S, O>;

/** Where attacks are performed. */
export interface Stand {
  /** Called when the attack is prepared. @returns asserts that since then nothing was opened, signed or told */
  watch(staged: Staged): () => void;
}

/** An attack together with the stand it needs. */
export interface Attack extends Named {
  /** Empty where it is not refused but bounded. */
  readonly codes: readonly string[];
  perform(t: TestContext): Promise<void>;
}

/** @param open a new stand; undefined where the machine lacks what it needs, and the test was skipped */
export const attacksOn = <S extends Stand, O = never>(
  open: (t: TestContext, options?: O) => Promise<S | undefined>,
  attacks: readonly AttackOn<S, O>[],
): Attack[] =>
  attacks.map((attack) => ({
    id: attack.id,
    name: attack.name,
    by: attack.by,
    codes: "codes" in attack ? attack.codes : [],
    async perform(t) {
      const stand = await open(t, attack.on);
      if (!stand) return;
      if ("holds" in attack) await attack.holds(stand);
      else await tell(stand, await attack.stage(stand), attack.codes);
    },
  }));

const tell = async (stand: Stand, staged: Staged, codes: readonly string[]) => {
  assert.deepEqual(
    [...new Set(staged.lies.map(([code]) => code))].sort(),
    [...codes].sort(),
    "the codes of the record are those of its lies",
  );
  const requireUntold = stand.watch(staged);
  for (const [i, [code, lie, because = /(?:)/]] of staged.lies.entries()) {
    const refusal = await refusalOf(lie);
    assert.equal(refusal?.code, code, `lie ${i + 1} of ${staged.lies.length}: ${refusal?.reason ?? "accepted"}`);
    assert.match(refusal?.reason ?? "", because);
    requireUntold();
  }
  if (staged.truth) assert.deepEqual(await refusalOf(staged.truth), undefined, "without the lie it is accepted");
};

interface Said {
  readonly code: string;
  readonly reason: string;
}

/** How something is refused: thrown, signed as a task's failure, or as a verdict on evidence. */
const refusalOf = async (tell: () => unknown): Promise<Said | undefined> => {
  try {
    return saidIn(await tell());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.doesNotMatch(error.message, /\{[a-z]\w*\}/i, "every placeholder is filled");
    return { code: error.code, reason: error.message };
  }
};

const saidIn = (answer: unknown): Said | undefined => {
  if (typeof answer === "string" && answer.split(".").length === 3) {
    const { kind, payload } = parseStatement(answer).statement;
    return kind === "task.failed" ? { code: (payload as { code: string }).code, reason: "" } : undefined;
  }
  const { ok, reason } = (answer ?? {}) as { ok?: unknown; reason?: unknown };
  // What rules and clients make of a verdict.
  return ok === false ? { code: "attestation.refused", reason: String(reason) } : undefined;
};
