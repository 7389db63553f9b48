/** New shares of a key that is there: refreshed, recovered by a node that lost its own, or handed to others. */
import { z } from "zod";
import { refuse } from "./key-errors.ts";
import { MAX_NODES } from "./key-group.ts";
import { nextEpoch } from "./key-made.ts";
import {
  type Attempt,
  agreedTo,
  attemptAt,
  type Epoch,
  epochOf,
  kind,
  requireAdministrator,
  requireNoAttempt,
  requireNodes,
  requireState,
} from "./key-state.ts";
import { Digest, OPEN_FOR, StreamId } from "./shapes.ts";

export const reshareRequested = kind({
  name: "key.reshare-requested",
  by: "organisation",
  payload: z.strictObject({
    epoch: z.int().min(2).max(1_000_000),
    /** 更新, 恢复, 重新分片. */
    kind: z.enum(["refresh", "recover", "reshare"]),
    threshold: z.int().min(2).max(MAX_NODES),
    participants: z.array(StreamId).min(2).max(MAX_NODES),
    /** Indices of the nodes that have no share any more. */
    lost: z.array(z.int().min(1).max(MAX_NODES)).min(1).max(MAX_NODES).optional(),
  }),
  apply: (state, act, elsewhere) => {
    const { by, time, digest, payload } = act;
    const group = requireAdministrator(state, by, elsewhere);
    requireState(state, act, "enabled", "disabled");
    requireNoAttempt(state, act, group);
    const { epoch, kind, threshold, participants, lost = [] } = payload;
    const expected = nextEpoch(state);
    if (epoch !== expected) throw refuse("key.attempt", { id: state.id, request: digest, epoch });
    requireNodes(group, participants, threshold);
    const attempt: Attempt = {
      request: digest,
      kind,
      epoch,
      threshold,
      participants,
      lost,
      asked: time,
      expires: time + OPEN_FOR,
      approved: [by],
      since: { [by]: group.since.administrators[by] ?? "" },
      said: [],
      made: undefined,
    };
    requireKind(epochOf(state), attempt);
    return { ...state, attempt };
  },
});

/** A refresh changes nobody; whoever recovers is named, another node may come in that one's place; `t` have shares left. */
const requireKind = (now: Epoch | undefined, { kind, threshold, participants, lost }: Attempt): void => {
  const refused = (reason: string) => refuse("key.nodes", { reason });
  if (!now) throw refused("the key was never made");
  if ((kind === "recover") !== lost.length > 0) throw refused("lost shares are named where they are recovered");
  if (kind === "reshare") return;
  const moved = participants.flatMap((node, place) => (node === now.participants[place] ? [] : [place + 1]));
  if (threshold !== now.threshold || participants.length !== now.participants.length)
    throw refused(`a ${kind} keeps threshold and number of shares`);
  if (!moved.every((index) => lost.includes(index))) throw refused(`a ${kind} keeps every node that has its share`);
  if (!lost.every((index, i) => index > (lost[i - 1] ?? 0) && index <= participants.length))
    throw refused("lost shares are named by indices that grow");
  if (participants.length - lost.length < threshold) throw refused("too few shares are left");
};

/** Others who hold shares, or another threshold, are agreed to like a change of the group. */
export const reshareApproved = kind({
  name: "key.reshare-approved",
  by: "organisation",
  payload: z.strictObject({ request: Digest }),
  apply: (state, { by, time, payload: { request } }, elsewhere) => {
    const group = requireAdministrator(state, by, elsewhere);
    const open = attemptAt(state, time);
    if (open?.request !== request || open.epoch === 1)
      throw refuse("key.attempt", { id: state.id, request, epoch: nextEpoch(state) });
    if (agreedTo(open, group).includes(by)) throw refuse("key.said", { id: state.id });
    const since = { ...open.since, [by]: group.since.administrators[by] ?? "" };
    // Whoever asked stays the first: of an attempt that it agreed to before it was put out, it is the asker still.
    return { ...state, attempt: { ...open, approved: [...new Set([...open.approved, by])], since } };
  },
});
