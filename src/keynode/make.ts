/**
 * Making shares (docs/protocols/key-node.md section 5): the node takes part in what a key's open attempt asks for. What
 * it has made is on its disk before it says so, and it says nothing of what it does not hold.
 */
import { sha256Hex } from "#crypto";
import { fromBase64, fromHex } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { curveOf } from "../mpc/curves/registry.ts";
import { hashOf } from "../mpc/hash.ts";
import type { KeyPublic, KeyShare } from "../mpc/key-share.ts";
import { acceptDealt } from "../mpc/keys/dealer.ts";
import { dkg } from "../mpc/keys/dkg.ts";
import { refresh } from "../mpc/keys/refresh.ts";
import { reshare } from "../mpc/keys/reshare.ts";
import { CURVE_OF } from "../mpc/keys/sharing.ts";
import type { Protocol } from "../mpc/protocol.ts";
import type { PairSetup } from "../mpc/scheme.ts";
import { convert } from "../mpc/schemes/sm2/convert.ts";
import { mayFoundKeys } from "../rules/key-group.ts";
import {
  type Attempt,
  agreementTo,
  attemptAt,
  epochOf,
  indexIn,
  type Key,
  nodesOf,
  requireNodes,
} from "../rules/key-state.ts";
import type { PrivateKey } from "../trust/crypto/crypto.ts";
import { keyShareContext } from "../trust/envelope/contexts.ts";
import { openBytes } from "../trust/envelope/envelope.ts";
import { refuse } from "./errors.ts";
import type { History } from "./history.ts";
import type { Imports } from "./imports.ts";
import { type JudgeDeps, judgeAttempt } from "./judge.ts";
import { type LookedKey, lookAtKey, timeOf } from "./look.ts";
import type { Pairs } from "./pairs.ts";
import { isProof, type Runs } from "./runs.ts";
import type { Say } from "./say.ts";
import { type Candidate, madeOf, type Shares } from "./shares.ts";

export interface MakeDeps extends JudgeDeps {
  readonly shares: Shares;
  readonly imports: Imports;
  readonly runs: Runs;
  readonly pairs: Pick<Pairs, "ensure">;
  readonly encryptionKey: PrivateKey<"X25519">;
  readonly say: Say;
  readonly history: Pick<History, "tell" | "requireSame">;
}

export interface MakeRequest {
  readonly key: string;
  readonly run: string;
  readonly share?: string | undefined;
  readonly dealers?: readonly number[] | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Milliseconds until all have to have come to the end. */
const WITHIN = 120_000;
/** Milliseconds until all have to be there: one that has died, or will not, keeps the others from the next run. */
const MEET = 15_000;

export const createMaking = (deps: MakeDeps) => {
  /** Under way, by key and run: whoever asks again waits for the same. */
  const underWay = new Map<string, Promise<KeyShare | undefined>>();
  /** Attempts in which this node only hands its share over, and has: there is nothing to keep of them. */
  const handedOver = new Set<string>();

  const runOnce = (request: MakeRequest, looked: LookedKey, attempt: Attempt): Promise<KeyShare | undefined> => {
    const name = `${request.key} ${request.run}`;
    const known = underWay.get(name);
    if (known) return known;
    if (handedOver.has(name)) return Promise.resolve(undefined);
    judgeAttempt(deps, looked, attempt, request.details);
    const others = [...nodesOf(looked.key, attempt)].filter((node) => node !== deps.node);
    deps.history.tell(others);
    const run = makeShare(deps, request, looked, attempt).then(async (share) => {
      deps.history.requireSame(others);
      if (share) await deps.shares.keep(request.key, { request: attempt.request, run: request.run, share });
      else handedOver.add(name);
      return share;
    });
    underWay.set(name, run);
    run.catch(() => undefined).finally(() => underWay.delete(name));
    return run;
  };

  /**
   * Says what it made in a run, and makes it first where it has not: `key.made`, or `key.failed` where it found out
   * that another did not keep to the protocol. Empty for a node that only hands over.
   */
  return async (request: MakeRequest): Promise<string> => {
    const { attempt } = openAttempt(deps, request.key);
    const receives = attempt.participants.includes(deps.node);
    if (attempt.said.includes(deps.node)) return "";
    let held = deps.shares.candidate(request.key, attempt, request.run);
    if (!held) {
      // Said once by any of them, it stays said: another run would only contradict it.
      if (attempt.made) throw refuse("keynode.run", { id: request.key, run: request.run });
      try {
        await runOnce(request, openAttempt(deps, request.key), attempt);
      } catch (error) {
        const failure = failureOf(error, attempt);
        if (!failure) throw error;
        return deps.say("key.failed", request.key, { request: attempt.request, epoch: attempt.epoch, ...failure });
      }
      held = deps.shares.candidate(request.key, attempt, request.run);
    }
    if (!receives) return "";
    if (!held) throw refuse("keynode.run", { id: request.key, run: request.run });
    return sayMade(deps, request.key, attempt, held);
  };
};

/** What is open and agreed to, and asks something of this node. @throws Refusal keynode.key, key.nodes */
const openAttempt = (deps: MakeDeps, stream: string): LookedKey & { readonly attempt: Attempt } => {
  const looked = lookAtKey(deps, stream);
  const { key, group } = looked;
  const unfit = (reason: string) => refuse("keynode.key", { id: key.id, reason });
  const attempt = attemptAt(key, timeOf(deps));
  if (!attempt) throw unfit("nothing is asked of its nodes");
  const { needed, given } = agreementTo(key, attempt, group);
  if (given < needed) throw unfit(`${needed} administrators have to agree, ${given} have`);
  // Whom the group has put out meanwhile gets no share and no key, whatever was agreed to before.
  if (key.epochs.length === 0 && !mayFoundKeys(group, key.creator))
    throw unfit("its founder may make no keys any more");
  requireNodes(group, attempt.participants, attempt.threshold);
  const holders = epochOf(key)?.participants ?? [];
  if (![...attempt.participants, ...holders].includes(deps.node)) throw unfit("this node has no part in it");
  return { ...looked, attempt };
};

/** Over the key as it stands now, which may have moved on while shares were made. */
const sayMade = (deps: MakeDeps, stream: string, attempt: Attempt, { share }: Candidate): string => {
  const { key } = lookAtKey(deps, stream);
  if (key.attempt?.request !== attempt.request) throw refuse("keynode.key", { id: key.id, reason: "it has moved on" });
  // The ledger has it already.
  if (key.attempt.said.includes(deps.node)) return "";
  return deps.say("key.made", stream, { request: attempt.request, epoch: attempt.epoch, ...madeOf(share) });
};

/** What a run is for: all of it stands on the ledger, so whoever sees another ledger is found out before a message. */
const bindingOf = (
  stream: string,
  { scheme, group }: Key,
  { request, kind, epoch, threshold, participants }: Attempt,
  dealers: readonly number[],
) =>
  hashOf(
    "entente key node make/2",
    ...[stream, group, scheme, request, kind, epoch, threshold, [...participants], [...dealers]],
  );

const makeShare = async (
  deps: MakeDeps,
  request: MakeRequest,
  looked: LookedKey,
  attempt: Attempt,
): Promise<KeyShare | undefined> => {
  const { key } = looked;
  const { scheme } = key;
  const { threshold, participants } = attempt;
  const nodes = new Map(participants.map((node, place) => [place + 1, node]));
  const termsOf = (
    parties: ReadonlyMap<number, string>,
    { step = "", dealers = [] }: { step?: string; dealers?: readonly number[] } = {},
  ) => ({
    id: hashOf("entente key node run/1", request.key, fromHex(request.run), step),
    binding: bindingOf(request.key, key, attempt, dealers),
    parties,
    group: key.group,
    within: WITHIN,
    // Once they have met, some may be long at work before they come to the next step.
    ...(step === "" && { meet: MEET }),
  });
  const run = <I, R>(
    protocol: Protocol<I, R>,
    parties: ReadonlyMap<number, string>,
    input: I,
    among: { dealers?: readonly number[] } = {},
  ) => deps.runs.run(protocol, termsOf(parties, among), input);
  switch (attempt.kind) {
    case "generate": {
      const share = await run(dkg, nodes, { scheme, threshold });
      if (scheme !== "SM2") return share;
      const { pairs, ids } = await pairsWith(deps, nodes);
      return deps.runs.run(convert, { ...termsOf(nodes, { step: "convert" }), pairs: ids }, { share, pairs });
    }
    case "import":
      return run(refresh, nodes, { share: await dealtShare(deps, request, looked, attempt) });
    case "refresh":
      return run(refresh, nodes, { share: requireShare(deps, request.key, key) });
    case "recover":
    case "reshare": {
      const plan = planOf(deps, key, attempt, request.dealers);
      if (!plan.parties.has(plan.self)) return undefined;
      const share = plan.deals ? requireShare(deps, request.key, key) : undefined;
      const dealers = plan.input.dealers.map(({ index }) => index);
      return run(reshare, plan.parties, { ...plan.input, ...(share && { share }) }, { dealers });
    }
  }
};

/** Set-ups by party, and which they are, by node: the run ends without blame where another works with another one. */
const pairsWith = async ({ node, pairs }: MakeDeps, nodes: ReadonlyMap<number, string>) => {
  const others = [...nodes].filter(([, other]) => other !== node);
  const made = await pairs.ensure(others.map(([, other]) => other));
  return {
    pairs: new Map<number, PairSetup>(
      others.map(([index, other]) => [index, { ...made.get(other)?.setup, peer: index }]),
    ),
    ids: new Map([...made].map(([other, { id }]) => [other, id])),
  };
};

/** @throws Refusal keynode.not-held */
const requireShare = ({ shares }: MakeDeps, stream: string, key: Key): KeyShare => {
  const share = shares.current(stream, key);
  if (!share) throw refuse("keynode.not-held", { id: key.id, epoch: epochOf(key)?.epoch ?? 0 });
  return share;
};

/** The share that whoever imports the key has sealed to this node, held to the commitments on the ledger. */
const dealtShare = async (
  { node, encryptionKey, imports }: MakeDeps,
  { key: stream, share = "" }: MakeRequest,
  { key }: LookedKey,
  { participants, threshold }: Attempt,
): Promise<KeyShare> => {
  const { origin, scheme } = key;
  const self = indexIn(participants, node);
  const unfit = (reason: string) => refuse("keynode.share", { id: key.id, reason });
  if (origin.kind !== "imported") throw unfit("it is not imported");
  const envelope = fromBase64(share);
  const digest = sha256Hex(envelope);
  if (digest !== origin.shares[self - 1]) throw unfit("it is not the envelope that the ledger names");
  const secret = await openBytes(envelope, {
    key: encryptionKey,
    context: keyShareContext(key.creator, key.group, key.id, node, self),
  });
  const dealt = {
    ...{ scheme, threshold, parties: participants.map((_, place) => place + 1) },
    publicKey: fromHex(origin.publicKey),
    commitments: origin.commitments.map((point) => fromHex(point)),
  };
  try {
    const accepted = acceptDealt(curveOf(CURVE_OF[scheme]), dealt, self, secret);
    if (!(await imports.take(digest, stream))) throw unfit("it was taken for another key before");
    return accepted;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unfit(error.message);
  }
};

/** The epoch before as the ledger has it. */
export const publicOf = (key: Key): KeyPublic => {
  const { epoch = 0, threshold = 0, participants = [], verifyingShares = {} } = epochOf(key) ?? {};
  return {
    ...{ scheme: key.scheme, curve: CURVE_OF[key.scheme], threshold, epoch },
    parties: participants.map((_, place) => place + 1),
    publicKey: fromHex(key.publicKey),
    verifyingShares: Object.fromEntries(
      Object.entries(verifyingShares).map(([index, point]) => [index, fromHex(point)]),
    ),
    chainCode: fromHex(key.chainCode),
  };
};

/**
 * Who deals to whom. Parties of the run are numbered by their nodes' streams; a node that deals and receives is one.
 * @param chosen indices of those that deal; by default the first of those that have shares, as many as are needed
 */
const planOf = ({ node }: MakeDeps, key: Key, attempt: Attempt, chosen?: readonly number[]) => {
  const before = epochOf(key);
  const { participants: holders = [], threshold: needed = 0 } = before ?? {};
  const able = holders.flatMap((_, place) => (attempt.lost.includes(place + 1) ? [] : [place + 1]));
  const indices = chosen ?? able.slice(0, needed);
  if (indices.length < needed || !indices.every((index, i) => index > (indices[i - 1] ?? 0) && able.includes(index)))
    throw refuse("keynode.signers", { reason: "as many holders of shares as the threshold deal them anew" });
  const dealing = indices.map((index) => holders[index - 1] as string);
  const all = [...new Set([...dealing, ...attempt.participants])].sort();
  const partyOf = (one: string) => all.indexOf(one) + 1;
  return {
    self: partyOf(node),
    deals: dealing.includes(node),
    parties: new Map(all.map((one) => [partyOf(one), one])),
    input: {
      key: publicOf(key),
      threshold: attempt.threshold,
      dealers: dealing.map((one, i) => ({ party: partyOf(one), index: indices[i] as number })),
      receivers: attempt.participants.map((one, place) => ({ party: partyOf(one), index: place + 1 })),
    },
  };
};

/**
 * That a check did not hold here ends the attempt, and the ledger is told whose fault it was; all else is tried again,
 * also what a peer says that it found out, which is `peer.refused`.
 */
const failureOf = (error: unknown, { participants }: Attempt) => {
  if (!(error instanceof Refusal) || error.code !== "run.aborted") return undefined;
  const { check, nodes } = error.details as { check: string; nodes: readonly string[] };
  if (!isProof(check)) return undefined;
  const culprits = nodes.map((node) => indexIn(participants, node)).filter((index) => index > 0);
  return { code: check, culprits: culprits.sort((a, b) => a - b) };
};
