/** Policies that are not taken, and why; and that no text brings the engine down. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, forbid, judged, permit, policies } from "../../test/support/policies.ts";
import { Refusal } from "../base/refusal.ts";
import { createPolicies } from "./cedar.ts";
import { judge } from "./judge.ts";

const refusalOf = (...texts: string[]): Refusal => {
  try {
    policies(...texts);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  throw new Error("it was taken");
};

const REFUSED: readonly [name: string, text: string, code: string, line: number, reason: RegExp][] = [
  ["no Cedar", "allow everything", "policy.unreadable", 1, /unexpected token/],
  ["nothing", "", "policy.unreadable", 1, /unexpected end/],
  ["only a comment", "// permit", "policy.unreadable", 1, /unexpected end/],
  ["two policies in one", `${permit("true")}\n${permit("true")}`, "policy.unreadable", 2, /unexpected token/],
  ["a template", "permit(\n  principal == ?principal,\n action, resource);", "policy.unreadable", 2, /slot/],
  [
    "a bracket left open",
    'permit(principal,\naction,\nresource) when { context.purpose == ("a" };',
    "policy.unreadable",
    3,
    /./,
  ],
  [
    "an action that is not there",
    'permit(principal, action == Action::"steal", resource);',
    "policy.invalid",
    1,
    /steal/,
  ],
  ["a type that is not there", 'permit(principal == Robot::"x", action, resource);', "policy.invalid", 1, /Robot/],
  ["a role that is not there", permit("true", 'principal in Role::"boss"'), "policy.invalid", 1, /boss/],
  ["a field that is not there", permit("\n\ncontext.amount > 1"), "policy.invalid", 3, /amount/],
  [
    "a field that may be absent",
    permit("context.transaction.valueGwei > 1"),
    "policy.invalid",
    1,
    /optional attribute/,
  ],
  ["a tag that may be absent", permit('resource.getTag("env") == "x"'), "policy.invalid", 1, /tag/],
  ["a number compared with a text", permit('context.approvals == "2"'), "policy.invalid", 1, /./],
  ["a text compared by size", permit('context.purpose > "a"'), "policy.invalid", 1, /or Long but saw String/],
  [
    "a decimal compared with a number",
    permit("context has transaction && context.transaction.value > 1"),
    "policy.invalid",
    1,
    /./,
  ],
  [
    "a decimal that is none",
    permit('context has transaction && context.transaction.value.lessThan(decimal("1,5"))'),
    "policy.invalid",
    1,
    /decimal/,
  ],
  ["a member where there is a text", permit("principal == context.purpose"), "policy.invalid", 1, /./],
  ["a forbid that never holds", forbid("false"), "policy.invalid", 1, /impossible/],
  [
    "a forbid of what is never there",
    'forbid(principal, action == Action::"createKey", resource is Key);',
    "policy.invalid",
    1,
    /impossible|unable|not/,
  ],
  [
    "a context of another action",
    'permit(principal, action == Action::"exportKey", resource) when { context.purpose == "digest" };',
    "policy.invalid",
    1,
    /purpose/,
  ],
  ["a number above 2^63", permit("context.approvals < 9223372036854775808"), "policy.unreadable", 1, /./],
  [
    "letters of two scripts that look alike",
    permit('context.purpose == "tr\u0430nsaction"'),
    "policy.invalid",
    1,
    /mixed scripts|confusable/,
  ],
  ["an address with a checksum", permit('\n"0xCcCC" == context.digest'), "policy.upper-case", 2, /./],
  ["0X", permit('"0Xcc" == context.digest'), "policy.upper-case", 1, /./],
  ["text that runs backwards", permit('\n\n"\u202etxet" == context.purpose'), "policy.unprintable", 3, /./],
  ["a space without width", permit('"digest\u200b" == context.purpose'), "policy.unprintable", 1, /./],
  ["a control character", permit('"\u0007" == context.purpose'), "policy.unprintable", 1, /./],
];

for (const [name, text, code, line, reason] of REFUSED)
  test(`refused: ${name}`, () => {
    const refusal = refusalOf(permit("true"), text);
    assert.equal(refusal.code, code, refusal.message);
    assert.equal(refusal.details.line, line, refusal.message);
    assert.equal(refusal.details.policy, "p2");
    assert.match(String(refusal.details.reason), reason);
  });

test("where it is wrong is told by line and character, as people count them", () => {
  const { details } = refusalOf(permit("true"), 'permit(principal, action, resource)\nwhen { "𠮷" == 数 };');
  assert.deepEqual([details.line, details.column], [2, 15]);
});

test("refused: names twice, or of other letters", () => {
  const text = permit("true");
  for (const ids of [["a", "a"], ["A"], [""], ["__proto__"], ["a b"], ["-a"], ["a".repeat(65)]])
    assert.throws(() => createPolicies(ids.map((id) => ({ id, text }))), { code: "policy.ids" });
});

test("addresses with capitals are fine in comments, capitals elsewhere in texts", () => {
  policies(`// pays "0xCCCC"\n${permit('context.purpose == "Digest"')}`);
});

/** Every way in which a text can nest or run on; the engine overflows at some length of each. */
const SHAPES: Record<string, (n: number) => string> = {
  brackets: (n) => `${"(".repeat(n)}true${")".repeat(n)}`,
  negations: (n) => `${"!(".repeat(n)}true${")".repeat(n)}`,
  and: (n) => `true${" && true".repeat(n)}`,
  "texts that are added": (n) => `"a"${'+"a"'.repeat(n)} == "a"`,
  sum: (n) => `1${" + 1".repeat(n)} > 2`,
  choice: (n) => `${"if true then true else ".repeat(n)}true`,
  "choice in brackets": (n) => `${"(if true then true else ".repeat(n)}true${")".repeat(n)}`,
  sets: (n) => `${"[".repeat(n)}1${"]".repeat(n)} == [1]`,
  records: (n) => `${"{a:".repeat(n)}1${"}".repeat(n)} == {a: 1}`,
  calls: (n) => `${"[1].contains(".repeat(n)}1${")".repeat(n)}`,
  chain: (n) => `datetime("2024-01-01")${'.offset(duration("1h"))'.repeat(n)} < context.now`,
  attributes: (n) => `context${".a".repeat(n)}`,
};

for (const [name, shape] of Object.entries(SHAPES))
  test(`as much of it as is taken leaves the engine whole: ${name}`, () => {
    let taken = 0;
    for (let n = 1; n <= 2_000; n = Math.ceil(n * 1.1)) {
      try {
        policies(permit(`${shape(n)}`));
        taken = n;
      } catch (error) {
        const { code } = error as Refusal;
        assert.notEqual(code, "policy.engine");
        if (code !== "policy.too-complex") taken = n;
      }
    }
    assert.ok(taken >= 10 && taken <= 250, `${taken} of ${name}`);
    assert.ok(judged([permit("true")], asked()).allowed);
  });

test("whatever is made of Cedar's words and signs leaves the engine whole", () => {
  const words = [
    ..."( ( ( ) ) ) [ ] { } ! - + * , : . == < && || if then else has in is like true 1 context principal".split(" "),
    ...[
      '"a"',
      "context.purpose",
      "context.spent.day.valueGwei",
      "[1, 2]",
      "{a: 1}",
      '.contains("a")',
      'datetime("2024-01-01")',
    ],
  ];
  let state = 7;
  const random = (limit: number) => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state % limit;
  };
  /** Of a kind that the grammar takes, as deep and long as it may be. */
  const expression = (depth: number): string => {
    if (depth === 0) return ["true", "context.place > 1", 'context.purpose == "a"', "1 + 1 == 2"][random(4)] ?? "true";
    const [a, b] = [expression(depth - 1), expression(random(depth))];
    return (
      [`(${a} && ${b})`, `!(${a})`, `(if ${b} then ${a} else ${b})`, `[${a}].contains(${b})`, `${a} || ${b}`][
        random(5)
      ] ?? a
    );
  };
  for (let i = 0; i < 600; i++) {
    const soup = Array.from({ length: random(240) }, () => words[random(words.length)]).join(" ");
    try {
      policies(permit(i % 2 === 0 ? soup : expression(1 + random(9))));
    } catch (error) {
      assert.ok(error instanceof Refusal && error.code !== "policy.engine", String(error));
    }
  }
  assert.ok(judged([permit("true")], asked()).allowed);
});

test("a text as long as it may be, and one that is longer", () => {
  const pattern = (length: number) => permit(`context.purpose like "*${"a".repeat(length - 3)}"`);
  policies(pattern(1_024));
  assert.equal(refusalOf(pattern(1_025)).code, "policy.too-complex");
});

test("a list of a thousand addresses is one policy", () => {
  const list = Array.from({ length: 1_000 }, (_, i) => `"0x${i.toString(16).padStart(40, "0")}"`);
  const text = permit(`[${list.join(",")}].contains(context.digest)`);
  assert.equal(judged([text], asked()).allowed, false);
});

test("more sets of policies than the engine keeps at once: each decides by its own", () => {
  const sets = Array.from({ length: 150 }, (_, i) => policies(permit(`context.place == ${i}`)));
  for (let round = 0; round < 2; round++)
    for (const [i, set] of sets.entries()) {
      const decision = set.decide({
        member: "m",
        roles: [],
        action: "sign",
        group: "G",
        key: { id: "K", scheme: "ECDSA_K1", tags: {} },
        context: contextOf(),
      });
      assert.equal(decision.allowed, i === 1, `set ${i}`);
    }
});

const contextOf = () => {
  const none = { signatures: 0, valueGwei: 0, costGwei: 0, tokenUnits: 0, tokenGigaUnits: 0 };
  return {
    approvals: 0,
    approvers: [],
    now: { __extn: { fn: "datetime", arg: "2026-11-18T12:00:00Z" } },
    time: { hour: 12, minute: 0, weekday: 3, epochSeconds: 0 },
    purpose: "digest",
    digest: "0x",
    path: "m",
    place: 1,
    count: 1,
    spent: { hour: none, day: none, week: none, month: none },
  };
};

test("a question that does not fit the schema is denied, whatever the policies say", () => {
  const all = policies("permit(principal, action, resource);");
  const question = {
    member: "m",
    roles: [],
    action: "sign",
    group: "G",
    key: { id: "K", scheme: "X", tags: {} },
  } as const;
  assert.equal(all.decide({ ...question, context: contextOf() }).allowed, true);
  const wrong: object[] = [
    { purpose: 5 },
    { approvals: "2" },
    { approvals: 1.5 },
    { approvals: true },
    { approvers: ["m"] },
    { extra: 1 },
    { purpose: undefined },
    { now: "noon" },
    { transaction: {} },
    { transaction: { __entity: { type: "Member", id: "m" } } },
  ];
  for (const change of wrong) {
    const decision = all.decide({ ...question, context: { ...contextOf(), ...change } as never });
    assert.equal(decision.allowed, false, JSON.stringify(change));
    assert.equal(decision.errors.length, 1);
  }
  assert.equal(all.decide({ ...question, action: "exportKey", context: contextOf() }).allowed, false);
});

test("other actions: each is permitted by name, with what it is about", () => {
  const set = policies(
    'permit(principal in Role::"requester", action == Action::"createKey", resource) when { context.scheme == "ECDSA_K1" && context.threshold >= 2 };',
    'permit(principal, action == Action::"exportKey", resource) when { context.approvals >= 2 };',
    'permit(principal, action == Action::"reshare", resource) when { context.kind == "refresh" };',
    'permit(principal, action == Action::"derive", resource) when { context.path like "m/44/*" };',
  );
  const { key, ...who } = asked();
  const { key: _, ...keyless } = asked();
  const made = (scheme: string, threshold: number) => ({ scheme, threshold, shares: 3 });
  assert.equal(judge(set, "createKey", keyless, made("ECDSA_K1", 2)).allowed, true);
  assert.equal(judge(set, "createKey", keyless, made("SM2", 2)).allowed, false);
  assert.equal(judge(set, "importKey", keyless, made("ECDSA_K1", 2)).allowed, false);
  assert.equal(judge(set, "exportKey", { ...who, key }, {}).allowed, false);
  assert.equal(judge(set, "exportKey", { ...who, key, approvers: ["a", "b"] }, {}).allowed, true);
  assert.equal(judge(set, "reshare", { ...who, key }, { kind: "refresh", threshold: 2, shares: 3 }).allowed, true);
  assert.equal(judge(set, "reshare", { ...who, key }, { kind: "reshare", threshold: 2, shares: 3 }).allowed, false);
  assert.equal(judge(set, "derive", { ...who, key }, { path: "m/44/60" }).allowed, true);
  assert.equal(judge(set, "derive", { ...who, key }, { path: "m/45" }).allowed, false);
});

test("a request without messages is denied", () => {
  assert.equal(judged([permit("true")], asked({ messages: [] })).allowed, false);
});
