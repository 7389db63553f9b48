/**
 * What another enclave has released to this one: taken once, with all that was spent, and only when this enclave has
 * seen at least the ledger that the other had.
 */
import { fromBase64, fromHex } from "../../base/bytes.ts";
import { isMoreOpen } from "../../rules/moving.ts";
import type { Replayed } from "../../tee/replay.ts";
import { releaseContext } from "../../trust/envelope/contexts.ts";
import { openBytes } from "../../trust/envelope/envelope.ts";
import { publicKeyFromSpki } from "../../trust/keys.ts";
import { verifyConsistency } from "../../trust/log/merkle.ts";
import { refuse } from "../errors.ts";
import { type Account, type Amounts, spentBy } from "../gate/accountant.ts";
import { holdingOf, isHeld, type Resource } from "./holdings.ts";
import {
  lookAtMoved,
  type MoveDeps,
  type MoveRequest,
  peerIn,
  requireOpening,
  requireStill,
  withEnvelope,
} from "./release.ts";
import { type Release, readRelease, releaseDigest } from "./release-format.ts";

export interface AdoptRequest extends MoveRequest {
  /** Stream of the enclave that released it. */
  readonly from: string;
  /** Base64. */
  readonly release: string;
  /** From the ledger that the release names to the one that was followed here; base64. */
  readonly consistency: readonly string[];
}

/** @throws Refusal enclave.release, enclave.not-moved, log.consistency, envelope.*, jws.* */
export const adopt = async (deps: MoveDeps, request: AdoptRequest): Promise<Record<string, never>> => {
  const { replayed, found } = lookAtMoved(deps.follower, request);
  const { signingKey } = peerIn(replayed, deps, request.from);
  requireClosed(deps, request, replayed, found);
  const context = releaseContext(request.resource, request.from, deps.enclave);
  const text = await openBytes(fromBase64(request.release), { key: deps.encryptionKey, context });
  const given = readRelease(text, publicKeyFromSpki(fromBase64(signingKey), ["P-256"]));
  requireMeant(deps, request, found, given);
  requireNotBehind(deps, request, given);
  const { resource } = given;
  // The source may have been sealed anew meanwhile, to an enclave that opens it by itself: its account counts all the same.
  const key = given.envelope === found.envelope ? given.key : undefined;
  if (key) await withEnvelope(deps, found, (sealed) => requireOpening(deps, sealed, key));
  const digest = releaseDigest(given);
  await deps.change(({ holdings, account }) => {
    requireStill(deps, resource, replayed);
    const before = holdingOf(holdings, found.holding);
    // Asked again, and whatever became of it since: each release counts once.
    if (before?.adopted.includes(digest)) return undefined;
    // Held here, it is nowhere else: whatever this is, it is not what the owner's statement has set going.
    if (isHeld(before, found.state, deps.enclave))
      throw refuse("enclave.release", { reason: "it is held here already" });
    const adopted = [...(before?.adopted ?? []), digest];
    const held = { adopted, ...(key && { key: { ...key, envelope: found.envelope } }) };
    return { account: merged(account, given.account), holdings: { ...holdings, [found.holding]: held } };
  });
  return {};
};

/** It is of this very move: the ledger has it, and it is for this enclave. @throws Refusal enclave.release */
const requireMeant = (
  deps: MoveDeps,
  { resource, from }: AdoptRequest,
  { holding, state, envelope, accounts }: Resource,
  given: Release,
) => {
  const fits: [boolean, string][] = [
    [given.resource === resource, "it is of something else"],
    [given.envelope === envelope || holding === resource, "it is for another envelope"],
    [given.from === from && given.to === deps.enclave, "it is between other enclaves"],
    [
      given.envelope !== envelope || !given.key || given.key.sealedTo === state.sealedTo,
      "the envelope is sealed to another enclave",
    ],
    [state.places.has(from) && state.places.has(deps.enclave), "its owner has not moved it so"],
    [!state.withdrawn, "it was withdrawn"],
    [Object.keys(given.account).every((name) => accounts.includes(name)), "it speaks of others' accounts"],
  ];
  const doubt = fits.find(([fit]) => !fit);
  if (doubt) throw refuse("enclave.release", { reason: doubt[1] });
};

/**
 * Nobody hands on what has been in an enclave that is closed better than its own: who owns its machine has its keys, and
 * could write any account. A resource only ever moves to where as much is closed, so whoever had it last is no weaker.
 * @throws Refusal enclave.release
 */
const requireClosed = (deps: MoveDeps, { from }: AdoptRequest, replayed: Replayed, { state }: Resource): void => {
  const giver = peerIn(replayed, deps, from);
  for (const place of state.places.keys())
    if (place !== deps.enclave && isMoreOpen(giver, peerIn(replayed, deps, place)))
      throw refuse("enclave.release", { reason: "it has been in an enclave that is closed better" });
};

/** What the other enclave has seen, this one has seen. @throws Refusal log.consistency */
const requireNotBehind = ({ follower }: MoveDeps, { consistency }: AdoptRequest, { followed }: Release): void => {
  const { size, root } = follower.followed;
  verifyConsistency({
    first: followed.size,
    second: size,
    firstRoot: fromHex(followed.root),
    secondRoot: fromHex(root),
    proof: consistency.map(fromBase64),
  });
};

/** Nothing that was spent is ever unspent. */
const merged = (account: Account, given: Account): Account => {
  const more = Object.entries(given).map(([name, amounts]): [string, Amounts] => {
    const before = spentBy(account, name);
    const most = (what: keyof Amounts) => Math.max(before[what], amounts[what]);
    return [name, { runs: most("runs"), rows: most("rows"), epsilon: most("epsilon") }];
  });
  return { ...account, ...Object.fromEntries(more) };
};
