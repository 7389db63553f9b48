/** A key (密钥) that nobody holds: made by nodes of its group, each of which keeps one share (分片); any `threshold` sign. */
import { z } from "zod";
import { DAY } from "../base/clock.ts";
import { refuse } from "./key-errors.ts";
import { MAX_NODES, mayFoundKeys } from "./key-group.ts";
import { failed, made } from "./key-made.ts";
import { reshareApproved, reshareRequested } from "./key-reshare.ts";
import { isPointOf, KeyScheme, Point } from "./key-schemes.ts";
import {
  groupOf,
  type Key,
  keyStreams,
  kind,
  type Origin,
  requireAdministrator,
  requireNodes,
  requireState,
} from "./key-state.ts";
import type { Rulebook } from "./rulebook.ts";
import { Description, Digest, resourceId, Salt, StreamId } from "./shapes.ts";

/** A key that its nodes have not made in this time is not made any more. */
const MAKING = DAY;

/** Every statement here may be needed when nothing else is: it goes on in a stream that is full. */
const reserve = 1 << 20;

/** Words by which others find it, and policies name it: letters, digits, `/`, `_`, `-`. */
const Alias = z.string().regex(/^[A-Za-z0-9/_-]{1,250}$/);
const TagText = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[\p{L}\p{Zs}\p{N}_.:/=+\-@]*$/u);

/** Alias, tags and description: kept beside, and shown to the nodes, whose policies go by them. */
export const KeyDetail = z.strictObject({
  salt: Salt,
  alias: Alias.optional(),
  tags: z
    .record(TagText(1, 128), TagText(0, 256))
    .refine((tags) => Object.keys(tags).length <= 50, { message: "at most 50 tags" })
    .default({}),
  description: Description,
});
export type KeyDetail = z.output<typeof KeyDetail>;

const Origins = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("generated") }),
  z.strictObject({
    kind: z.literal("imported"),
    publicKey: Point,
    commitments: z.array(Point).min(2).max(MAX_NODES),
    shares: z.array(Digest).min(2).max(MAX_NODES),
  }),
]);

export const founded = kind({
  name: "key.founded",
  founds: true,
  by: "organisation",
  payload: z.strictObject({
    id: resourceId("K"),
    group: StreamId,
    scheme: KeyScheme,
    threshold: z.int().min(2).max(MAX_NODES),
    participants: z.array(StreamId).min(2).max(MAX_NODES),
    origin: Origins,
    rotates: StreamId.optional(),
    detail: Digest,
  }),
  detail: KeyDetail,
  refers: ({ group }) => [group],
  apply: (state, { stream, by, time, payload }, elsewhere) => {
    const { threshold, participants, rotates, ...rest } = payload;
    const group = groupOf(payload, elsewhere);
    if (!mayFoundKeys(group, by)) throw refuse("key.party", { id: payload.group });
    requireNodes(group, participants, threshold);
    requireImport(payload);
    return {
      ...state,
      ...rest,
      rotates,
      creator: by,
      created: time,
      attempt: {
        request: stream,
        kind: payload.origin.kind === "imported" ? "import" : "generate",
        epoch: 1,
        threshold,
        participants,
        lost: [],
        asked: time,
        expires: time + MAKING,
        approved: [by],
        since: {},
        said: [],
        made: undefined,
      },
    };
  },
});

/** As many commitments as coefficients, as many shares as nodes, and the key is what the first commitment is of. */
const requireImport = (payload: {
  origin: Origin;
  scheme: KeyScheme;
  threshold: number;
  participants: readonly string[];
}): void => {
  const { origin, scheme, threshold, participants } = payload;
  if (origin.kind !== "imported") return;
  const { publicKey, commitments, shares } = origin;
  const fits: [boolean, string][] = [
    [[publicKey, ...commitments].every((point) => isPointOf(scheme, point)), `its points are not of ${scheme}`],
    [commitments.length === threshold, "it has another number of commitments than its threshold"],
    // Of SM2, (1 + d)^-1 is shared over G + P: the first commitment is G, which the nodes check.
    [scheme === "SM2" || commitments[0] === publicKey, "its first commitment is not the public key"],
    [shares.length === participants.length, "it has another number of shares than nodes"],
    [new Set(shares).size === shares.length, "two shares are one"],
  ];
  const wrong = fits.find(([ok]) => !ok);
  if (wrong) throw refuse("key.import", { reason: wrong[1] });
};

export const described = kind({
  name: "key.described",
  by: "organisation",
  payload: z.strictObject({ detail: Digest }),
  detail: KeyDetail,
  apply: (state, act, elsewhere) => {
    requireAdministrator(state, act.by, elsewhere);
    requireState(state, act, "pending", "enabled", "disabled", "deletion-scheduled");
    return { ...state, detail: act.payload.detail };
  },
});

export const disabled = kind({
  name: "key.disabled",
  by: "organisation",
  payload: z.strictObject({}),
  reserve,
  apply: (state, act, elsewhere) => {
    requireAdministrator(state, act.by, elsewhere);
    requireState(state, act, "enabled");
    return { ...state, status: "disabled" };
  },
});

export const enabled = kind({
  name: "key.enabled",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act, elsewhere) => {
    requireAdministrator(state, act.by, elsewhere);
    requireState(state, act, "disabled");
    return { ...state, status: "enabled" };
  },
});

/** From now on it signs nothing; when the days are over, its nodes erase their shares and nobody brings it back. */
export const deletionScheduled = kind({
  name: "key.deletion-scheduled",
  by: "organisation",
  payload: z.strictObject({ days: z.int().min(7).max(30) }),
  reserve,
  apply: (state, act, elsewhere) => {
    requireAdministrator(state, act.by, elsewhere);
    requireState(state, act, "enabled", "disabled");
    return { ...state, status: "disabled", attempt: undefined, deletion: act.time + act.payload.days * DAY };
  },
});

/** It is there again, disabled. */
export const deletionCancelled = kind({
  name: "key.deletion-cancelled",
  by: "organisation",
  payload: z.strictObject({}),
  reserve,
  apply: (state, act, elsewhere) => {
    requireAdministrator(state, act.by, elsewhere);
    requireState(state, act, "deletion-scheduled");
    return { ...state, deletion: 0 };
  },
});

export const key: Rulebook<Key> = {
  ...keyStreams,
  kinds: [
    founded,
    made,
    failed,
    described,
    disabled,
    enabled,
    deletionScheduled,
    deletionCancelled,
    reshareRequested,
    reshareApproved,
  ],
};
