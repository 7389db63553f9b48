/**
 * A key group (群组): over which nodes keys are split (分片), who may ask them to sign, who approves, and the policies
 * (策略) that every node decides by. What the group is changes only when `approvals` of its administrators agree.
 */
import { z } from "zod";
import { fromBase64, utf8 } from "../base/bytes.ts";
import { publicKeyFromSpki } from "../trust/keys.ts";
import { refuse } from "./key-errors.ts";
import { type KeyNode, keyNode } from "./key-node.ts";
import { type Act, type Elsewhere, kindsOf, type Rulebook } from "./rulebook.ts";
import {
  Der,
  Description,
  Digest,
  Name,
  OPEN_FOR,
  resourceId,
  Salt,
  StreamId,
  StreamIds,
  StreamSet,
} from "./shapes.ts";

/** Nodes of a group, and parties of a key. */
export const MAX_NODES = 16;
export const MAX_ADMINISTRATORS = 16;
/** Requesters, and approvers. */
const MAX_MEMBERS = 100;
/** Bytes of all policies of a group together: every node parses them, and the group's stream keeps each version. */
export const POLICIES_MAX = 65_536;
export const MAX_POLICIES = 64;
/** Nodes that are remembered to have been let in again. */
const MAX_PARDONS = 64;
/** Proposals of one administrator in seven days that did not take effect: nobody fills the stream alone. */
export const MAX_PROPOSALS = 10;

/** Cedar, as written. What cannot be parsed allows nothing. */
export const KeyPolicy = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  text: z.string().min(1).max(POLICIES_MAX),
});
export type KeyPolicy = z.output<typeof KeyPolicy>;

const settings = {
  /** Streams of key nodes. */
  nodes: StreamIds.max(MAX_NODES),
  /** Organisations that propose and agree to changes, found, disable and reshare keys. */
  administrators: StreamIds.max(MAX_ADMINISTRATORS),
  /** As many administrators have to agree to a change. */
  approvals: z.int().min(1).max(MAX_ADMINISTRATORS),
  /** Organisations that may found keys and ask for signatures. */
  requesters: StreamSet.max(MAX_MEMBERS),
  /** Organisations whose approvals of a request count. */
  approvers: StreamSet.max(MAX_MEMBERS),
  policies: z.array(KeyPolicy).max(MAX_POLICIES),
  /** To whom a node encrypts a copy of its shares; a node that is not named makes none. */
  backup: z
    .array(
      z.strictObject({
        node: StreamId,
        /** SubjectPublicKeyInfo (DER, base64) of an X25519 key that no other node encrypts to. */
        recipient: Der,
      }),
    )
    .max(MAX_NODES)
    .optional(),
};
export const GroupSettings = z.strictObject(settings);
export type GroupSettings = z.output<typeof GroupSettings>;

/** What a change puts in place of what was there: each setting that it has, as a whole; and what it asks of the nodes. */
export const GroupChange = GroupSettings.partial()
  .extend({
    /** Key nodes that failed checks and are let in again by the others, as the others are by them (peers.md section 6). */
    pardons: StreamIds.max(MAX_NODES).optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    message: "a change of something",
  });
export type GroupChange = z.output<typeof GroupChange>;

export interface Proposal {
  /** Digest of the statement. */
  readonly id: string;
  readonly by: string;
  readonly change: GroupChange;
  readonly proposed: number;
  readonly expires: number;
  /** Administrators that have agreed, `by` first. */
  readonly approved: readonly string[];
  readonly refused: readonly string[];
  /** `superseded`: another change took effect, so this one was agreed to for a group that is no more. */
  readonly state: "open" | "effective" | "refused" | "withdrawn" | "superseded";
}

export interface KeyGroup extends GroupSettings {
  readonly id: string;
  readonly creator: string;
  readonly created: number;
  readonly detail: string;
  /** Digest of the statement at which the settings became what they are. */
  readonly version: string;
  /** When that was. */
  readonly changed: number;
  /** Those of the last seven days, the newest last. */
  readonly proposals: readonly Proposal[];
  /**
   * Since which statement (digest) each has been one without a gap: what somebody agreed to before it was put out does
   * not count again when it is taken back.
   */
  readonly since: Readonly<Record<"administrators" | "approvers", Readonly<Record<string, string>>>>;
  /** Nodes that were let in again, and when last, the newest last. */
  readonly pardons: Readonly<Record<string, number>>;
}

export const isAdministrator = ({ administrators }: Pick<KeyGroup, "administrators">, member: string): boolean =>
  administrators.includes(member);

/** Whether a member may found keys of the group. The nodes' policies decide beyond that. */
export const mayFoundKeys = (group: Pick<KeyGroup, "administrators" | "requesters">, member: string): boolean =>
  group.requesters.includes(member) || isAdministrator(group, member);

/** Everybody who may see the group, its keys and requests; not whoever founded it and is in it no more. */
export const membersOf = ({ administrators, requesters, approvers }: KeyGroup): Set<string> =>
  new Set([...administrators, ...requesters, ...approvers]);

/** Whether a proposal still waits for somebody. @param time the ledger's, milliseconds */
export const isOpen = ({ state, expires }: Proposal, time: number): boolean => state === "open" && time <= expires;

const kind = kindsOf<KeyGroup>();

export const founded = kind({
  name: "key-group.founded",
  founds: true,
  by: "organisation",
  payload: z.strictObject({ id: resourceId("G"), ...settings, detail: Digest }),
  detail: z.strictObject({ salt: Salt, name: Name, description: Description }),
  refers: ({ nodes }) => nodes,
  apply: (state, { by, time, digest, payload }, elsewhere) => {
    requireSettings(payload, elsewhere);
    if (!isAdministrator(payload, by)) throw settingsRefused("whoever founds it is one of its administrators");
    const since = sinceOf(state, payload, digest);
    return { ...state, ...payload, since, creator: by, created: time, version: digest, changed: time };
  },
});

/** Whoever was one before is one since then. */
const sinceOf = (before: KeyGroup, now: GroupSettings, digest: string): KeyGroup["since"] => {
  const of = (role: "administrators" | "approvers") =>
    Object.fromEntries(now[role].map((member) => [member, before.since[role][member] ?? digest]));
  return { administrators: of("administrators"), approvers: of("approvers") };
};

const settingsRefused = (reason: string) => refuse("key-group.settings", { reason });

const distinct = (values: readonly string[]): boolean => new Set(values).size === values.length;

/** @throws Refusal key-node.unknown */
const requireNode = (node: string, elsewhere: Elsewhere): KeyNode => {
  const found = elsewhere.stream(keyNode, node)?.state;
  if (!found) throw refuse("key-node.unknown", { node });
  return found;
};

/** What the shapes do not say. */
const requireSettings = (group: GroupSettings, elsewhere: Elsewhere): void => {
  const { nodes, administrators, approvals, policies, backup = [] } = group;
  const machines = nodes.map((node) => requireNode(node, elsewhere));
  if (!distinct(machines.map(({ signingKey }) => signingKey))) throw settingsRefused("two of its nodes are one");
  if (new Set(machines.map(({ ledger }) => ledger)).size > 1) throw settingsRefused("its nodes follow several ledgers");
  if (approvals > administrators.length) throw settingsRefused("it asks for more approvals than it has administrators");
  if (!distinct(policies.map(({ id }) => id))) throw settingsRefused("two policies have one id");
  if (policies.reduce((sum, { text }) => sum + utf8(text).length, 0) > POLICIES_MAX)
    throw settingsRefused(`its policies have more than ${POLICIES_MAX} bytes together`);
  if (!backup.every(({ node }) => nodes.includes(node)) || !distinct(backup.map(({ node }) => node)))
    throw settingsRefused("a backup is of each node once, and of nodes of the group");
  // One recipient of several shares could put the key together.
  if (!distinct(backup.map(({ recipient }) => recipient))) throw settingsRefused("two nodes back up to one recipient");
  for (const { recipient } of backup) publicKeyFromSpki(fromBase64(recipient), ["X25519"]);
};

const requireAdministrator = (state: KeyGroup, by: string): void => {
  if (!isAdministrator(state, by)) throw refuse("key.party", { id: state.id });
};

export const changeProposed = kind({
  name: "key-group.change-proposed",
  by: "organisation",
  payload: z.strictObject({ change: GroupChange }),
  refers: ({ change: { nodes = [], pardons = [] } }) => [...nodes, ...pardons],
  apply: (state, { by, time, digest, payload: { change } }, elsewhere) => {
    requireAdministrator(state, by);
    const { pardons = [], ...settings } = change;
    for (const node of pardons) requireNode(node, elsewhere);
    requireSettings({ ...state, ...settings }, elsewhere);
    const recent = state.proposals.filter(({ expires }) => expires >= time);
    const vain = recent.filter((one) => one.by === by && one.state !== "effective");
    if (vain.length >= MAX_PROPOSALS) throw refuse("key-group.proposals", { limit: MAX_PROPOSALS });
    const proposal: Proposal = {
      id: digest,
      by,
      change,
      proposed: time,
      expires: time + OPEN_FOR,
      approved: [by],
      refused: [],
      state: "open",
    };
    return takeEffect({ ...state, proposals: [...recent, proposal] }, proposal, { digest, time });
  },
});

/** Whatever else is full, a proposal can be decided. */
const reserve = 1 << 20;

export const changeApproved = kind({
  name: "key-group.change-approved",
  by: "organisation",
  payload: z.strictObject({ proposal: Digest }),
  reserve,
  apply: (state, act) => {
    const proposal = requireOpen(state, act);
    return takeEffect(state, { ...proposal, approved: [...proposal.approved, act.by] }, act);
  },
});

export const changeRefused = kind({
  name: "key-group.change-refused",
  by: "organisation",
  payload: z.strictObject({ proposal: Digest }),
  reserve,
  apply: (state, act) => {
    const withdrawn = state.proposals.some(({ id, by }) => id === act.payload.proposal && by === act.by);
    const before = requireOpen(state, act, withdrawn);
    const refused = [...before.refused, act.by];
    const hopeless = state.administrators.length - refused.length < state.approvals;
    return replaced(state, { ...before, refused, state: withdrawn ? "withdrawn" : hopeless ? "refused" : "open" });
  },
});

/**
 * The proposal, if the administrator who acts may decide on it.
 * @param again whether it may have decided before
 */
const requireOpen = (state: KeyGroup, { by, time, payload }: Act<{ proposal: string }>, again = false): Proposal => {
  requireAdministrator(state, by);
  const { proposal: id } = payload;
  const found = state.proposals.find((one) => one.id === id);
  if (!found || !isOpen(found, time))
    throw refuse("key-group.proposal", {
      proposal: id,
      state: !found ? "unknown" : found.state === "open" ? "expired" : found.state,
    });
  if (!again && [...found.approved, ...found.refused].includes(by)) throw refuse("key-group.decided", { proposal: id });
  return found;
};

const replaced = (state: KeyGroup, proposal: Proposal): KeyGroup => ({
  ...state,
  proposals: state.proposals.map((one) => (one.id === proposal.id ? proposal : one)),
});

/**
 * The group as the proposal has it, once enough have agreed. All others that are open end with that: whoever agreed to
 * them agreed to change a group that is no more. So whoever has agreed to an open one is an administrator still.
 */
const takeEffect = (state: KeyGroup, proposal: Proposal, act: { digest: string; time: number }): KeyGroup => {
  if (proposal.approved.length < state.approvals) return replaced(state, proposal);
  const { pardons = [], ...settings } = proposal.change;
  const lasting = Object.entries(state.pardons).filter(([node]) => !pardons.includes(node));
  return {
    ...state,
    ...settings,
    since: sinceOf(state, { ...state, ...settings }, act.digest),
    pardons: Object.fromEntries([...lasting, ...pardons.map((node) => [node, act.time] as const)].slice(-MAX_PARDONS)),
    version: act.digest,
    changed: act.time,
    proposals: state.proposals.map((one) => {
      if (one.id === proposal.id) return { ...proposal, state: "effective" };
      return one.state === "open" ? { ...one, state: "superseded" } : one;
    }),
  };
};

export const keyGroup: Rulebook<KeyGroup> = {
  name: "key-group",
  initial: {
    id: "",
    creator: "",
    created: 0,
    detail: "",
    nodes: [],
    administrators: [],
    approvals: 1,
    requesters: [],
    approvers: [],
    policies: [],
    backup: [],
    version: "",
    changed: 0,
    proposals: [],
    since: { administrators: {}, approvers: {} },
    pardons: {},
  },
  kinds: [founded, changeProposed, changeApproved, changeRefused],
};
