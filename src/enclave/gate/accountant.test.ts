import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../base/refusal.ts";
import { createRandom } from "../synthesis/random.ts";
import { type Account, type Amounts, type Spend, spend, spendAll, spentBy } from "./accountant.ts";

const A = "a".repeat(64);
const B = "b".repeat(64);
const ofA = (amounts: Partial<Amounts>, budget?: Spend["budget"]): Spend => ({
  source: A,
  amounts: { runs: 0, rows: 0, epsilon: 0, ...amounts },
  budget,
});
const refused = (what: string) => (error: unknown) =>
  error instanceof Refusal && error.code === "gate.budget" && error.details.what === what;

test("a budget is spent to the last unit, and not beyond", () => {
  for (const what of ["runs", "rows", "epsilon"] as const) {
    const budget = { [what]: 3 };
    let account: Account = {};
    for (let i = 1; i <= 3; i++) {
      account = spend(account, ofA({ [what]: 1 }, budget));
      assert.equal(spentBy(account, A)[what], i);
    }
    assert.throws(() => spend(account, ofA({ [what]: 1 }, budget)), refused(what));
    assert.deepEqual(spend(account, ofA({}, budget)), account, "what costs nothing passes");
    assert.throws(() => spend({}, ofA({ [what]: 4 }, budget)), refused(what));
    assert.equal(spentBy(spend({}, ofA({ [what]: 3 }, budget)), A)[what], 3);
  }
});

test("all sources of an outcome pay, or none does", () => {
  const spends: Spend[] = [ofA({ runs: 1 }, { runs: 2 }), { ...ofA({ runs: 1 }, { runs: 1 }), source: B }];
  const once = spendAll({}, spends);
  assert.deepEqual(once, { [A]: { runs: 1, rows: 0, epsilon: 0 }, [B]: { runs: 1, rows: 0, epsilon: 0 } });
  assert.throws(() => spendAll(once, spends), refused("runs"));
  assert.equal(spentBy(once, A).runs, 1, "the account that was given is as it was");
});

test("of two outcomes that are paid one after the other, the second sees what the first spent", () => {
  // The agent changes its state one change after the other: each takes the account as the one before left it.
  const budget = { epsilon: 1_500_000 };
  const first = spend({}, ofA({ epsilon: 1_000_000 }, budget));
  assert.throws(() => spend(first, ofA({ epsilon: 1_000_000 }, budget)), refused("epsilon"));
  assert.equal(spentBy(spend(first, ofA({ epsilon: 500_000 }, budget)), A).epsilon, 1_500_000);
});

test("what was spent stays spent when the owner changes the budget", () => {
  const account = spend({}, ofA({ rows: 10 }));
  assert.throws(() => spend(account, ofA({ rows: 1 }, { rows: 5 })), refused("rows"));
  assert.equal(spentBy(spend(account, ofA({ rows: 1 }, { rows: 11 })), A).rows, 11);
});

test("amounts that are not whole, or run over what a number holds, are not spent", () => {
  for (const rows of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
    assert.throws(() => spend({}, ofA({ rows })), refused("rows"), String(rows));
  const full = spend({}, ofA({ rows: Number.MAX_SAFE_INTEGER }));
  assert.throws(() => spend(full, ofA({ rows: 1 })), refused("rows"));
});

test("a stream named like a member of every object has spent nothing", () => {
  for (const source of ["constructor", "__proto__"]) assert.equal(spentBy({}, source).runs, 0);
});

test("random spending never passes a budget, and adds up", () => {
  const random = createRandom("accountant");
  for (let round = 0; round < 200; round++) {
    const budget = { runs: random.whole(1, 20), rows: random.whole(1, 500), epsilon: random.whole(1, 5_000_000) };
    let account: Account = {};
    const total = { runs: 0, rows: 0, epsilon: 0 };
    for (let i = 0; i < 40; i++) {
      const amounts = { runs: 1, rows: random.whole(0, 60), epsilon: random.whole(0, 600_000) };
      const fits = (["runs", "rows", "epsilon"] as const).every((what) => total[what] + amounts[what] <= budget[what]);
      const attempt = () => spend(account, ofA(amounts, budget));
      if (!fits) {
        assert.throws(attempt, (error) => error instanceof Refusal && error.code === "gate.budget");
        continue;
      }
      account = attempt();
      for (const what of ["runs", "rows", "epsilon"] as const) total[what] += amounts[what];
      assert.deepEqual(account[A], total);
    }
  }
});
