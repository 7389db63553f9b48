/** A compute alliance (计算联盟): who belongs to it and which enclave its tasks run in. */
import { z } from "zod";
import { iso } from "../base/clock.ts";
import { enclave } from "./enclave.ts";
import { refuse } from "./errors.ts";
import { requireSuccessor, Successor } from "./moving.ts";
import { type PersistentMap, persistentMap } from "./persistent-map.ts";
import { type Act, kindsOf, type Rulebook } from "./rulebook.ts";
import { Description, Digest, Name, OPEN_FOR, Salt, StreamId } from "./shapes.ts";

export interface Invitation {
  readonly by: string;
  readonly sent: number;
  readonly expires: number;
  readonly answer: "open" | "joined" | "declined";
  readonly answered: number;
  /** How often the member was invited while an invitation before had not run out, from 1. */
  readonly round: number;
}

/** Somebody who declined may be asked again, but nobody fills the alliance's stream by inviting and declining. */
const ROUNDS = 3;
/** Open invitations of one member: whom it invites is not looked up. */
const OPEN_INVITATIONS = 100;

/** Times are the ledger's, in milliseconds. */
export interface Alliance {
  readonly creator: string;
  readonly created: number;
  readonly detail: string;
  readonly network: string;
  readonly enclave: string;
  readonly members: PersistentMap<{ readonly joined: number }>;
  /** The newest invitation of each member, answered ones too. */
  readonly invitations: PersistentMap<Invitation>;
}

const kind = kindsOf<Alliance>();

const requireMember = (state: Alliance, id: string, by: string) => {
  if (!state.members.has(by)) throw refuse("member.required", { id });
};

export const founded = kind({
  name: "alliance.founded",
  founds: true,
  by: "organisation",
  payload: z.strictObject({ network: z.string().min(1).max(64), enclave: StreamId, detail: Digest }),
  detail: z.strictObject({ salt: Salt, name: Name, description: Description }),
  refers: (payload) => [payload.enclave],
  apply: (state, { by, time, payload }, elsewhere) => {
    if (!elsewhere.stream(enclave, payload.enclave)) throw refuse("enclave.unknown", { enclave: payload.enclave });
    return {
      ...state,
      creator: by,
      created: time,
      detail: payload.detail,
      network: payload.network,
      enclave: payload.enclave,
      members: state.members.set(by, { joined: time }),
    };
  },
});

export const invited = kind({
  name: "alliance.invited",
  by: "organisation",
  payload: z.strictObject({ member: StreamId }),
  apply: (state, { stream, by, time, payload: { member } }) => {
    requireMember(state, stream, by);
    if (state.members.has(member)) throw refuse("member.exists", { member });
    const open = state.invitations.get(member);
    // The member itself is not looked up: whoever does not act has no part in what is replayed, and one that is not there
    // never joins.
    const round = open && open.expires >= time ? open.round + 1 : 1;
    if (open && round > 1 && (open.answer === "open" || round > ROUNDS))
      throw refuse("invitation.open", { member, expires: iso(open.expires) });
    const waiting = [...state.invitations].filter(([, one]) => one.by === by && isWaiting(one, time)).length;
    if (waiting >= OPEN_INVITATIONS) throw refuse("invitation.many", { limit: OPEN_INVITATIONS });
    const invitation: Invitation = { by, sent: time, expires: time + OPEN_FOR, answer: "open", answered: 0, round };
    return { ...state, invitations: state.invitations.set(member, invitation) };
  },
});

/** Neither joined nor run out: one that was declined counts until then too. */
const isWaiting = ({ answer, expires }: Invitation, time: number) => answer !== "joined" && expires >= time;

/** Answers the invitation of whoever acts, which must still be open. */
const answerInvitation = (
  state: Alliance,
  { stream: id, by, time }: Act<unknown>,
  answer: "joined" | "declined",
): Alliance["invitations"] => {
  const invitation = state.invitations.get(by);
  if (invitation?.answer !== "open") throw refuse("invitation.unknown", { id });
  if (invitation.expires < time) throw refuse("invitation.expired", { expires: iso(invitation.expires) });
  return state.invitations.set(by, { ...invitation, answer, answered: time });
};

export const joined = kind({
  name: "alliance.joined",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act) => ({
    ...state,
    invitations: answerInvitation(state, act, "joined"),
    members: state.members.set(act.by, { joined: act.time }),
  }),
});

export const declined = kind({
  name: "alliance.declined",
  by: "organisation",
  payload: z.strictObject({}),
  apply: (state, act) => ({ ...state, invitations: answerInvitation(state, act, "declined") }),
});

/** For new tasks: those that were created stay where they were created. */
export const moved = kind({
  name: "alliance.moved",
  by: "organisation",
  payload: Successor,
  refers: ({ enclave }) => [enclave],
  apply: (state, { stream: id, by, payload }, elsewhere) => {
    if (state.creator !== by) throw refuse("owner.required", { id });
    requireSuccessor(elsewhere, state.enclave, payload);
    return { ...state, enclave: payload.enclave };
  },
});

export const alliance: Rulebook<Alliance> = {
  name: "alliance",
  initial: {
    creator: "",
    created: 0,
    detail: "",
    network: "",
    enclave: "",
    members: persistentMap(),
    invitations: persistentMap(),
  },
  kinds: [founded, invited, joined, declined, moved],
};
