/** Where a request for the use of a key stands, and whose approvals count. */
import { refuse } from "./key-errors.ts";
import { type KeyGroup, keyGroup } from "./key-group.ts";
import { type Key, keyStreams } from "./key-state.ts";
import { type Act, type Elsewhere, kindsOf, type Named } from "./rulebook.ts";

export type KeyAction = "sign" | "export";

/** Expiry is judged against a clock by `requestStateOf`. */
export type KeyRequestState =
  | "pending" // 处理中
  | "completed" // 已完成
  | "refused" // 已拒绝
  | "withdrawn" // 已撤回
  | "failed" // 失败
  | "expired"; // 已过期

/** What a node says that it did. */
export interface Completion {
  readonly by: string;
  readonly time: number;
  readonly epoch: number;
  readonly signers: readonly number[];
  /** Version of the group whose rules the signers went by. */
  readonly version: string;
  readonly checkpoint: { readonly size: number; readonly root: string };
  /** Digest of the signatures, or the sealed shares, kept beside. */
  readonly detail: string;
}

export interface Approval {
  readonly by: string;
  readonly time: number;
  /** Since which statement (digest) it was an approver then. */
  readonly since: string;
}

/** Times are the ledger's, in milliseconds. */
export interface KeyRequest {
  readonly id: string;
  readonly key: string;
  readonly requester: string;
  readonly action: KeyAction;
  /** Messages; 0 where the key is exported. */
  readonly count: number;
  readonly detail: string;
  readonly created: number;
  readonly expires: number;
  /** SubjectPublicKeyInfo (DER, base64) of the X25519 key that exported shares are sealed to. */
  readonly recipient: string | undefined;
  readonly status: Exclude<KeyRequestState, "expired">;
  /** Approvers, in the order in which they approved. Whether they count: `approvalsOf`. */
  readonly approvals: readonly Approval[];
  /** Nodes that will take no part, each with its reason. */
  readonly failures: readonly { readonly by: string; readonly time: number; readonly code: string }[];
  /** Who ended it, if somebody did. */
  readonly ended: { readonly by: string; readonly time: number; readonly code: string } | undefined;
  readonly completed: Completion | undefined;
}

/** The state at a time. */
export const requestStateOf = ({ status, expires }: KeyRequest, time: number): KeyRequestState =>
  status === "pending" && time > expires ? "expired" : status;

/** Whether a member may ask for this: signatures its requesters, the key itself its administrators. */
export const mayRequest = (
  group: Pick<KeyGroup, "requesters" | "administrators">,
  action: KeyAction,
  member: string,
): boolean => (action === "sign" ? group.requesters : group.administrators).includes(member);

/** Whether a member's word on a request counts: nobody's on its own. */
export const mayApprove = (
  { requester }: Pick<KeyRequest, "requester">,
  group: Pick<KeyGroup, "approvers">,
  member: string,
): boolean => member !== requester && group.approvers.includes(member);

/**
 * Members whose approvals count, none twice. Who was an approver when it approved and is none in `group` any more does
 * not count, nor who was taken back since: nodes go by the group as it is when they sign.
 */
export const approvalsOf = (
  request: Pick<KeyRequest, "requester" | "approvals">,
  group: Pick<KeyGroup, "approvers" | "since">,
): string[] =>
  request.approvals
    .filter(({ by, since }) => mayApprove(request, group, by) && group.since.approvers[by] === since)
    .map(({ by }) => by);

/** Approvers that may still approve. */
export const awaitedOf = (request: KeyRequest, group: Pick<KeyGroup, "approvers" | "since">): string[] => {
  const counted = approvalsOf(request, group);
  return group.approvers.filter((member) => mayApprove(request, group, member) && !counted.includes(member));
};

/** The request once a member has approved it; what it had said before it was put out is replaced. */
export const withApproval = (
  request: KeyRequest,
  group: Pick<KeyGroup, "since">,
  { by, time }: { readonly by: string; readonly time: number },
): KeyRequest => {
  const others = request.approvals.filter((one) => one.by !== by);
  return { ...request, approvals: [...others, { by, time, since: group.since.approvers[by] ?? "" }] };
};

export const kind = kindsOf<KeyRequest>();

/** What the streams of requests are called and begin with. */
export const requestStreams: Named<KeyRequest> = {
  name: "key-request",
  initial: {
    id: "",
    key: "",
    requester: "",
    action: "sign",
    count: 0,
    detail: "",
    created: 0,
    expires: 0,
    recipient: undefined,
    status: "pending",
    approvals: [],
    failures: [],
    ended: undefined,
    completed: undefined,
  },
};

export const requirePending = (request: KeyRequest, act: Act<unknown>): void => {
  const state = requestStateOf(request, act.time);
  if (state !== "pending") throw refuse("key-request.state", { id: request.id, state, kind: act.kind });
};

/** The key of a request and its group, as they stand now. @throws Refusal key.party where there is none */
export const keyOf = (id: string, elsewhere: Elsewhere): { readonly key: Key; readonly group: KeyGroup } => {
  const key = elsewhere.stream(keyStreams, id)?.state;
  const group = key && elsewhere.stream(keyGroup, key.group)?.state;
  if (!key || !group) throw refuse("key.party", { id });
  return { key, group };
};
