/**
 * Whether this node takes part: in a signature, in making shares. By the ledger as it was followed and replayed here,
 * the policies as they stand at this moment and what this node has counted; never by what the server says
 * (docs/protocols/key-node.md section 3).
 */
import { fromHex, toHex } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { curveOf } from "../mpc/curves/registry.ts";
import { derive } from "../mpc/keys/derive.ts";
import { CURVE_OF } from "../mpc/keys/sharing.ts";
import { createPolicies, type Decision, type Policies } from "../policy/cedar.ts";
import { type Asked, judge, judgeSigning, keyFacts, rolesOf, signingAsked } from "../policy/judge.ts";
import type { Account } from "../policy/spending.ts";
import type { What } from "../policy/what.ts";
import type { RequestDetail } from "../rules/key-messages.ts";
import { awaitedOf, type KeyRequest, mayRequest, requestStateOf, withApproval } from "../rules/key-request-state.ts";
import { type Attempt, agreedTo, type Epoch, epochOf, indexIn, type Key, stateOf } from "../rules/key-state.ts";
import { CLOCK_SKEW } from "../rules/world.ts";
import { refuse } from "./errors.ts";
import {
  keyDetailOf,
  type LookDeps,
  type LookedKey,
  type LookedRequest,
  lookAtRequest,
  requestDetailOf,
  timeOf,
} from "./look.ts";

export interface JudgeDeps extends LookDeps {
  /** Stream of this node. */
  readonly node: string;
  /** What a key (stream) has spent, as far as this node took part. */
  accountOf(key: string): Account;
}

export interface Question {
  readonly request: string;
  /** Indices of those that sign together. */
  readonly signers: readonly number[];
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Judged extends LookedRequest {
  readonly epoch: Epoch;
  readonly self: number;
  readonly signers: readonly number[];
  readonly detail: RequestDetail;
  /** What is signed for each message, computed here; none where the key is exported. */
  readonly whats: readonly What[];
  /** What the key has spent with this: durable before anything of it leaves. */
  readonly account: Account;
}

/**
 * The request, if this node takes part in it here and now with these signers.
 * @throws Refusal keynode.*, policy.*, enclave.ledger.stale
 */
export const judgeRequest = (deps: JudgeDeps, question: Question): Judged =>
  judgeLooked(deps, lookAtRequest(deps, question.request), question);

const judgeLooked = (deps: JudgeDeps, looked: LookedRequest, { signers, details }: Question): Judged => {
  const { request, key, group } = looked;
  const time = timeOf(deps);
  const unfit = (reason: string) => refuse("keynode.request", { id: request.id, reason });
  const state = requestStateOf(request, time);
  if (state !== "pending") throw unfit(`it is ${state}`);
  // Whoever has lost the right to ask since does not get what it asked for.
  if (!mayRequest(group, request.action, request.requester)) throw unfit("its requester may not ask for this any more");
  const { epoch, self } = requireSigners(deps, looked, signers, time);
  const detail = requestDetailOf(request, details);
  const { path = [] } = detail;
  const child = { ...key, publicKey: publicKeyAt(key, path) };
  const asked = signingAsked(request, detail, child, keyDetailOf(key, details), group, time);
  const common = { ...looked, epoch, self, signers, detail };
  const policies = policiesOf(group);
  const before = deps.accountOf(looked.stream);
  if (path.length > 0) requireAllowed(judge(policies, "derive", asked, { path: ["m", ...path].join("/") }));
  if (request.action === "export") {
    if (path.length > 0) throw unfit("a child key is not exported");
    requireAllowed(judge(policies, "exportKey", asked, {}));
    return { ...common, whats: [], account: before };
  }
  // By the ledger's time, which never goes back: the host sets this machine's clock ahead and back as it likes. And not
  // where that clock is behind: then a leaf was dated ahead.
  if (limitsSpending(group) && deps.follower.time - deps.clock.now() > CLOCK_SKEW)
    throw unfit("the ledger is ahead of this node's clock, by which periods would end early");
  const { allowed, messages, account } = judgeSigning(policies, asked, before, deps.follower.time);
  if (!allowed) requireAllowed(messages.find(({ decision }) => !decision.allowed)?.decision);
  return { ...common, whats: messages.map(({ what }) => what), account };
};

/** The public key that signs: the key's, or its child's. @throws Refusal keynode.key */
const publicKeyAt = ({ id, scheme, publicKey, chainCode }: Key, path: readonly number[]): string => {
  const whole = { scheme, publicKey: fromHex(publicKey), chainCode: fromHex(chainCode) };
  if (path.length === 0) return publicKey;
  try {
    return toHex(derive(curveOf(CURVE_OF[scheme]), whole, path).publicKey);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refuse("keynode.key", { id, reason: error.message });
  }
};

/** Whether what is spent can keep anything from being signed. Text with an escape may say so in other letters. */
export const limitsSpending = ({ policies }: Pick<LookedKey["group"], "policies">): boolean =>
  policies.some(({ text }) => /spent|\\/.test(text));

/** What was judged is what the ledger has still. @throws Refusal keynode.request */
export const requireUnmoved = ({ follower }: Pick<JudgeDeps, "follower">, { request, heads }: Judged): void => {
  if (Object.entries(heads).some(([stream, head]) => follower.headOf(stream) !== head))
    throw refuse("keynode.request", { id: request.id, reason: "the ledger has moved on since it was judged" });
};

const UNREADABLE: ReadonlySet<string> = new Set([
  "policy.message",
  "policy.transaction",
  "policy.typed-data",
  "policy.statement",
  "policy.certificate",
]);

/** Whether a request will never be granted as it is: it can't be read, or no approval that it lacks would help. */
export const isHopeless = (deps: JudgeDeps, question: Question, error: unknown): boolean => {
  if (!(error instanceof Refusal)) return false;
  if (UNREADABLE.has(error.code)) return true;
  if (error.code !== "keynode.policy") return false;
  const looked = lookAtRequest(deps, question.request);
  const { request, group } = looked;
  const granted = awaitedOf(request, group).reduce<KeyRequest>(
    (all, by) => withApproval(all, group, { by, time: 0 }),
    request,
  );
  try {
    judgeLooked(deps, { ...looked, request: { ...granted, stream: request.stream } }, question);
    return false;
  } catch (still) {
    return still instanceof Refusal && still.code === "keynode.policy";
  }
};

/** @throws Refusal keynode.key, keynode.signers */
export const requireSigners = (
  { node }: Pick<JudgeDeps, "node">,
  { key }: LookedKey,
  signers: readonly number[],
  time: number,
): { epoch: Epoch; self: number } => {
  const state = stateOf(key, time);
  if (state !== "enabled") throw refuse("keynode.key", { id: key.id, reason: `it is ${state}` });
  const epoch = epochOf(key);
  const self = epoch ? indexIn(epoch.participants, node) : 0;
  if (!epoch || self === 0) throw refuse("keynode.key", { id: key.id, reason: "this node has no part in it" });
  const misfit = (reason: string) => refuse("keynode.signers", { reason });
  if (signers.length !== epoch.threshold) throw misfit(`the threshold is ${epoch.threshold}`);
  if (!signers.every((one, i) => one > (signers[i - 1] ?? 0) && one <= epoch.participants.length))
    throw misfit("indices of participants that grow are expected");
  if (!signers.includes(self)) throw misfit("this node is not among them");
  return { epoch, self };
};

/** By the group's version, which is of one statement. */
const read = new Map<string, Policies>();
const MAX_READ = 64;

/** @throws Refusal policy.* for what can't be read, which allows nothing */
const policiesOf = ({ version, policies }: LookedKey["group"]): Policies => {
  const known = read.get(version) ?? createPolicies(policies);
  read.delete(version);
  read.set(version, known);
  for (const oldest of read.keys()) if (read.size > MAX_READ) read.delete(oldest);
  return known;
};

/** @throws Refusal keynode.policy */
const requireAllowed = (decision: Decision | undefined): void => {
  if (decision?.allowed) return;
  const { policies = [], errors = [] } = decision ?? {};
  const failed = errors.map(({ policy, reason }) => `${policy}: ${reason}`);
  const forbade = policies.length > 0 ? `forbidden by ${policies.join(", ")}` : "no policy permits it";
  throw refuse("keynode.policy", { reason: failed.length > 0 ? failed.join("; ") : forbade, policies });
};

/** Whether this node takes part in what a key's attempt asks for. @throws Refusal keynode.policy, keynode.detail */
export const judgeAttempt = (
  deps: JudgeDeps,
  { key, group }: LookedKey,
  attempt: Attempt,
  details: Readonly<Record<string, unknown>>,
): void => {
  const { kind, request, threshold, participants, approved } = attempt;
  const member = approved[0] ?? key.creator;
  const asked: Asked = {
    ...{ request, member, roles: rolesOf(group, member), group: group.id, time: timeOf(deps) },
    approvers: agreedTo(attempt, group).filter((one) => one !== member && group.approvers.includes(one)),
  };
  const about = { threshold, shares: participants.length };
  const policies = policiesOf(group);
  if (kind === "generate" || kind === "import") {
    const action = kind === "generate" ? "createKey" : "importKey";
    requireAllowed(judge(policies, action, asked, { ...about, scheme: key.scheme }));
  } else {
    const facts = keyFacts({ ...key, detail: keyDetailOf(key, details) });
    requireAllowed(judge(policies, "reshare", { ...asked, key: facts }, { ...about, kind }));
  }
};
