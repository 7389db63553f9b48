/** Where a key stands: its states, who holds its shares, and what every further act has to fit. */
import { iso } from "../base/clock.ts";
import { refuse } from "./key-errors.ts";
import { isAdministrator, type KeyGroup, keyGroup } from "./key-group.ts";
import type { KeyScheme } from "./key-schemes.ts";
import { type Act, type Elsewhere, kindsOf, type Named } from "./rulebook.ts";

/** What is shown of a key; `pending`, `deletion-scheduled` are judged against a clock by `stateOf`. */
export type KeyState =
  | "pending" // 生成中: its nodes make it
  | "enabled" // 启用
  | "disabled" // 停用
  | "deletion-scheduled" // 待删除
  | "deleted" // 已删除: its nodes have erased their shares
  | "failed"; // 失败: it was never made

/** Who holds the shares of one epoch: shares of two epochs never go together. */
export interface Epoch {
  readonly epoch: number;
  readonly threshold: number;
  /** Streams of key nodes: the party at place i has index i + 1. */
  readonly participants: readonly string[];
  /** By index, hex. */
  readonly verifyingShares: Readonly<Record<string, string>>;
  /** Since when, milliseconds; the statement that completed it took effect then. */
  readonly since: number;
}

/** What is said by each participant of an attempt, alike by all. */
export interface Made {
  readonly publicKey: string;
  readonly verifyingShares: Readonly<Record<string, string>>;
  readonly chainCode: string;
}

/** Shares are being made: of a new key, or anew of one that is there. */
export interface Attempt {
  /** Digest of the statement that asked for it: of a new key its stream. Every run of the nodes is bound to it. */
  readonly request: string;
  readonly kind: "generate" | "import" | "refresh" | "recover" | "reshare";
  /** Of the shares that it makes. */
  readonly epoch: number;
  readonly threshold: number;
  readonly participants: readonly string[];
  /** Indices of participants without a share of the epoch before, where they recover one. */
  readonly lost: readonly number[];
  readonly asked: number;
  readonly expires: number;
  /** Administrators that have agreed; for other holders or another threshold as many as the group asks for. */
  readonly approved: readonly string[];
  /** Since which statement (digest) each of them was an administrator when it agreed. */
  readonly since: Readonly<Record<string, string>>;
  /** Participants that have said what they made, and what that was. */
  readonly said: readonly string[];
  readonly made: Made | undefined;
}

export interface Failure {
  readonly request: string;
  readonly by: string;
  readonly code: string;
  readonly culprits: readonly number[];
  readonly time: number;
}

/** What an imported key is split into by whoever imports it. */
export interface Imported {
  readonly kind: "imported";
  readonly publicKey: string;
  /** Feldman's commitments to the coefficients of the sharing, the constant first. */
  readonly commitments: readonly string[];
  /** Digest of the envelope with the share of each participant. */
  readonly shares: readonly string[];
}
export type Origin = { readonly kind: "generated" } | Imported;

/** Times are the ledger's, in milliseconds. */
export interface Key {
  readonly id: string;
  readonly group: string;
  readonly creator: string;
  readonly created: number;
  readonly detail: string;
  readonly scheme: KeyScheme;
  readonly origin: Origin;
  /** Stream of the key that it takes the place of, in its creator's word; not looked up. */
  readonly rotates: string | undefined;
  readonly status: "pending" | "enabled" | "disabled" | "failed";
  /** When it is deleted; 0: not scheduled. */
  readonly deletion: number;
  /** Hex; "" before it was made. */
  readonly publicKey: string;
  readonly chainCode: string;
  /** The newest last; none before it was made. */
  readonly epochs: readonly Epoch[];
  readonly attempt: Attempt | undefined;
  /** The newest attempt that failed by a node's word. */
  readonly failure: Failure | undefined;
}

/** The state at a time. */
export const stateOf = ({ status, deletion, attempt }: Key, time: number): KeyState => {
  if (deletion > 0) return time >= deletion ? "deleted" : "deletion-scheduled";
  if (status === "pending" && attempt && time > attempt.expires) return "failed";
  return status;
};

/** Who holds shares now; undefined before the key was made. */
export const epochOf = ({ epochs }: Pick<Key, "epochs">): Epoch | undefined => epochs.at(-1);

/** Streams of the nodes with shares of an epoch, by place: the newest, unless one is named. None where there is none. */
export const participantsOf = ({ epochs }: Pick<Key, "epochs">, epoch?: number): readonly string[] =>
  (epoch === undefined ? epochs.at(-1) : epochs.find((one) => one.epoch === epoch))?.participants ?? [];

/** Evaluation point of a node: its place + 1. 0 where it is no participant. */
export const indexIn = (participants: readonly string[], node: string): number => participants.indexOf(node) + 1;

/** The attempt that nodes may work on at a time. */
export const attemptAt = (key: Key, time: number): Attempt | undefined => {
  const state = stateOf(key, time);
  const lives = state === "pending" || state === "enabled" || state === "disabled";
  return lives && key.attempt && time <= key.attempt.expires ? key.attempt : undefined;
};

/** Whether an attempt puts shares where none were, or lets fewer or others sign together. */
export const changesHolders = ({ epochs }: Pick<Key, "epochs">, attempt: Attempt): boolean => {
  const now = epochs.at(-1);
  return (
    now !== undefined &&
    (now.threshold !== attempt.threshold || now.participants.join() !== attempt.participants.join())
  );
};

/** Administrators that have agreed, and have been administrators ever since. */
export const agreedTo = (
  { approved, since }: Pick<Attempt, "approved" | "since">,
  { since: { administrators } }: Pick<KeyGroup, "since">,
): string[] => approved.filter((member) => since[member] !== undefined && since[member] === administrators[member]);

/** By which a node that has lost its share may get one: what it had counted as spent is lost, too. */
const HANDS_ON: ReadonlySet<Attempt["kind"]> = new Set(["recover", "reshare"]);

/** How many administrators an attempt needs, and how many have agreed that are administrators still. */
export const agreementTo = (
  key: Pick<Key, "epochs">,
  attempt: Attempt,
  group: KeyGroup,
): { readonly needed: number; readonly given: number } => ({
  needed: changesHolders(key, attempt) || HANDS_ON.has(attempt.kind) ? group.approvals : 0,
  given: agreedTo(attempt, group).length,
});

/** Everybody who may speak of an attempt: those that get shares, and those that have some. */
export const nodesOf = (key: Pick<Key, "epochs">, attempt: Attempt): Set<string> =>
  new Set([...participantsOf(key), ...attempt.participants]);

export const kind = kindsOf<Key>();

/** What the streams of keys are called and begin with. */
export const keyStreams: Named<Key> = {
  name: "key",
  initial: {
    id: "",
    group: "",
    creator: "",
    created: 0,
    detail: "",
    scheme: "ECDSA_K1",
    origin: { kind: "generated" },
    rotates: undefined,
    status: "pending",
    deletion: 0,
    publicKey: "",
    chainCode: "",
    epochs: [],
    attempt: undefined,
    failure: undefined,
  },
};

export const requireState = (key: Key, act: Act<unknown>, ...states: readonly KeyState[]): void => {
  const state = stateOf(key, act.time);
  if (!states.includes(state)) throw refuse("key.state", { id: key.id, state, kind: act.kind });
};

/** The key's group as it stands now. */
export const groupOf = (key: Pick<Key, "id" | "group">, elsewhere: Elsewhere): KeyGroup => {
  const found = elsewhere.stream(keyGroup, key.group)?.state;
  if (!found) throw refuse("key.party", { id: key.id || key.group });
  return found;
};

/** @throws Refusal key.party */
export const requireAdministrator = (key: Key, by: string, elsewhere: Elsewhere): KeyGroup => {
  const group = groupOf(key, elsewhere);
  if (!isAdministrator(group, by)) throw refuse("key.party", { id: key.id });
  return group;
};

/**
 * While shares are being made, or one waits for others to agree, no second is asked for. What was asked for by somebody
 * who is no administrator any more, or with nodes that the group has put out, stands in nobody's way, nor does what
 * one asked for oneself and nobody agreed to.
 * @throws Refusal key.busy
 */
export const requireNoAttempt = (key: Key, { by, time }: Act<unknown>, group: KeyGroup): void => {
  const open = attemptAt(key, time);
  const [asker = ""] = open?.approved ?? [];
  if (!open || !isAdministrator(group, asker)) return;
  if (!open.participants.every((node) => group.nodes.includes(node))) return;
  const { needed, given } = agreementTo(key, open, group);
  if (asker !== by || given >= needed) throw refuse("key.busy", { id: key.id, expires: iso(open.expires) });
};

/**
 * What the group as it is now asks for before shares are made: nodes go by it, and so does what they say of it.
 * @throws Refusal key.nodes, key.approvals
 */
export const requireReady = (key: Pick<Key, "epochs">, attempt: Attempt, group: KeyGroup): void => {
  requireNodes(group, attempt.participants, attempt.threshold);
  const { needed, given } = agreementTo(key, attempt, group);
  if (given < needed) throw refuse("key.approvals", { needed, given });
};

/** @throws Refusal key.nodes */
export const requireNodes = (
  group: Pick<KeyGroup, "nodes">,
  participants: readonly string[],
  threshold: number,
): void => {
  const refused = (reason: string) => refuse("key.nodes", { reason });
  if (threshold > participants.length)
    throw refused(`${threshold} of ${participants.length} shares cannot be asked for`);
  if (new Set(participants).size !== participants.length) throw refused("a node is named twice");
  const stranger = participants.find((node) => !group.nodes.includes(node));
  if (stranger) throw refused(`${stranger} is not in the group`);
};
