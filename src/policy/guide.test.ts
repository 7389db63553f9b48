/** The policies of the guide do what the guide says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { certificate, key as identity, period, signing, spoken } from "../../test/support/identity.ts";
import {
  ALICE,
  APPROVE,
  asked,
  BOB,
  CAROL,
  COIN,
  call,
  digest,
  ETHER,
  permit,
  SHOP,
  send,
  THIEF,
  TRANSFER,
} from "../../test/support/policies.ts";
import type { KeyMessage } from "../rules/key-messages.ts";
import { caToSign } from "../trust/x509/issue.ts";
import { createPolicies } from "./cedar.ts";
import { judge, judgeSigning, type SigningAsked } from "./judge.ts";
import { NOTHING_SPENT } from "./spending.ts";

const policiesIn = (language: string) => {
  const guide = readFileSync(new URL(`../../docs/${language}/policies.md`, import.meta.url), "utf8");
  return [...guide.matchAll(/```cedar\n\/\/ ([a-z-]+)\n([\s\S]*?)```/g)].map(([, id = "", text = ""]) => ({
    id,
    text,
  }));
};
const guide = new Map(policiesIn("en").map(({ id, text }) => [id, text]));

test("both languages have the same policies, and all are taken together", () => {
  assert.deepEqual(policiesIn("zh-CN"), policiesIn("en"));
  assert.equal(guide.size, 10);
  createPolicies(policiesIn("en"));
});

/** @param beside what a `forbid` of the guide stands beside */
const allowed = (id: string, question: SigningAsked, beside = permit("false || context.count > 0")): boolean => {
  const text = guide.get(id) ?? "";
  const forbids = text.startsWith("forbid");
  const set = createPolicies([{ id, text }, ...(forbids ? [{ id: "all", text: beside }] : [])]);
  return judgeSigning(set, question, NOTHING_SPENT).allowed;
};
const one = (message: KeyMessage, change: Partial<SigningAsked> = {}) => asked({ ...change, messages: [message] });
const coin = (data: string, change = {}) => one(send({ to: COIN, value: 0n, data, ...change }));
const order = (account: string, contract = SHOP): KeyMessage => ({
  kind: "typed-data",
  json: JSON.stringify({
    types: { Order: [{ name: "maker", type: "Maker" }], Maker: [{ name: "account", type: "address" }] },
    primaryType: "Order",
    domain: { name: "Shop", chainId: 1, verifyingContract: contract },
    message: { maker: { account } },
  }),
});
const ME = `0x${"79".repeat(20)}`;
const at = (time: string) => asked({ time: Date.parse(time) });
const own = (message: KeyMessage, change = {}, question: Partial<SigningAsked> = {}) =>
  asked({ ...question, key: { ...signing, tags: { identity: "1300000001" }, ...change }, messages: [message] });
const untagged = { ...asked(), key: { ...asked().key, tags: {} } };

const SAID: Record<string, { yes: readonly SigningAsked[]; no: readonly SigningAsked[] }> = {
  "pay-listed": {
    yes: [one(send({ to: SHOP }))],
    no: [one(send({ to: THIEF })), one(send({ chainId: 5 })), one(digest()), asked({ roles: [] })],
  },
  "two-for-large": {
    yes: [asked(), one(send({ value: 3n * ETHER }), { approvers: [BOB, CAROL] })],
    no: [one(send({ value: (3n * ETHER) / 2n + 1n })), one(send({ value: 3n * ETHER }), { approvers: [BOB] })],
  },
  "daily-budget": {
    yes: [one(send({ value: 19n * ETHER }))],
    no: [one(send({ value: 20n * ETHER })), asked({ messages: Array.from({ length: 21 }, () => send()) })],
  },
  "coin-payments": {
    yes: [coin(call(TRANSFER, THIEF, 5_000_000_000n))],
    no: [
      coin(call(TRANSFER, THIEF, 5_000_000_001n)),
      coin(call(APPROVE, THIEF, 1n)),
      coin(call(TRANSFER, THIEF, 1n), { chainId: 5 }),
      coin(call(TRANSFER, THIEF, 1n), { value: 1n }),
      coin(call(TRANSFER, THIEF, 1n), { to: SHOP }),
      asked({
        messages: Array.from({ length: 5 }, () =>
          send({ to: COIN, value: 0n, data: call(TRANSFER, SHOP, 5_000_000_000n) }),
        ),
      }),
    ],
  },
  "office-hours": {
    yes: [at("2026-11-18T01:00:00Z"), at("2026-11-20T09:59:59Z")],
    no: [at("2026-11-18T00:59:59Z"), at("2026-11-20T10:00:00Z"), at("2026-11-21T05:00:00Z")],
  },
  "shop-orders": { yes: [one(order(ME))], no: [one(order(THIEF)), one(order(ME, COIN)), asked()] },
  "no-blank-cheques": {
    yes: [asked(), coin(call(APPROVE, SHOP, 5n))],
    no: [coin(call(APPROVE, SHOP, 2n ** 256n - 1n)), one(send({ to: undefined, data: "60" }))],
  },
  "statements-of-members": {
    yes: [
      own(certificate(caToSign({ name: { commonName: "医院 CA" }, publicKey: identity.publicKey, ...period }))),
      own(await spoken()),
      own(await spoken({ kind: "organisation.founded", by: "", stream: "", seen: "" })),
      own(await spoken({ kind: "task.source-authorised" })),
    ],
    no: [
      own(await spoken({ kind: "task.model-authorised" })),
      own(digest()),
      own(await spoken(), { tags: {} }),
      own(await spoken(), {}, { roles: [] }),
    ],
  },
  "test-keys": { yes: [asked({ key: { tags: { env: "test" } } })], no: [asked(), untagged] },
};

for (const [id, { yes, no }] of Object.entries(SAID))
  test(`as the guide says: ${id}`, () => {
    for (const [i, question] of yes.entries())
      assert.equal(allowed(id, question), true, `question ${i + 1} is allowed`);
    for (const [i, question] of no.entries()) assert.equal(allowed(id, question), false, `question ${i + 1} is denied`);
  });

test("as the guide says: export-by-two", () => {
  const set = createPolicies([{ id: "export", text: guide.get("export-by-two") ?? "" }]);
  const by = (roles: SigningAsked["roles"], ...approvers: string[]) =>
    judge(set, "exportKey", { ...asked({ roles, approvers }) }, {}).allowed;
  assert.equal(by(["administrator"], BOB, CAROL), true);
  assert.equal(by(["administrator"], BOB, ALICE), false);
  assert.equal(by(["requester"], BOB, CAROL), false);
});
