/** Windows against an exact account of everything, and policies about amounts per period. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  APPROVE,
  asked,
  COIN,
  call,
  digest,
  ETHER,
  GWEI,
  judged,
  NOON,
  permit,
  policies,
  SHOP,
  send,
  TRANSFER,
  typed,
} from "../../test/support/policies.ts";
import { DAY, HOUR, MINUTE } from "../base/clock.ts";
import { judgeSigning } from "./judge.ts";
import {
  type Account,
  markCounted,
  NOTHING_SPENT,
  SIGNATURES,
  spend,
  totals,
  valueOn,
  WINDOWS,
  type Window,
  windowsToCount,
} from "./spending.ts";

const names = Object.keys(WINDOWS) as Window[];

test("a window has all that was spent in it, and nothing that is a sixtieth older", () => {
  let account: Account = NOTHING_SPENT;
  const all: { time: number; amount: bigint }[] = [];
  let time = NOON;
  let state = 1;
  const random = (limit: number) => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state % limit;
  };
  for (let i = 0; i < 3_000; i++) {
    time += [random(1_000), random(MINUTE), random(3 * HOUR), random(DAY)][random(4)] ?? 0;
    const amount = BigInt(random(1_000_000)) * ETHER;
    account = spend(account, [{ of: "x", amount }], time);
    all.push({ time, amount });
    if (i % 20 > 0) continue;
    const found = totals(account, "x", time);
    for (const name of names) {
      const since = (longer: number) =>
        all.filter((one) => one.time > time - WINDOWS[name] * longer).reduce((sum, one) => sum + one.amount, 0n);
      assert.ok(found[name] >= since(1), `${name} has all of it`);
      assert.ok(found[name] <= since(1 + 1 / 60), `${name} has no more`);
    }
  }
  const parts = names.map((name) => account.series.x?.[name].length ?? 0);
  assert.ok(
    parts.every((count) => count > 0 && count <= 61),
    `${parts}`,
  );
  assert.deepEqual(JSON.parse(JSON.stringify(account)), account);
});

test("a clock that goes back frees nothing", () => {
  const late = spend(NOTHING_SPENT, [{ of: "x", amount: 5n }], NOON);
  assert.equal(totals(late, "x", NOON - DAY).hour, 5n);
  const more = spend(late, [{ of: "x", amount: 1n }], NOON - 3 * DAY);
  for (const name of names) assert.equal(totals(more, "x", NOON)[name], 6n);
  assert.equal(totals(more, "x", NOON + 31 * DAY).month, 0n);
});

test("kinds that are counted have an end; what lies a month back makes room", () => {
  let account: Account = NOTHING_SPENT;
  for (let i = 0; i < 256; i++) account = spend(account, [{ of: `token:${i}`, amount: 1n }], NOON);
  assert.throws(() => spend(account, [{ of: "token:256", amount: 1n }], NOON), { code: "policy.spending.full" });
  assert.deepEqual(spend(account, [{ of: "token:256", amount: 0n }], NOON).series, account.series);
  const later = spend(account, [{ of: "token:256", amount: 1n }], NOON + 31 * DAY);
  assert.deepEqual(Object.keys(later.series), ["token:256"]);
  assert.throws(() => spend(account, [{ of: "x", amount: -1n }], NOON), RangeError);
});

test("requests that are known to be counted have an end", () => {
  let account: Account = NOTHING_SPENT;
  for (let i = 0; i < 2_000; i++) account = markCounted(account, String(i), NOON);
  assert.equal(account.requests.length, 1_024);
  assert.deepEqual(windowsToCount(account, "1999", NOON), []);
  assert.deepEqual(windowsToCount(account, "0", NOON), ["hour", "day", "week", "month"]);
});

test("a request that is tried again counts anew in the windows that it has left, and in no other", () => {
  const spent = [{ of: "x", amount: 60n }];
  const first = markCounted(spend(NOTHING_SPENT, spent, NOON), "R", NOON);
  assert.deepEqual(windowsToCount(first, "R", NOON + HOUR), []);
  const later = NOON + HOUR + 2 * MINUTE;
  const windows = windowsToCount(first, "R", later);
  assert.deepEqual(windows, ["hour"]);
  const again = markCounted(spend(first, spent, later, windows), "R", later, windows);
  assert.deepEqual(totals(again, "x", later), { hour: 60n, day: 60n, week: 60n, month: 60n });
  assert.deepEqual(windowsToCount(again, "R", NOON + 25 * HOUR), ["hour", "day"]);
});

/** Requests one after another, each with the account that the one before left, if it was allowed. */
const oneAfterAnother = (text: string, questions: readonly Parameters<typeof asked>[0][]): boolean[] => {
  const set = policies(text);
  let account: Account = NOTHING_SPENT;
  return questions.map((question, i) => {
    const verdict = judgeSigning(set, asked({ request: `r${i}`, ...question }), account);
    if (verdict.allowed) account = verdict.account;
    return verdict.allowed;
  });
};

const DAILY = permit("context.spent.day.valueGwei <= 3000000000");

test("per day: the fourth ether is one too many, until a day has gone by", () => {
  const pay = (time: number) => ({ time, messages: [send()] });
  const allowed = oneAfterAnother(DAILY, [
    pay(NOON),
    pay(NOON + HOUR),
    pay(NOON + 2 * HOUR),
    pay(NOON + 3 * HOUR),
    pay(NOON + DAY + 25 * MINUTE),
    pay(NOON + DAY + 26 * MINUTE),
  ]);
  assert.deepEqual(allowed, [true, true, true, false, true, false]);
});

test("per hour, week and month", () => {
  for (const [name, length] of [
    ["hour", HOUR],
    ["week", 7 * DAY],
    ["month", 30 * DAY],
  ] as const) {
    const pay = (time: number) => ({ time, messages: [send()] });
    const limit = permit(`context.spent.${name}.valueGwei <= 1000000000`);
    const after = NOON + length + length / 60 + 1;
    assert.deepEqual(
      oneAfterAnother(limit, [pay(NOON), pay(NOON + length - 1), pay(after)]),
      [true, false, true],
      name,
    );
  }
});

test("a batch counts as a whole: none of it is signed when all of it is too much", () => {
  const batch = (count: number) => asked({ messages: Array.from({ length: count }, () => send()) });
  assert.equal(judged([DAILY], batch(3)).allowed, true);
  const { allowed, messages } = judged([DAILY], batch(4));
  assert.equal(allowed, false);
  assert.deepEqual(
    messages.map(({ decision }) => decision.allowed),
    [true, true, true, false],
  );
});

test("a request that is tried again is counted once", () => {
  const set = policies(DAILY);
  const question = asked({ messages: [send({ value: 2n * ETHER })] });
  const first = judgeSigning(set, question, NOTHING_SPENT);
  const again = judgeSigning(set, question, first.account);
  assert.ok(first.allowed && again.allowed);
  assert.deepEqual(again.account, first.account);
  assert.equal(judgeSigning(set, { ...question, request: "another" }, first.account).allowed, false);
});

test("chains, coins and tokens are counted apart; fees with the coins they are paid in", () => {
  const { account } = judged(
    [permit("true")],
    asked({
      messages: [
        send({ value: 5n }),
        send({ value: 7n, chainId: 10 }),
        send({ to: COIN, value: 0n, data: call(TRANSFER, SHOP, 11n) }),
        send({ to: COIN, value: 0n, data: call(APPROVE, SHOP, 13n) }),
        typed({ value: "17" }),
        digest(),
      ],
    }),
  );
  const spent = Object.fromEntries(Object.keys(account.series).map((of) => [of, totals(account, of, NOON).hour]));
  const fee = 21_000n * 10n * GWEI;
  assert.deepEqual(spent, {
    [SIGNATURES]: 6n,
    [valueOn(1)]: 5n,
    "cost:1": 5n + 3n * fee,
    [valueOn(10)]: 7n,
    "cost:10": 7n + fee,
    [`token:1:${COIN}`]: 41n,
  });
});

test("tokens per day, by the token's contract", () => {
  const limit = permit("context has token && context.spent.day.tokenUnits <= 100");
  const transfer = (amount: bigint, to = COIN) => ({
    messages: [send({ to, value: 0n, data: call(TRANSFER, SHOP, amount) })],
  });
  assert.deepEqual(oneAfterAnother(limit, [transfer(60n), transfer(41n), transfer(100n, SHOP), transfer(40n)]), [
    true,
    false,
    true,
    true,
  ]);
});

test("permits of a token whose domain names no chain count like any", () => {
  const limit = permit("context has token && context.spent.day.tokenUnits <= 100");
  const allow = (value: string) => ({ messages: [typed({ value }, { chainId: undefined })] });
  assert.deepEqual(oneAfterAnother(limit, [allow("60"), allow("41"), allow("40")]), [true, false, true]);
});

test("signatures per hour, whatever they are for", () => {
  const limit = permit("context.spent.hour.signatures <= 3");
  const one = { messages: [digest()] };
  assert.deepEqual(oneAfterAnother(limit, [one, one, { messages: [send()] }, one]), [true, true, true, false]);
  assert.equal(judged([limit], asked({ messages: [digest(), digest(), digest(), digest()] })).allowed, false);
});

test("sums beyond 2^64 stay at the greatest number", () => {
  const limit = permit("context.spent.month.valueGwei < 9007199254740991");
  const most = { messages: [send({ value: 2n ** 256n - 1n })] };
  assert.deepEqual(oneAfterAnother(limit, [most, {}]), [false, true]);
  assert.deepEqual(oneAfterAnother(permit("context.spent.month.valueGwei > 0"), [most, most]), [true, true]);
});
