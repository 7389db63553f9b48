/** Questions to policies: one that most would allow, and its parts to be changed. */
import { RLP } from "micro-eth-signer/core/rlp.js";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { createPolicies } from "../../src/policy/cedar.ts";
import { judgeSigning, type SigningAsked, type Verdict } from "../../src/policy/judge.ts";
import { type Account, NOTHING_SPENT } from "../../src/policy/spending.ts";
import type { KeyMessage } from "../../src/rules/key-messages.ts";

export const ALICE = "a".repeat(64);
export const BOB = "b".repeat(64);
export const CAROL = "c".repeat(64);
export const DAVE = "d".repeat(64);
export const SHOP = `0x${"51".repeat(20)}`;
export const THIEF = `0x${"66".repeat(20)}`;
export const COIN = `0x${"c0".repeat(20)}`;
export const GWEI = 10n ** 9n;
export const ETHER = 10n ** 18n;
/** A Wednesday. */
export const NOON = Date.parse("2026-11-18T12:00:00Z");

const encoded = (fields: unknown): Uint8Array => RLP.encode(fields as Parameters<typeof RLP.encode>[0]);

interface Sent {
  readonly to?: string | undefined;
  readonly value?: bigint;
  readonly data?: string;
  readonly chainId?: number;
  readonly nonce?: bigint;
  readonly gas?: bigint;
  readonly gasPrice?: bigint;
}

/** An unsigned transaction of EIP-1559. */
export const send = (sent: Sent = {}): KeyMessage => {
  const { to = SHOP, value = ETHER, data = "", chainId = 1, nonce = 0n, gas = 21_000n, gasPrice = 10n * GWEI } = sent;
  const target = "to" in sent && sent.to === undefined ? new Uint8Array() : fromHex(to.slice(2));
  const fields = [BigInt(chainId), nonce, 0n, gasPrice, gas, target, value, fromHex(data), []];
  return { kind: "transaction", hex: toHex(concat(Uint8Array.of(2), encoded(fields))) };
};

/** A legacy transaction of 1 wei. */
export const sendLegacy = (chainId: number): KeyMessage => ({
  kind: "transaction",
  hex: toHex(encoded([0n, 1n, 21_000n, fromHex(SHOP.slice(2)), 1n, new Uint8Array(), BigInt(chainId), 0n, 0n])),
});

const argument = (value: string | bigint): string =>
  (typeof value === "bigint" ? value.toString(16) : value.slice(2)).padStart(64, "0");

export const call = (selector: string, ...args: readonly (string | bigint)[]): string =>
  selector + args.map(argument).join("");
export const TRANSFER = "a9059cbb";
export const APPROVE = "095ea7b3";

export const typed = (change: object = {}, domain: object = {}): KeyMessage => ({
  kind: "typed-data",
  json: JSON.stringify({
    types: {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
      ],
    },
    primaryType: "Permit",
    domain: { name: "Coin", version: "1", chainId: 1, verifyingContract: COIN, ...domain },
    message: { owner: THIEF, spender: SHOP, value: "1000000", ...change },
  }),
});

export const digest = (hex = "1".repeat(64)): KeyMessage => ({ kind: "digest", hex });
export const message = (text: string): KeyMessage => ({ kind: "message", hex: Buffer.from(text).toString("hex") });

/** Alice, a requester, asks for one transaction of one ether to the shop, at noon. */
export const asked = (change: Partial<Omit<SigningAsked, "key">> & { key?: object } = {}): SigningAsked => ({
  request: "e".repeat(64),
  member: ALICE,
  roles: ["requester"],
  group: "G202611180000001",
  approvers: [],
  time: NOON,
  path: [],
  messages: [send()],
  ...change,
  key: {
    id: "K202611180000001",
    scheme: "ECDSA_K1",
    publicKey: fromHex(`02${"79".repeat(32)}`),
    alias: "treasury",
    tags: { env: "production", 部门: "财务" },
    ...change.key,
  },
});

/** `permit` or `forbid`, with what has to hold, for signing. */
export const permit = (when: string, who = "principal"): string =>
  `permit(${who}, action == Action::"sign", resource) when { ${when} };`;
export const forbid = (when: string): string => permit(when).replace(/^permit/, "forbid");

/** Policies called p1, p2… */
export const policies = (...texts: readonly string[]) =>
  createPolicies(texts.map((text, i) => ({ id: `p${i + 1}`, text })));

export const judged = (texts: readonly string[], question: SigningAsked, account: Account = NOTHING_SPENT): Verdict =>
  judgeSigning(policies(...texts), question, account);
