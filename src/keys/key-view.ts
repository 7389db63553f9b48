/** How a key is shown. */
import { iso } from "../base/clock.ts";
import { type Key as KeyAnswer, type KeySummary, originLabels } from "../contract/keys.ts";
import { attemptLabels, keySchemeLabels, keyStateLabels } from "../contract/state-labels.ts";
import { key as keyBook } from "../rules/key.ts";
import { isAdministrator, membersOf } from "../rules/key-group.ts";
import { agreementTo, attemptAt, epochOf, type Key, stateOf } from "../rules/key-state.ts";
import type { Readable } from "../spine/access.ts";
import type { Names } from "../spine/names.ts";
import type { Answer, Show } from "../spine/show.ts";
import { failureText, showReason } from "./failures.ts";
import { addressOf, publicKeyPem } from "./public-key.ts";
import { describedBy, findGroup, findKey, groupName, keyName, type ViewDeps } from "./view-deps.ts";

const wantedOf = (deps: ViewDeps, { state }: Readable<Key>) => ({
  members: [state.creator, ...(state.attempt?.approved ?? [])],
  details: [state.detail, findGroup(deps, state.group)?.detail ?? ""],
});

const summary = (deps: ViewDeps, { id, stream, state: key }: Readable<Key>, names: Names, member: string | null) => {
  const now = deps.now();
  const state = stateOf(key, now);
  const group = findGroup(deps, key.group);
  const { threshold, participants } = epochOf(key) ?? key.attempt ?? { threshold: 0, participants: [] };
  return {
    id: key.id,
    stream: id,
    head: stream.head,
    ...describedBy(names, key),
    scheme: key.scheme,
    schemeLabel: keySchemeLabels[key.scheme],
    group: groupName(deps, names, key.group),
    creator: names.member(key.creator),
    threshold,
    shares: participants.length,
    state,
    stateLabel: keyStateLabels[state],
    publicKey: key.publicKey || null,
    requestable: state === "enabled" && member !== null && group?.requesters.includes(member) === true,
    createdAt: iso(key.created),
    deletionAt: key.deletion > 0 ? iso(key.deletion) : null,
  };
};

const showAttempt = (
  deps: ViewDeps,
  { id: stream, state: key }: Readable<Key>,
  names: Names,
  member: string | null,
) => {
  const open = attemptAt(key, deps.now());
  const group = findGroup(deps, key.group);
  if (!open || !group) return null;
  const { needed, given } = agreementTo(key, open, group);
  const { request, kind, epoch, threshold, participants, lost, approved, said, asked, expires } = open;
  return {
    request,
    kind,
    kindLabel: attemptLabels[kind],
    epoch,
    threshold,
    participants: participants.map(deps.presence.nameOf),
    lost: [...lost],
    agreed: approved.map((one) => names.member(one)),
    needed,
    reason: showReason(deps, stream),
    done: said.map((node) => participants.indexOf(node) + 1).sort((a, b) => a - b),
    awaitsYou: given < needed && member !== null && isAdministrator(group, member) && !approved.includes(member),
    createdAt: iso(asked),
    expiresAt: iso(expires),
  };
};

const showFailure = (deps: ViewDeps, { failure, attempt, epochs }: Key) => {
  if (!failure) return null;
  const { participants } = attempt ?? epochs.at(-1) ?? { participants: [] };
  return {
    code: failure.code,
    text: failureText(failure.code),
    by: deps.presence.nameOf(failure.by),
    culprits: failure.culprits.flatMap((index) => participants[index - 1] ?? []).map(deps.presence.nameOf),
    at: iso(failure.time),
  };
};

export const showKeySummary = (deps: ViewDeps): Show<Key, Answer<typeof KeySummary>> => ({
  book: keyBook,
  wanted: (found) => wantedOf(deps, found),
  show: (found, names, { member }) => summary(deps, found, names, member),
});

/** What a key says it takes the place of is its founder's word: another's key is named to whoever may see that one too. */
const otherName = (
  deps: ViewDeps,
  names: Names,
  { state: { group } }: Readable<Key>,
  other: string | undefined,
  member: string | null,
) => {
  const key = other === undefined ? undefined : findKey(deps, other);
  const among = key && findGroup(deps, key.group);
  if (other === undefined || !key || !among) return null;
  const seen = key.group === group || (member !== null && membersOf(among).has(member));
  return seen ? keyName(deps, names, other) : null;
};

export const showKey = (deps: ViewDeps): Show<Key, Answer<typeof KeyAnswer>> => ({
  book: keyBook,
  wanted(found) {
    const others = [found.state.rotates, deps.index.successorOf(found.id)].flatMap((one) => one ?? []);
    const { members, details } = wantedOf(deps, found);
    return { members, details: [...details, ...others.flatMap((one) => findKey(deps, one)?.detail ?? [])] };
  },
  show(found, names, { member }) {
    const { state: key } = found;
    const group = findGroup(deps, key.group);
    const epoch = epochOf(key);
    const successor = deps.index.successorOf(found.id);
    const participants = (epoch ?? key.attempt)?.participants ?? [];
    return {
      ...summary(deps, found, names, member),
      participants: participants.map((node, place) => ({
        ...deps.presence.nameOf(node),
        index: place + 1,
        verifyingShare: epoch?.verifyingShares[place + 1] ?? null,
      })),
      origin: key.origin.kind,
      originLabel: originLabels[key.origin.kind],
      publicKeyPem: key.publicKey ? publicKeyPem(key.scheme, key.publicKey) : null,
      address: key.publicKey ? addressOf(key.scheme, key.publicKey) : null,
      chainCode: key.chainCode || null,
      epoch: epoch?.epoch ?? null,
      attempt: showAttempt(deps, found, names, member),
      failure: showFailure(deps, key),
      rotates: otherName(deps, names, found, key.rotates, member),
      rotatedBy: otherName(deps, names, found, successor, member),
      administrable: group !== undefined && member !== null && isAdministrator(group, member),
    };
  },
});
