/**
 * Signing (docs/protocols/key-node.md section 6). The server asks all signers at once and each judges for itself. The
 * first of them leads: it names one presignature a message to the others, who answer with their parts as soon as they
 * have judged. It combines, verifies, and says what came of it. What leaves a node is only ever its part of a signature
 * over bytes that it has computed itself from the request on the ledger.
 */
import { setTimeout as delay } from "node:timers/promises";
import { randomBytes } from "#crypto";
import { fromBase64, toBase64url, toHex } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { encodePlain } from "../mpc/codec.ts";
import type { KeyShare } from "../mpc/key-share.ts";
import { Abort } from "../mpc/protocol.ts";
import type { Presignature } from "../mpc/scheme.ts";
import { MAX_ENVELOPE } from "../rules/key-request.ts";
import { type Epoch, epochOf } from "../rules/key-state.ts";
import { digestOf } from "../trust/digest.ts";
import { keyExportContext } from "../trust/envelope/contexts.ts";
import { sealBytes } from "../trust/envelope/envelope.ts";
import { enclaveKey } from "../trust/envelope/recipient.ts";
import type { Accounts } from "./accounts.ts";
import { refuse } from "./errors.ts";
import type { History } from "./history.ts";
import {
  isHopeless,
  type JudgeDeps,
  type Judged,
  judgeRequest,
  limitsSpending,
  type Question,
  requireUnmoved,
} from "./judge.ts";
import { type LookedRequest, lookAtRequest } from "./look.ts";
import { createMeetings } from "./meeting.ts";
import type { PairStore } from "./pair-store.ts";
import type { Peers } from "./peers/peers.ts";
import type { Pools } from "./pools.ts";
import { MAX_COUNT, type Use } from "./presigning.ts";
import { patienceOf } from "./protocol/patience.ts";
import type { Say } from "./say.ts";
import { schemeOf } from "./schemes.ts";
import type { Shares } from "./shares.ts";
import { decodeWithin, LONG } from "./within.ts";

export interface SignDeps extends JudgeDeps {
  readonly shares: Shares;
  readonly accounts: Accounts;
  readonly pools: Pools;
  readonly peers: Pick<Peers, "ask" | "answer" | "hear" | "tell">;
  readonly pairStore: Pick<PairStore, "ban">;
  readonly say: Say;
  readonly history: Pick<History, "tell" | "requireSame">;
  /** Milliseconds that this node waits for others at most. */
  readonly patience?: number | undefined;
}

/** What the server is answered. */
export interface Signed {
  readonly statement: string;
  readonly detail?: Record<string, unknown>;
}
const NOTHING_TO_SAY: Signed = { statement: "" };

interface Remembered {
  readonly payload: object;
  readonly detail: Record<string, unknown>;
  /** Signatures in it, and one. */
  readonly count: number;
  /** When it was made, on this machine's monotonic clock. */
  readonly at: number;
}

/** One that was judged, and what this node holds for it. */
interface Ready {
  readonly judged: Judged;
  readonly share: KeyShare;
  /** Resolves when what is spent is counted for good. */
  readonly counted: Promise<void>;
}

/** Milliseconds that a leader, whom the server may have asked later, is waited for by what this node has judged. */
const WITHIN = 30_000;
/** Milliseconds that others have to be shown what this node was, and between two looks. */
const PATIENCE = 2_000;
const PAUSE = 20;
const TOPIC = "sign";
/** The leader will not ask any more: whoever waits for it need not. */
const OVER = "sign-over";
/** Milliseconds in which what came of a request is said whatever becomes of that: longer than a server asks for it. */
const TOLD = 180_000;
/** Signatures that are remembered, to be said again over a request that has moved on. */
const MAX_OUTCOMES = 16_384;

export const createSigning = (deps: SignDeps) => {
  const { node, peers, pools, pairStore, accounts, say, patience = Number.POSITIVE_INFINITY } = deps;
  /** By request, epoch and signers: what came of one set, and is not taken, keeps no other from signing. */
  const outcomes = new Map<string, Remembered>();
  let remembered = 0;
  const remember = (name: string, outcome: Remembered): void => {
    remembered += outcome.count - (outcomes.get(name)?.count ?? 0);
    outcomes.set(name, outcome);
    for (const [oldest, { count }] of outcomes) {
      if (remembered <= MAX_OUTCOMES) return;
      outcomes.delete(oldest);
      remembered -= count;
    }
  };
  /** Tries that came to nothing, by request. */
  const failures = new Map<string, number>();
  const meetings = createMeetings<Ready>(Math.min(WITHIN, patience), () =>
    refuse("keynode.unreachable", { nodes: [] }),
  );

  /** All that is decided is decided in one step, so that no other request comes between a limit and its use. */
  const ready = (question: Question): Ready => {
    const judged = judgeRequest(deps, question);
    const share = deps.shares.current(judged.stream, judged.key);
    if (!share) throw refuse("keynode.not-held", { id: judged.key.id, epoch: judged.epoch.epoch });
    const counted = accounts.set(judged.stream, question.request, judged.account, limitsSpending(judged.group));
    counted.catch(() => undefined);
    return { judged, share, counted };
  };

  peers.answer(TOPIC, async (from, body) => {
    const { name, ids } = decodeAsk(body);
    const { judged, share, counted } = await meetings.take(name, ({ judged }) => {
      if (leaderOf(judged) !== from) throw refuse("keynode.signers", { reason: "the first of them leads" });
    });
    const mine = judged.whats.length > 0 ? await pools.follow(from, useOf(judged), ids) : [];
    await counted;
    requireUnmoved(deps, judged);
    deps.history.requireSame(othersOf(judged));
    deps.history.tell([from]);
    return encodePlain(await partsOf(judged, share, mine));
  });

  peers.hear(OVER, (from, body) => {
    const name = decoded(body);
    if (typeof name !== "string") return;
    const waiting = meetings.waiting(name);
    if (waiting && leaderOf(waiting.judged) === from)
      meetings.fail(name, refuse("keynode.unreachable", { nodes: [from] }));
  });
  const tellOver = (name: string, { epoch, signers, self }: Judged) => {
    for (const index of signers)
      try {
        if (index !== self)
          peers.tell(epoch.participants[index - 1] ?? "", OVER, encodePlain(name), { within: WITHIN, lane: "urgent" });
      } catch {
        // Whoever is not reached stops waiting by itself.
      }
  };

  const lead = async ({ judged, share, counted }: Ready, within: number): Promise<Signed> => {
    const end = performance.now() + within;
    const left = () => Math.max(1, end - performance.now());
    const { request, epoch, signers, group } = judged;
    const known = outcomes.get(outcomeName(request.stream, epoch, signers));
    if (known) return tell(request.stream, known);
    const presignatures = await takeAll(judged, left);
    deps.history.tell(othersOf(judged));
    const ask = encodePlain([nameOf(judged, signers), presignatures.map(({ id }) => id)]);
    const others = signers.filter((index) => index !== judged.self);
    const answers = await Promise.all(
      others.map(async (index) => {
        const peer = epoch.participants[index - 1] as string;
        return [index, await peers.ask(peer, TOPIC, ask, { within: left(), lane: "urgent" })] as const;
      }),
    );
    const own = await partsOf(judged, share, presignatures);
    await counted;
    requireUnmoved(deps, judged);
    deps.history.requireSame(othersOf(judged));
    // Of the same moment: what is said of the ledger is what was judged by.
    const checkpoint = deps.follower.followed;
    const outcome = await blaming(judged, () => {
      const parts = new Map(answers.map(([index, answer]) => [index, decodeParts(answer, own.length, index)]));
      return outcomeOf(judged, presignatures, parts.set(judged.self, own));
    });
    const detail = { salt: toBase64url(randomBytes(16)), ...outcome };
    const payload = { epoch: epoch.epoch, signers, version: group.version, checkpoint, detail: digestOf(detail) };
    remember(outcomeName(request.stream, epoch, signers), {
      payload,
      detail,
      count: judged.whats.length + 1,
      at: performance.now(),
    });
    return { statement: say(COMPLETED, request.stream, payload), detail };
  };

  /** As many as there are messages, in as many runs as that takes. */
  const takeAll = async (judged: Judged, left: () => number): Promise<Presignature[]> => {
    const counts: number[] = [];
    for (let left = judged.whats.length; left > 0; left -= MAX_COUNT) counts.push(Math.min(left, MAX_COUNT));
    const taken = await Promise.all(counts.map((count) => take(judged, count, left)));
    return taken.flat();
  };
  /** Others may be shown the ledger a moment later than this node: until then they presign nothing. */
  const take = async (judged: Judged, count: number, left: () => number): Promise<readonly Presignature[]> => {
    for (let patience = PATIENCE; ; patience -= PAUSE)
      try {
        return await pools.take(useOf(judged), count, left());
      } catch (error) {
        if (!isNotYet(error) || patience <= 0) throw error;
        await delay(PAUSE);
      }
  };

  /** Whose part does not hold is kept out, durably, before anybody is told. @throws Refusal keynode.signing */
  const blaming = async <T>({ epoch, key }: Judged, work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Abort)) throw error;
      const nodes = error.culprits.map((index) => epoch.participants[index - 1] ?? "");
      const others = nodes.filter((one) => one !== node);
      await Promise.all(others.map((one) => pairStore.ban(one, error.check, key.group)));
      throw refuse("keynode.signing", { check: error.check, nodes });
    }
  };

  const tell = (stream: string, { payload, detail }: Remembered): Signed => ({
    statement: say(COMPLETED, stream, payload),
    detail,
  });
  /** What was signed just now is said over a request that has ended since: it is signed. */
  const justNow = ({ request: stream, signers }: Question): Signed | undefined => {
    const { key, request } = lookAtRequest(deps, stream);
    const epoch = request.completed ? undefined : epochOf(key);
    const outcome = epoch && outcomes.get(outcomeName(stream, epoch, signers));
    return outcome && performance.now() < outcome.at + TOLD ? tell(stream, outcome) : undefined;
  };

  const decline = (question: Question, error: unknown): Signed => {
    meetings.fail(nameOf(lookAtRequest(deps, question.request), question.signers), error);
    if (!isHopeless(deps, question, error)) throw error;
    const { code } = error as { code: string };
    return { statement: say("key-request.failed", question.request, { code }) };
  };

  /** Of the leader: what came of it. Of the others nothing, once the leader has their parts. */
  return async (question: Question): Promise<Signed> => {
    let mine: Ready;
    try {
      const told = justNow(question);
      if (told) return told;
      mine = ready(question);
    } catch (error) {
      return decline(question, error);
    }
    const name = nameOf(mine.judged, question.signers);
    const { stream, count } = mine.judged.request;
    const before = failures.get(stream) ?? 0;
    const within = Math.min(patienceOf(count, before), patience);
    try {
      if (mine.judged.self === question.signers[0]) return await lead(mine, within);
      await meetings.bring(name, mine, within);
      return NOTHING_TO_SAY;
    } catch (error) {
      failures.set(stream, before + 1);
      for (const oldest of failures.keys()) if (failures.size > MAX_OUTCOMES) failures.delete(oldest);
      if (mine.judged.self === question.signers[0]) tellOver(name, mine.judged);
      throw error;
    }
  };
};

const COMPLETED = "key-request.completed";

const outcomeName = (request: string, { epoch }: Epoch, signers: readonly number[]): string =>
  `${request} ${epoch} ${signers.join()}`;

/** This node, or another by its word, may not use the key by the ledger that it was shown so far. */
const isNotYet = (error: unknown): boolean =>
  error instanceof Refusal && (error.code === "peer.refused" ? error.details.code : error.code) === "presignature.key";

/** Nodes of all signers but this one. */
const othersOf = ({ epoch, signers, self }: Judged): string[] =>
  signers.filter((index) => index !== self).map((index) => epoch.participants[index - 1] ?? "");

const leaderOf = ({ epoch, signers }: Judged): string | undefined => epoch.participants[(signers[0] ?? 0) - 1];

const useOf = ({ stream, epoch, signers, detail }: Judged): Use => ({
  key: stream,
  epoch: epoch.epoch,
  signers,
  path: detail.path ?? [],
});

/** This node's part of each signature; of a key that is handed out its share, sealed to whoever gets it. */
const partsOf = async (
  { request, key, self, whats }: Judged,
  share: KeyShare,
  presignatures: readonly Presignature[],
): Promise<Uint8Array[]> => {
  if (request.action === "export") {
    const to = enclaveKey(fromBase64(request.recipient ?? ""));
    return [await sealBytes(share.secret, { to, context: keyExportContext(request.stream, share.epoch, self) })];
  }
  // One presignature each: none is ever used for two messages.
  if (presignatures.length !== whats.length)
    throw refuse("keynode.request", { id: request.id, reason: "it has another number of messages" });
  const scheme = schemeOf(key.scheme);
  return whats.map(({ sign }, i) => scheme.respond(presignatures[i] as Presignature, sign));
};

/** Verified signatures, or sealed shares. @throws Abort naming whose part is wrong */
const outcomeOf = (
  { request, key, whats, signers }: Judged,
  presignatures: readonly Presignature[],
  parts: ReadonlyMap<number, readonly Uint8Array[]>,
) => {
  if (request.action === "export")
    return {
      shares: signers.map((index) => ({ index, envelope: toBase64url(parts.get(index)?.[0] ?? new Uint8Array()) })),
    };
  const scheme = schemeOf(key.scheme);
  const signatures = whats.map(({ sign }, i) => {
    const each = new Map([...parts].map(([index, all]) => [index, all[i] as Uint8Array]));
    return toHex(scheme.combine(presignatures[i] as Presignature, sign, each));
  });
  return { signatures, publicKey: toHex(presignatures[0]?.publicKey ?? new Uint8Array()) };
};

/**
 * Where signers meet: over the request, its key and group as they stand. Who has been shown less waits, or is waited for,
 * until both have been shown the same.
 */
export const nameOf = (
  { request, heads }: { readonly request: { readonly stream: string }; readonly heads: LookedRequest["heads"] },
  signers: readonly number[],
): string => `${request.stream} ${signers.join(",")} ${digestOf(heads)}`;

/** @throws Refusal keynode.signers */
const decodeAsk = (body: Uint8Array) => {
  const plain = decoded(body);
  const [name, ids] = Array.isArray(plain) && plain.length === 2 ? plain : [];
  if (typeof name !== "string" || !Array.isArray(ids) || !ids.every((id) => typeof id === "string"))
    throw refuse("keynode.signers", { reason: "the leader's question is malformed" });
  return { name, ids: ids as readonly string[] };
};

/** @throws Abort naming the party */
const decodeParts = (answer: Uint8Array, count: number, index: number): readonly Uint8Array[] => {
  const plain = decoded(answer);
  if (!Array.isArray(plain) || plain.length !== count || !plain.every(isPart)) throw new Abort("sign.malformed", index);
  return plain;
};
/** A sealed share can't be looked into: what the ledger would not take is found out here, while it is known whose it is. */
const isPart = (part: unknown): boolean =>
  part instanceof Uint8Array && part.length > 0 && 4 * part.length <= 3 * MAX_ENVELOPE;

const decoded = (bytes: Uint8Array): unknown => {
  try {
    return decodeWithin(LONG, bytes);
  } catch {
    return undefined;
  }
};
