/**
 * A request (签名请求) to sign with a key, or to hand it out. Its stream's id covers key, messages and end, so what is
 * approved is what is signed. Every node judges it for itself; what they did stands here.
 */
import { z } from "zod";
import { fromBase64 } from "../base/bytes.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import { refuse } from "./key-errors.ts";
import type { KeyGroup } from "./key-group.ts";
import { MAX_MESSAGES, RequestDetail } from "./key-messages.ts";
import {
  approvalsOf,
  type KeyRequest,
  keyOf,
  kind,
  mayApprove,
  mayRequest,
  requestStreams,
  requirePending,
  withApproval,
} from "./key-request-state.ts";
import { epochOf, indexIn, participantsOf, requireState } from "./key-state.ts";
import type { Act, Elsewhere, Rulebook } from "./rulebook.ts";
import { Der, Digest, OPEN_FOR, resourceId, Salt, StreamId } from "./shapes.ts";

export const founded = kind({
  name: "key-request.founded",
  founds: true,
  by: "organisation",
  payload: z
    .strictObject({
      id: resourceId("R"),
      key: StreamId,
      action: z.enum(["sign", "export"]),
      count: z.int().min(0).max(MAX_MESSAGES),
      /** At most seven days ahead. */
      expires: z.iso.datetime(),
      recipient: Der.optional(),
      detail: Digest,
    })
    .refine(({ action, count }) => (action === "sign") === count > 0, {
      message: "messages are signed; none is exported",
      path: ["count"],
    })
    .refine(({ action, recipient }) => (action === "export") === (recipient !== undefined), {
      message: "an exported key has a recipient, a signature has none",
      path: ["recipient"],
    }),
  detail: RequestDetail,
  agrees: ({ count }, { messages }) => messages.length === count,
  refers: (payload) => [payload.key],
  apply: (state, act, elsewhere) => {
    const { by, time, payload } = act;
    const { key, group } = keyOf(payload.key, elsewhere);
    if (!mayRequest(group, payload.action, by)) throw refuse("key.party", { id: payload.key });
    requireState(key, act, "enabled");
    const expires = Date.parse(payload.expires);
    if (expires <= time || expires > time + OPEN_FOR) throw refuse("key-request.expires", { expires: payload.expires });
    if (payload.recipient !== undefined) publicKeyFromSpki(fromBase64(payload.recipient), ["X25519"]);
    return { ...state, ...payload, recipient: payload.recipient, requester: by, created: time, expires };
  },
});

const requireApprover = (state: KeyRequest, { by }: Act<unknown>, elsewhere: Elsewhere): KeyGroup => {
  const { group } = keyOf(state.key, elsewhere);
  if (!mayApprove(state, group, by)) throw refuse("key.party", { id: state.id });
  return group;
};

export const approved = kind({
  name: "key-request.approved",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act, elsewhere) => {
    const group = requireApprover(state, act, elsewhere);
    requirePending(state, act);
    if (approvalsOf(state, group).includes(act.by)) throw refuse("key.said", { id: state.id });
    return withApproval(state, group, act);
  },
});

/** One approver's refusal ends it, whoever has approved; also its own approval is taken back like that. */
export const refused = kind({
  name: "key-request.refused",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act, elsewhere) => {
    requireApprover(state, act, elsewhere);
    requirePending(state, act);
    return end(state, act, "refused");
  },
});

export const withdrawn = kind({
  name: "key-request.withdrawn",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act) => {
    if (act.by !== state.requester) throw refuse("key.party", { id: state.id });
    requirePending(state, act);
    return end(state, act, "withdrawn");
  },
});

const end = (state: KeyRequest, { by, time }: Act<unknown>, status: "refused" | "withdrawn" | "failed", code = "") => ({
  ...state,
  status,
  ended: { by, time, code },
});

/** Characters of a share that is sealed to a recipient. */
export const MAX_ENVELOPE = 4_096;

/** What came of it: a signature a message, in order; or of every node that takes part its share, sealed to the recipient. */
export const Outcome = z.union([
  z.strictObject({
    salt: Salt,
    /** Hex: r || s, R || s. */
    signatures: z
      .array(z.string().regex(/^[0-9a-f]{128}$/))
      .min(1)
      .max(MAX_MESSAGES),
    /** Encoded point (hex) that they verify under: the key's, or its child's. */
    publicKey: z.string().regex(/^[0-9a-f]{64,66}$/),
  }),
  z.strictObject({
    salt: Salt,
    shares: z
      .array(
        z.strictObject({
          index: z.int().min(1).max(16),
          /** HPKE, base64url. */
          envelope: z
            .string()
            .regex(/^[A-Za-z0-9_-]+$/)
            .max(MAX_ENVELOPE),
        }),
      )
      .min(2)
      .max(16),
  }),
]);
export type Outcome = z.output<typeof Outcome>;

/**
 * What was done is done, so this is taken whatever became of the request in the meantime: a signature that was made
 * while a withdrawal was on its way is on the ledger. The nodes sign nothing that is not pending.
 */
export const completed = kind({
  name: "key-request.completed",
  by: "key-node",
  payload: z.strictObject({
    epoch: z.int().min(1).max(1_000_000),
    /** Indices of the nodes that took part. */
    signers: z
      .array(z.int().min(1).max(16))
      .min(2)
      .max(16)
      .refine((all) => all.every((one, i) => i === 0 || one > (all[i - 1] ?? 0)), "indices that grow"),
    /** Version of the group whose policies they decided by. */
    version: Digest,
    /** The ledger as the node that says this had followed it. */
    checkpoint: z.strictObject({ size: z.int().min(1), root: Digest }),
    detail: Digest,
  }),
  detail: Outcome,
  apply: (state, act, elsewhere) => {
    const { by, time, payload } = act;
    const { key } = keyOf(state.key, elsewhere);
    if (state.completed) throw refuse("key-request.state", { id: state.id, state: "completed", kind: act.kind });
    const { epoch, signers } = payload;
    const participants = participantsOf(key, epoch);
    const index = indexIn(participants, by);
    // Whoever had handed on its share before this was asked for speaks of it no more.
    const next = key.epochs.find((one) => one.epoch > epoch);
    if (index === 0 || (next && next.since < state.created)) throw refuse("key.party", { id: state.id });
    const misfit = (reason: string) => refuse("key-request.signers", { id: state.id, reason });
    if (!signers.includes(index)) throw misfit("whoever says so has not taken part");
    if ((signers.at(-1) ?? 0) > participants.length) throw misfit("there is no such share");
    const { threshold = 0 } = key.epochs.find((one) => one.epoch === epoch) ?? {};
    if (signers.length < threshold) throw misfit("they are fewer than the threshold");
    return { ...state, status: "completed", completed: { ...payload, by, time } };
  },
});

/**
 * A node will take no part in it, for good. When those that are left are fewer than the threshold the request has
 * failed: no single node ends what the others would do.
 */
export const failed = kind({
  name: "key-request.failed",
  by: "key-node",
  payload: z.strictObject({ code: z.string().regex(/^[a-z0-9.-]{1,64}$/) }),
  apply: (state, act, elsewhere) => {
    const { by, time, payload } = act;
    const { key } = keyOf(state.key, elsewhere);
    const { participants = [], threshold = 0 } = epochOf(key) ?? {};
    if (!participants.includes(by)) throw refuse("key.party", { id: state.id });
    requirePending(state, act);
    if (state.failures.some((one) => one.by === by)) throw refuse("key.said", { id: state.id });
    const failures = [...state.failures, { by, time, code: payload.code }];
    const left = participants.filter((node) => failures.every((one) => one.by !== node)).length;
    const next = { ...state, failures };
    return left < threshold ? end(next, act, "failed", payload.code) : next;
  },
});

export const keyRequest: Rulebook<KeyRequest> = {
  ...requestStreams,
  kinds: [founded, approved, refused, withdrawn, completed, failed],
};
