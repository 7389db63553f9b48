/** How a request is shown: what is to be signed as the nodes read it, who has approved, what came of it. */
import { iso } from "../base/clock.ts";
import type { KeyRequestSummary, KeyRequest as RequestAnswer } from "../contract/key-requests.ts";
import { keyActionLabels, requestStateLabels } from "../contract/state-labels.ts";
import type { RequestDetail } from "../rules/key-messages.ts";
import { keyRequest } from "../rules/key-request.ts";
import { approvalsOf, awaitedOf, type KeyRequest, requestStateOf } from "../rules/key-request-state.ts";
import type { Readable } from "../spine/access.ts";
import type { Names } from "../spine/names.ts";
import type { Answer, Show } from "../spine/show.ts";
import { failureText, showReason } from "./failures.ts";
import { readMessage } from "./reading.ts";
import { findGroup, findKey, groupName, keyName, type ViewDeps } from "./view-deps.ts";

const partsOf = (deps: ViewDeps, { key }: KeyRequest) => {
  const found = findKey(deps, key);
  return { key: found, group: found && findGroup(deps, found.group) };
};

const wantedOf = (deps: ViewDeps, { state }: Readable<KeyRequest>) => {
  const { key, group } = partsOf(deps, state);
  return { members: [state.requester], details: [state.detail, key?.detail ?? "", group?.detail ?? ""] };
};

/** What the request says beside the ledger; empty where the text is not kept here. */
const textOf = (names: Names, digest: string) => names.detail(digest) as Partial<RequestDetail>;

const summary = (
  deps: ViewDeps,
  { id, stream, state: request }: Readable<KeyRequest>,
  names: Names,
  member: string | null,
) => {
  const { key, group } = partsOf(deps, request);
  const state = requestStateOf(request, deps.now());
  return {
    id: request.id,
    stream: id,
    head: stream.head,
    key: { ...keyName(deps, names, request.key), scheme: key?.scheme ?? "ECDSA_K1" },
    group: groupName(deps, names, key?.group ?? ""),
    requester: names.member(request.requester),
    action: request.action,
    actionLabel: keyActionLabels[request.action],
    count: request.count,
    note: textOf(names, request.detail).note ?? "",
    state,
    stateLabel: requestStateLabels[state],
    approvals: group ? approvalsOf(request, group).length : 0,
    awaitsYou:
      state === "pending" && member !== null && group !== undefined && awaitedOf(request, group).includes(member),
    createdAt: iso(request.created),
    expiresAt: iso(request.expires),
  };
};

export const showRequestSummary = (deps: ViewDeps): Show<KeyRequest, Answer<typeof KeyRequestSummary>> => ({
  book: keyRequest,
  wanted: (found) => wantedOf(deps, found),
  show: (found, names, { member }) => summary(deps, found, names, member),
});

export const showRequest = (deps: ViewDeps): Show<KeyRequest, Answer<typeof RequestAnswer>> => ({
  book: keyRequest,
  wanted(found) {
    const { members, details } = wantedOf(deps, found);
    const { approvals, completed } = found.state;
    const { group } = partsOf(deps, found.state);
    return {
      members: [...members, ...approvals.map(({ by }) => by), ...(group ? awaitedOf(found.state, group) : [])],
      details: [...details, completed?.detail ?? ""],
    };
  },
  show(found, names, { member }) {
    const { state: request } = found;
    const { key, group } = partsOf(deps, request);
    const { path = [], messages = [] } = textOf(names, request.detail);
    const { completed, ended } = request;
    const awaited = group ? awaitedOf(request, group) : [];
    const counted = group ? approvalsOf(request, group) : [];
    const outcome = names.detail(completed?.detail ?? "") as {
      signatures?: string[];
      publicKey?: string;
      shares?: { index: number; envelope: string }[];
    };
    return {
      ...summary(deps, found, names, member),
      path: [...path],
      messages: messages.map((message, i) => ({ message, ...readMessage(key, path, message, i + 1) })),
      approvedBy: request.approvals.map(({ by, time }) => ({
        member: names.member(by),
        at: iso(time),
        counts: counted.includes(by),
      })),
      awaited: awaited.map((one) => names.member(one)),
      failures: request.failures.map(({ by, code, time }) => ({
        node: deps.presence.nameOf(by),
        code,
        text: failureText(code),
        at: iso(time),
      })),
      // That it waits for people is said by whom it waits for.
      reason: awaited.length > 0 ? null : showReason(deps, found.id),
      ended: ended ? { by: ended.by, code: ended.code, at: iso(ended.time) } : null,
      completed: completed
        ? {
            by: deps.presence.nameOf(completed.by),
            epoch: completed.epoch,
            signers: [...completed.signers],
            version: completed.version,
            checkpoint: completed.checkpoint,
            at: iso(completed.time),
          }
        : null,
      signatures: outcome.signatures ?? null,
      publicKey: outcome.publicKey ?? null,
      recipient: request.recipient ?? null,
      shares: outcome.shares ?? null,
    };
  },
});
