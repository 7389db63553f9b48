/**
 * May this be done? What key nodes ask before they use a share, and what a simulation asks about the past. All messages
 * of a request are judged, each with what those before it spend; the request is allowed when every one is.
 */
import { fromHex } from "../base/bytes.ts";
import type { KeyDetail } from "../rules/key.ts";
import type { KeyGroup } from "../rules/key-group.ts";
import type { KeyMessage } from "../rules/key-messages.ts";
import { approvalsOf, type KeyRequest } from "../rules/key-request-state.ts";
import type { Key } from "../rules/key-state.ts";
import { gigaUnits, units } from "./amounts.ts";
import type { Decision, KeyFacts, Policies, Question } from "./cedar.ts";
import { type Action, type CedarValue, memberId, type Role } from "./schema.ts";
import {
  type Account,
  costOn,
  markCounted,
  SIGNATURES,
  spend,
  tokenOn,
  totals,
  valueOn,
  WINDOWS,
  type Window,
  windowsToCount,
} from "./spending.ts";
import { type SigningKey, type What, whatIs } from "./what.ts";

/** Who asks, when, and who has approved. */
export interface Asked {
  /** Stream of the request, or of the statement that asks for something else. */
  readonly request: string;
  /** Stream of the organisation. */
  readonly member: string;
  readonly roles: readonly Role[];
  /** G…. */
  readonly group: string;
  readonly key?: KeyFacts | undefined;
  /** Members whose approvals count. */
  readonly approvers: readonly string[];
  /** Of the ledger, milliseconds. */
  readonly time: number;
}

export interface SigningAsked extends Asked {
  readonly key: KeyFacts & SigningKey;
  readonly path: readonly number[];
  readonly messages: readonly KeyMessage[];
}

export interface Verdict {
  readonly allowed: boolean;
  /** Of each message, in order: the only bytes that may be signed for it, and what was decided. */
  readonly messages: readonly { readonly what: What; readonly decision: Decision }[];
  /** What the key has spent once this is signed: durable before a signature leaves. */
  readonly account: Account;
}

/** Which roles of the group a member has. */
export const rolesOf = (group: Pick<KeyGroup, "administrators" | "approvers" | "requesters">, member: string): Role[] =>
  (["administrator", "approver", "requester"] as const).filter((role) => group[`${role}s`].includes(member));

/**
 * A request as it is judged.
 * @param request with its stream @param path, messages as the request's detail has them
 * @param key its `publicKey` is the child's where there is a path
 */
export const signingAsked = (
  request: KeyRequest & { readonly stream: string },
  { path = [], messages }: { readonly path?: readonly number[] | undefined; readonly messages: readonly KeyMessage[] },
  key: Key,
  detail: KeyDetail,
  group: KeyGroup,
  time: number,
): SigningAsked => ({
  request: request.stream,
  member: request.requester,
  roles: rolesOf(group, request.requester),
  group: group.id,
  key: { ...keyFacts({ ...key, detail }), publicKey: fromHex(key.publicKey), scheme: key.scheme },
  approvers: approvalsOf(request, group),
  time,
  path,
  messages,
});

/** What policies know of a key. */
export const keyFacts = ({ id, scheme, detail }: Pick<Key, "id" | "scheme"> & { detail: KeyDetail }): KeyFacts => ({
  id,
  scheme,
  alias: detail.alias,
  tags: detail.tags,
});

/**
 * @param account of the key, before this request
 * @param countedAt by which periods of spending are told, milliseconds: where clocks are not to be trusted, a time that
 * nobody can set ahead and back
 * @throws Refusal policy.message, policy.transaction, policy.typed-data, policy.statement, policy.certificate for a
 * message that cannot be read;
 * policy.spending.full; policy.engine
 */
export const judgeSigning = (
  policies: Policies,
  asked: SigningAsked,
  account: Account,
  countedAt: number = asked.time,
): Verdict => {
  const { request, key, path, messages } = asked;
  const judged: { what: What; decision: Decision }[] = [];
  const windows = windowsToCount(account, request, countedAt);
  let spent = account;
  for (const [i, message] of messages.entries()) {
    const what = whatIs(key, message, i + 1);
    if (windows.length > 0) spent = spend(spent, what.spends, countedAt, windows);
    const context = {
      ...what.facts,
      path: ["m", ...path].join("/"),
      place: i + 1,
      count: messages.length,
      spent: spentFacts(spent, what, countedAt),
    };
    judged.push({ what, decision: policies.decide(question("sign", asked, context, what.fields)) });
  }
  return {
    allowed: judged.length > 0 && judged.every(({ decision }) => decision.allowed),
    messages: judged,
    account: windows.length > 0 ? markCounted(spent, request, countedAt, windows) : account,
  };
};

/**
 * Everything but signing: `createKey` and `importKey` {scheme, threshold, shares}, `reshare` {kind, threshold, shares},
 * `derive` {path}, `exportKey` {}.
 */
export const judge = (
  policies: Policies,
  action: Exclude<Action, "sign">,
  asked: Asked,
  about: Readonly<Record<string, CedarValue>>,
): Decision => policies.decide(question(action, asked, about));

const question = (
  action: Action,
  { member, roles, group, key, approvers, time }: Asked,
  about: Readonly<Record<string, CedarValue>>,
  fields?: Readonly<Record<string, string>>,
): Question => ({
  member,
  roles,
  action,
  group,
  key,
  context: {
    ...about,
    approvals: approvers.length,
    approvers: approvers.map((approver) => ({ __entity: memberId(approver) })),
    now: { __extn: { fn: "datetime", arg: new Date(time).toISOString() } },
    time: timeFacts(new Date(time)),
  },
  fields,
});

/** UTC. Monday is 1, Sunday 7 (ISO 8601). */
const timeFacts = (at: Date): CedarValue => ({
  hour: at.getUTCHours(),
  minute: at.getUTCMinutes(),
  weekday: at.getUTCDay() || 7,
  epochSeconds: Math.floor(at.getTime() / 1_000),
});

/** What the key has spent in each window, this message and those before it in the request included. */
const spentFacts = (account: Account, { chainId, token }: What, time: number): CedarValue => {
  const none = { hour: 0n, day: 0n, week: 0n, month: 0n };
  const of = (kind: string) => totals(account, kind, time);
  const signatures = of(SIGNATURES);
  const value = chainId === undefined ? none : of(valueOn(chainId));
  const cost = chainId === undefined ? none : of(costOn(chainId));
  const tokens = chainId === undefined || token === undefined ? none : of(tokenOn(chainId, token));
  const facts = (window: Window): CedarValue => ({
    signatures: units(signatures[window]),
    valueGwei: gigaUnits(value[window]),
    costGwei: gigaUnits(cost[window]),
    tokenUnits: units(tokens[window]),
    tokenGigaUnits: gigaUnits(tokens[window]),
  });
  return Object.fromEntries(Object.keys(WINDOWS).map((window) => [window, facts(window as Window)]));
};
