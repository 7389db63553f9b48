/**
 * What a call or a signed message does to an ERC-20 token, where it is one of the few that move tokens or let somebody
 * move them. A call that bears such a selector but has other arguments is refused: a contract would ignore what is too
 * much and still pay, past every policy about amounts.
 */
import { toHex } from "../base/bytes.ts";
import { refuse } from "./errors.ts";
import type { Transaction } from "./ethereum.ts";
import type { TypedData } from "./typed-data.ts";

export interface Token {
  /** Lower case. */
  readonly contract: string;
  readonly method: "transfer" | "approve" | "transferFrom" | "increaseAllowance" | "permit";
  /** Whose tokens, where that is said. */
  readonly from?: string;
  /** Who gets them, or may take them. */
  readonly recipient: string;
  /** In the token's smallest unit; an id for tokens that are counted one by one (ERC-721). */
  readonly amount: bigint;
}

const METHODS: Readonly<Record<string, { method: Token["method"]; words: number }>> = {
  "0xa9059cbb": { method: "transfer", words: 2 },
  "0x095ea7b3": { method: "approve", words: 2 },
  "0x23b872dd": { method: "transferFrom", words: 3 },
  "0x39509351": { method: "increaseAllowance", words: 2 },
};

/** The first four bytes of a call, "0x" and lower case; undefined where there are fewer. */
export const selectorOf = (data: Uint8Array): string | undefined =>
  data.length < 4 ? undefined : `0x${toHex(data.subarray(0, 4))}`;

/** @throws Refusal policy.transaction when the arguments are not exactly those of the method */
export const tokenOfCall = ({ to, data }: Transaction): Token | undefined => {
  const selector = selectorOf(data);
  const known = to === undefined || selector === undefined ? undefined : METHODS[selector];
  if (to === undefined || known === undefined) return undefined;
  const { method, words } = known;
  const malformed = () => refuse("policy.transaction", { reason: `its arguments are not those of ${method}` });
  if (data.length !== 4 + 32 * words) throw malformed();
  const word = (i: number) => toHex(data.subarray(4 + 32 * i, 36 + 32 * i));
  const address = (i: number) => {
    if (!word(i).startsWith("0".repeat(24))) throw malformed();
    return `0x${word(i).slice(24)}`;
  };
  const amount = BigInt(`0x${word(words - 1)}`);
  if (words === 3) return { contract: to, method, from: address(0), recipient: address(1), amount };
  return { contract: to, method, recipient: address(0), amount };
};

/** EIP-2612: a signature that lets the spender move the owner's tokens. */
export const tokenOfTypedData = ({ primaryType, domain, fields }: TypedData): Token | undefined => {
  const { owner, spender, value } = fields;
  if (primaryType !== "Permit" || domain.verifyingContract === undefined) return undefined;
  if (owner === undefined || spender === undefined || !/^\d+$/.test(value ?? "")) return undefined;
  return {
    contract: domain.verifyingContract,
    method: "permit",
    from: owner,
    recipient: spender,
    amount: BigInt(value ?? 0),
  };
};
