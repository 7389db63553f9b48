/** What is allowed and what is not, one line each: policies, question, answer, and the policies that made it so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ALICE,
  APPROVE,
  asked,
  BOB,
  CAROL,
  COIN,
  call,
  DAVE,
  digest,
  ETHER,
  forbid,
  GWEI,
  judged,
  message,
  NOON,
  permit,
  SHOP,
  send,
  sendLegacy,
  THIEF,
  TRANSFER,
  typed,
} from "../../test/support/policies.ts";
import type { SigningAsked } from "./judge.ts";

type Row = readonly [name: string, policies: readonly string[], asked: SigningAsked, answer: boolean, by: string[]];

const ANYTHING = permit("true");
const TX = "context has transaction && ";
const TYPED = "context has typedData && ";
const TOKEN = "context has token && ";
const at = (time: string): SigningAsked => asked({ time: Date.parse(time) });
const sends = (...sent: Parameters<typeof send>): SigningAsked => asked({ messages: [send(...sent)] });
const pays = (value: bigint): SigningAsked => sends({ value });
const calls = (data: string): SigningAsked => sends({ to: COIN, value: 0n, data });
const signs = (...messages: SigningAsked["messages"]): SigningAsked => asked({ messages });
const approvedBy = (...approvers: string[]): SigningAsked => asked({ approvers });

const TABLE: readonly Row[] = [
  // Default deny, deny wins
  ["no policy at all", [], asked(), false, []],
  ["only a forbid that does not hold", [forbid("context.place > 1")], asked(), false, []],
  ["a permit", [ANYTHING], asked(), true, ["p1"]],
  ["two permits", [ANYTHING, permit("context.place == 1")], asked(), true, ["p1", "p2"]],
  ["a forbid beside a permit", [ANYTHING, forbid("context.place == 1")], asked(), false, ["p2"]],
  ["a forbid before a permit", [forbid("context.place == 1"), ANYTHING], asked(), false, ["p1"]],
  ["a permit of another action", [`permit(principal, action == Action::"exportKey", resource);`], asked(), false, []],
  ["a permit of all actions", ["permit(principal, action, resource);"], asked(), true, ["p1"]],
  [
    "unless that holds",
    [`permit(principal, action, resource) unless { principal in Role::"requester" };`],
    asked(),
    false,
    [],
  ],

  // Who
  ["the member itself", [permit("true", `principal == Member::"${ALICE}"`)], asked(), true, ["p1"]],
  ["another member", [permit("true", `principal == Member::"${BOB}"`)], asked(), false, []],
  ["a role that it has", [permit("true", `principal in Role::"requester"`)], asked(), true, ["p1"]],
  ["a role that it has not", [permit("true", `principal in Role::"administrator"`)], asked(), false, []],
  ["no role", [permit("true", `principal in Role::"requester"`)], asked({ roles: [] }), false, []],
  [
    "one of two roles",
    [permit("true", `principal in Role::"approver"`)],
    asked({ roles: ["requester", "approver"] }),
    true,
    ["p1"],
  ],
  ["a list of members", [permit(`[Member::"${ALICE}", Member::"${BOB}"].contains(principal)`)], asked(), true, ["p1"]],
  [
    "a member called like a role",
    [permit("true", `principal in Role::"requester"`)],
    asked({ member: "requester", roles: [] }),
    false,
    [],
  ],

  // Which key
  ["the key by its id", [permit(`resource == Key::"K202611180000001"`)], asked(), true, ["p1"]],
  ["another key", [permit(`resource == Key::"K202611180000002"`)], asked(), false, []],
  ["keys of the group", [permit(`resource in Group::"G202611180000001"`)], asked(), true, ["p1"]],
  ["keys of another group", [permit(`resource in Group::"G9"`)], asked(), false, []],
  ["by scheme", [permit(`resource.scheme == "ECDSA_K1"`)], asked(), true, ["p1"]],
  ["by alias", [permit(`resource has alias && resource.alias like "treasury*"`)], asked(), true, ["p1"]],
  [
    "by alias, of a key without",
    [permit(`resource has alias && resource.alias == "treasury"`)],
    asked({ key: { alias: undefined } }),
    false,
    [],
  ],
  ["by tag", [permit(`resource.hasTag("env") && resource.getTag("env") == "production"`)], asked(), true, ["p1"]],
  ["by tag, another value", [permit(`resource.hasTag("env") && resource.getTag("env") == "test"`)], asked(), false, []],
  [
    "by tag, in Chinese",
    [permit(`resource.hasTag("部门") && resource.getTag("部门") == "财务"`)],
    asked(),
    true,
    ["p1"],
  ],
  [
    "by tag, which another normal form is not",
    [permit(`resource.hasTag("env") && resource.getTag("env") == "é"`)],
    asked({ key: { tags: { env: "e\u0301" } } }),
    false,
    [],
  ],

  // What: purpose and digest
  ["a purpose", [permit(`context.purpose == "transaction"`)], asked(), true, ["p1"]],
  [
    "a digest, where transactions are asked for",
    [permit(`context.purpose == "transaction"`)],
    signs(digest()),
    false,
    [],
  ],
  [
    "a digest that is listed",
    [permit(`["0x${"1".repeat(64)}"].contains(context.digest)`)],
    signs(digest()),
    true,
    ["p1"],
  ],
  [
    "a digest that is not listed",
    [permit(`["0x${"1".repeat(64)}"].contains(context.digest)`)],
    signs(digest("2".repeat(64))),
    false,
    [],
  ],
  [
    "a text that begins so",
    [permit(`context has message && context.message has text && context.message.text like "Sign in to *"`)],
    signs(message("Sign in to shop")),
    true,
    ["p1"],
  ],
  [
    "a text with the star itself",
    [permit(`context has message && context.message has text && context.message.text like "Sign in to *"`)],
    signs(message("Sign out *")),
    false,
    [],
  ],
  [
    "bytes that are no text",
    [permit("context has message && context.message has text")],
    signs({ kind: "message", hex: "ff" }),
    false,
    [],
  ],
  ["a child key", [permit(`context.path == "m"`)], asked({ path: [0, 5] }), false, []],
  ["a child key by its path", [permit(`context.path like "m/0/*"`)], asked({ path: [0, 5] }), true, ["p1"]],
  [
    "one of a batch is another matter",
    [permit(`context.purpose == "transaction"`)],
    signs(send(), digest()),
    false,
    [],
  ],
  ["a batch that is too long", [ANYTHING, forbid("context.count > 2")], signs(send(), send(), send()), false, ["p2"]],

  // Transactions
  ["to", [permit(`${TX}context.transaction has to && context.transaction.to == "${SHOP}"`)], asked(), true, ["p1"]],
  [
    "to somebody else",
    [permit(`${TX}context.transaction has to && context.transaction.to == "${SHOP}"`)],
    sends({ to: THIEF }),
    false,
    [],
  ],
  [
    "to somebody on a list",
    [permit(`${TX}context.transaction has to && ["${COIN}", "${SHOP}"].contains(context.transaction.to)`)],
    asked(),
    true,
    ["p1"],
  ],
  [
    "to nobody: a contract is created",
    [ANYTHING, forbid(`${TX}!(context.transaction has to)`)],
    sends({ to: undefined, data: "60" }),
    false,
    ["p2"],
  ],
  [
    "a value within the limit",
    [permit(`${TX}context.transaction.value.lessThanOrEqual(decimal("1.0"))`)],
    pays(ETHER),
    true,
    ["p1"],
  ],
  [
    "a wei more",
    [permit(`${TX}context.transaction.value.lessThanOrEqual(decimal("1.0"))`)],
    pays(ETHER + 1n),
    false,
    [],
  ],
  ["gwei, exactly", [permit(`${TX}context.transaction.valueGwei <= 5`)], pays(5n * GWEI), true, ["p1"]],
  ["gwei, a wei more", [permit(`${TX}context.transaction.valueGwei <= 5`)], pays(5n * GWEI + 1n), false, []],
  [
    "wei, as text",
    [permit(`${TX}context.transaction.valueWei == "1000000000000000001"`)],
    pays(ETHER + 1n),
    true,
    ["p1"],
  ],
  [
    "the greatest value there is",
    [permit(`${TX}context.transaction.valueGwei < 9007199254740991`)],
    pays(2n ** 256n - 1n),
    false,
    [],
  ],
  [
    "the greatest value, in ether",
    [permit(`${TX}context.transaction.value.lessThan(decimal("922337203685477.5807"))`)],
    pays(2n ** 256n - 1n),
    false,
    [],
  ],
  ["nothing is sent", [permit(`${TX}context.transaction.valueGwei == 0`)], pays(0n), true, ["p1"]],
  ["fees within the limit", [permit(`${TX}context.transaction.feeGwei <= 210000`)], asked(), true, ["p1"]],
  [
    "fees that eat the purse",
    [permit(`${TX}context.transaction.feeGwei <= 210000`)],
    sends({ gasPrice: 11n * GWEI }),
    false,
    [],
  ],
  [
    "fees beyond all measure",
    [permit(`${TX}context.transaction.feeGwei <= 210000`)],
    sends({ gasPrice: 2n ** 255n, gas: 2n ** 63n }),
    false,
    [],
  ],
  ["chain", [permit(`${TX}context.transaction.chainId == 1`)], asked(), true, ["p1"]],
  ["another chain", [permit(`${TX}context.transaction.chainId == 1`)], sends({ chainId: 5 }), false, []],
  ["type", [permit(`${TX}context.transaction.type == "eip1559"`)], signs(sendLegacy(1)), false, []],
  [
    "selector",
    [permit(`${TX}context.transaction has selector && context.transaction.selector == "0x12345678"`)],
    calls("12345678"),
    true,
    ["p1"],
  ],
  [
    "another selector",
    [permit(`${TX}context.transaction has selector && context.transaction.selector == "0x12345678"`)],
    calls("12345679"),
    false,
    [],
  ],
  ["no call at all", [permit(`${TX}context.transaction.dataBytes == 0`)], calls("12"), false, []],
  [
    "arithmetic that overflows in a permit",
    [ANYTHING, permit(`${TX}context.transaction.valueGwei * 9223372036854775807 < 5`)],
    asked(),
    false,
    ["p2"],
  ],
  [
    "arithmetic that overflows in a forbid",
    [ANYTHING, forbid(`${TX}context.transaction.valueGwei + 9223372036854775807 < 5`)],
    asked(),
    false,
    ["p2"],
  ],
  [
    "arithmetic that could not be reached",
    [ANYTHING, forbid(`${TX}context.transaction.chainId == 5 && 9223372036854775807 + context.place < 5`)],
    asked(),
    true,
    ["p1"],
  ],
  ["less than nothing", [permit(`${TX}context.transaction.valueGwei <= -1`)], pays(0n), false, []],

  // Tokens
  [
    "a transfer within its limit",
    [permit(`${TOKEN}context.token.method == "transfer" && context.token.units <= 500`)],
    calls(call(TRANSFER, SHOP, 500n)),
    true,
    ["p1"],
  ],
  [
    "a transfer above its limit",
    [permit(`${TOKEN}context.token.units <= 500`)],
    calls(call(TRANSFER, SHOP, 501n)),
    false,
    [],
  ],
  [
    "18 decimals, in units of 10^9",
    [permit(`${TOKEN}context.token.gigaUnits <= 2000000000`)],
    calls(call(TRANSFER, SHOP, 2n * ETHER + 1n)),
    false,
    [],
  ],
  [
    "who gets the tokens, not the contract",
    [permit(`${TOKEN}context.token.recipient == "${SHOP}"`)],
    calls(call(TRANSFER, THIEF, 1n)),
    false,
    [],
  ],
  [
    "an allowance without end",
    [ANYTHING, forbid(`${TOKEN}context.token.unlimited`)],
    calls(call(APPROVE, SHOP, 2n ** 256n - 1n)),
    false,
    ["p2"],
  ],
  [
    "an allowance with one",
    [ANYTHING, forbid(`${TOKEN}context.token.unlimited`)],
    calls(call(APPROVE, SHOP, 5n)),
    true,
    ["p1"],
  ],
  [
    "tokens of somebody else",
    [ANYTHING, forbid(`${TOKEN}context.token.method == "transferFrom"`)],
    calls(call("23b872dd", THIEF, SHOP, 5n)),
    false,
    ["p2"],
  ],
  [
    "a signature that is an allowance",
    [ANYTHING, forbid(`${TOKEN}context.token.method == "permit" && context.token.units > 999999`)],
    signs(typed()),
    false,
    ["p2"],
  ],

  // Typed data
  [
    "a domain by its contract",
    [permit(`${TYPED}context.typedData has verifyingContract && context.typedData.verifyingContract == "${COIN}"`)],
    signs(typed()),
    true,
    ["p1"],
  ],
  [
    "a domain with another contract",
    [permit(`${TYPED}context.typedData has verifyingContract && context.typedData.verifyingContract == "${COIN}"`)],
    signs(typed({}, { verifyingContract: SHOP })),
    false,
    [],
  ],
  [
    "a domain of another chain",
    [permit(`${TYPED}context.typedData has chainId && context.typedData.chainId == 1`)],
    signs(typed({}, { chainId: "0x5" })),
    false,
    [],
  ],
  [
    "a domain's name that looks alike",
    [permit(`${TYPED}context.typedData has name && context.typedData.name == "Coin"`)],
    signs(typed({}, { name: "С\u043ein" })),
    false,
    [],
  ],
  ["what kind of message", [permit(`${TYPED}context.typedData.primaryType == "Order"`)], signs(typed()), false, []],
  [
    "a field of the message",
    [
      permit(
        `${TYPED}context.typedData.fields.hasTag("spender") && context.typedData.fields.getTag("spender") == "${SHOP}"`,
      ),
    ],
    signs(typed()),
    true,
    ["p1"],
  ],
  [
    "another value of the field",
    [
      permit(
        `${TYPED}context.typedData.fields.hasTag("spender") && context.typedData.fields.getTag("spender") == "${SHOP}"`,
      ),
    ],
    signs(typed({ spender: THIEF })),
    false,
    [],
  ],
  [
    "a field that is not there",
    [permit(`${TYPED}context.typedData.fields.hasTag("deadline")`)],
    signs(typed()),
    false,
    [],
  ],

  // Approvals
  ["two approvals", [permit("context.approvals >= 2")], approvedBy(BOB, CAROL), true, ["p1"]],
  ["one is not two", [permit("context.approvals >= 2")], approvedBy(BOB), false, []],
  ["somebody's approval", [permit(`context.approvers.contains(Member::"${BOB}")`)], approvedBy(BOB), true, ["p1"]],
  ["somebody else's", [permit(`context.approvers.contains(Member::"${BOB}")`)], approvedBy(CAROL), false, []],
  [
    "both of two",
    [permit(`context.approvers.containsAll([Member::"${BOB}", Member::"${CAROL}"])`)],
    approvedBy(BOB, CAROL, DAVE),
    true,
    ["p1"],
  ],
  [
    "any of two",
    [permit(`context.approvers.containsAny([Member::"${BOB}", Member::"${CAROL}"])`)],
    approvedBy(DAVE),
    false,
    [],
  ],
  [
    "approvals above an amount only",
    [permit(`${TX}(context.transaction.valueGwei <= 5 || context.approvals >= 2)`)],
    pays(5n * GWEI),
    true,
    ["p1"],
  ],

  // Hours, in UTC
  [
    "in the hours",
    [permit("context.time.hour >= 9 && context.time.hour < 17")],
    at("2026-11-18T16:59:59Z"),
    true,
    ["p1"],
  ],
  [
    "after the hours",
    [permit("context.time.hour >= 9 && context.time.hour < 17")],
    at("2026-11-18T17:00:00Z"),
    false,
    [],
  ],
  ["a Wednesday", [permit("context.time.weekday == 3")], at("2026-11-18T00:00:00Z"), true, ["p1"]],
  ["a Sunday is the seventh", [permit("context.time.weekday <= 5")], at("2026-11-22T12:00:00Z"), false, []],
  ["a Monday is the first", [permit("context.time.weekday == 1")], at("2026-11-23T00:00:00Z"), true, ["p1"]],
  [
    "nine in Shanghai is one in UTC",
    [permit(`context.now.offset(duration("8h")).toTime() >= duration("9h")`)],
    at("2026-11-18T01:00:00Z"),
    true,
    ["p1"],
  ],
  [
    "before nine in Shanghai",
    [permit(`context.now.offset(duration("8h")).toTime() >= duration("9h")`)],
    at("2026-11-18T00:59:59Z"),
    false,
    [],
  ],
  ["until a day", [permit(`context.now < datetime("2026-11-19")`)], at("2026-11-18T23:59:59.999Z"), true, ["p1"]],
  ["from that day", [permit(`context.now < datetime("2026-11-19")`)], at("2026-11-19T00:00:00Z"), false, []],
  ["seconds since 1970", [permit(`context.time.epochSeconds == ${NOON / 1000}`)], asked(), true, ["p1"]],
];

for (const [name, texts, question, answer, by] of TABLE)
  test(`${answer ? "allowed" : "denied"}: ${name}`, () => {
    const { allowed, messages } = judged(texts, question);
    assert.equal(allowed, answer);
    const deciding = messages
      .filter(({ decision }) => decision.allowed === answer)
      .flatMap(({ decision }) => decision.policies);
    assert.deepEqual([...new Set(deciding)], by);
  });

test("the table is as long as it was promised to be", () => assert.ok(TABLE.length >= 60));
