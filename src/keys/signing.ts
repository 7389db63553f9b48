/**
 * Has nodes sign what is asked for, as soon as they agree to: the ledger is the queue, and its approvals wake what waits
 * for them. Which nodes take part is chosen here; whether they do, each of them judges for itself.
 */
import { MINUTE } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import type { Ledger } from "../ledger/port.ts";
import { key as keyBook } from "../rules/key.ts";
import { keyRequest } from "../rules/key-request.ts";
import { type KeyRequest, requestStateOf } from "../rules/key-request-state.ts";
import { type Epoch, epochOf, type Key, stateOf } from "../rules/key-state.ts";
import { streamOf } from "../rules/world.ts";
import type { ViewsStore } from "../spine/views-store.ts";
import { gathered } from "./answered.ts";
import { isSilence, refuse } from "./errors.ts";
import type { KeyNodes } from "./nodes.ts";
import { createRecording, isCompletion, type Round, type Said } from "./recording.ts";
import { createTries, type Tries } from "./signers.ts";
import { createWork, type Work, type WorkOptions } from "./work.ts";

export interface SigningOptions {
  readonly ledger: Ledger;
  readonly nodes: Pick<KeyNodes, "of" | "isUp">;
  readonly views: Pick<ViewsStore, "putDetail" | "details">;
  readonly concurrency: WorkOptions["concurrency"];
  /** Milliseconds that signers are waited for. */
  readonly patienceOf: (count: number, failed: number) => number;
  readonly now: () => number;
  /** Why the nodes have not signed yet, by request. */
  readonly reasons: Map<string, Refusal>;
  readonly onError: (request: string, error: unknown) => void;
}

/** Most that wait do so for people, who wake them by what they say; some for the time of day. */
const PAUSE = { first: 500, longest: 60_000 };
/** Sets of signers that are tried in vain before others' requests have their turn. */
const MAX_TRIES = 8;

/** Milliseconds for which a node that said nothing is asked last. */
const SILENT = 10 * MINUTE;

/**
 * A node's own no, as opposed to that others could not be reached or did not keep to the protocol. What another node
 * refused it with comes as `peer.refused`.
 */
const OWN_REFUSALS = new Set([
  "keynode.policy",
  "keynode.not-held",
  "keynode.key",
  "keynode.request",
  "keynode.detail",
]);

export const createSigning = (options: SigningOptions) => {
  const { ledger, nodes, views, concurrency, patienceOf, now, reasons, onError } = options;
  const record = createRecording({ ledger, nodes, views });
  const open = (stream: string): { request: KeyRequest; key: Key; epoch: Epoch } | undefined => {
    const request = streamOf(ledger.world, keyRequest, stream)?.state;
    const key = request && streamOf(ledger.world, keyBook, request.key)?.state;
    const epoch = key && epochOf(key);
    const isOpen = request && key && requestStateOf(request, now()) === "pending" && stateOf(key, now()) === "enabled";
    return isOpen && epoch ? { request, key, epoch } : undefined;
  };

  /** Nodes that said nothing, and when: they are asked last for a while, whatever the request. */
  const silent = new Map<string, number>();
  /** What was tried, by request, with shares of an epoch. */
  const tries = new Map<string, { readonly epoch: number; readonly tries: Tries; failed: number }>();
  const triesOf = (stream: string, { epoch }: Epoch) => {
    const known = tries.get(stream);
    if (known?.epoch === epoch) return known;
    const fresh = { epoch, tries: createTries(), failed: 0 };
    tries.set(stream, fresh);
    return fresh;
  };

  /**
   * Indices of the nodes that can sign, the preferred first: in the same order for all requests of a key while the same
   * nodes are up, so that they have presignatures ready; other keys begin at other nodes.
   * @throws Refusal key-node.too-few
   */
  const ableOf = (
    { participants, threshold }: Epoch,
    { key, failures }: Pick<KeyRequest, "key" | "failures">,
    without: ReadonlySet<number> = new Set(),
  ): number[] => {
    const able = participants.flatMap((node, place) => {
      const willing = !without.has(place + 1) && failures.every(({ by }) => by !== node);
      return willing && nodes.isUp(node) ? [place + 1] : [];
    });
    if (able.length < threshold)
      throw refuse("key-node.too-few", { up: able.length, threshold, nodes: participants.length });
    const start = Number.parseInt(key.slice(0, 8), 16) % able.length;
    const isSilent = (place: number) => (silent.get(participants[place - 1] ?? "") ?? -SILENT) > now() - SILENT;
    const ordered = [...able.slice(start), ...able.slice(0, start)];
    return [...ordered.filter((place) => !isSilent(place)), ...ordered.filter(isSilent)];
  };

  /** By its own word, or because it is gone: nobody else can bring that about. */
  const isUnable = (node: string, error: unknown): boolean =>
    !nodes.isUp(node) || !(error instanceof Refusal) || OWN_REFUSALS.has(error.code);

  /** Which of the others that it was asked with a node says are at fault. */
  const accusedBy = ({ participants }: Epoch, signers: readonly number[], index: number, error: unknown): number[] => {
    if (isSilence(error)) return [index];
    // A node chooses what it refuses with.
    const { nodes: named, node } = error instanceof Refusal ? error.details : {};
    const words = [node, named].flat().flatMap((one) => (typeof one === "string" ? one.split(/[,\s]+/) : []));
    const accused = words.map((word) => participants.indexOf(word) + 1);
    return signers.filter((one) => one !== index && accused.includes(one));
  };

  /** What each answers, who is able to sign no more, and who is said to be at fault. */
  const ask = async (round: Round) => {
    const { stream, epoch, signers, details, patience } = round;
    const nodeOf = (index: number) => epoch.participants[index - 1] ?? "";
    const calls = signers.map(async (index) => nodes.of(nodeOf(index)).sign(stream, signers, details));
    // The lowest index leads: its completion is the one that counts.
    const isEnough = (one: Said, place: number) => place === 0 && isCompletion(one);
    const answers = await gathered(calls, patience, isEnough);
    for (const [i, answer] of answers.entries())
      if (answer?.status === "rejected" && isSilence(answer.reason)) silent.set(nodeOf(signers[i] ?? 0), now());
      else if (answer) silent.delete(nodeOf(signers[i] ?? 0));
    const [led] = answers;
    if (led?.status === "rejected" && isSilence(led.reason)) takeLate(round, calls[0]);
    const said = answers.map((one) => (one?.status === "fulfilled" ? one.value : undefined));
    const failures = answers.flatMap((one, i) =>
      one?.status === "rejected" ? [{ index: signers[i] ?? 0, error: one.reason as unknown }] : [],
    );
    const unable = failures.flatMap(({ index, error }) => (isUnable(nodeOf(index), error) ? [index] : []));
    const accused = failures.flatMap(({ index, error }) => accusedBy(epoch, signers, index, error));
    const own = failures.find(({ error }) => error instanceof Refusal && OWN_REFUSALS.has(error.code));
    return { said, unable, accused, error: own?.error ?? failures[0]?.error };
  };

  /** What a leader that was only slow comes to counts, unless others were faster. */
  const takeLate = (round: Round, leader: Promise<Said> | undefined): void => {
    leader?.then((said) => record(round, [said])).catch((error: unknown) => onError(round.stream, error));
  };

  const attempt = async (stream: string): Promise<void> => {
    const without = new Set<number>();
    let refusal: unknown;
    for (let left = MAX_TRIES; left > 0; ) {
      const now = open(stream);
      if (!now) return;
      const { request, key, epoch } = now;
      let able: number[];
      try {
        able = ableOf(epoch, request, without);
      } catch (error) {
        throw refusal ?? error;
      }
      const tried = triesOf(stream, epoch);
      const signers = tried.tries.next(able, epoch.threshold);
      // All were tried: it begins anew, after a pause where one of them was just now.
      if (!signers && refusal === undefined) continue;
      if (!signers) break;
      const details = Object.fromEntries(await views.details([request.detail, key.detail]));
      const patience = patienceOf(request.count, tried.failed);
      const round = { stream, request, key, epoch, signers, details, patience };
      const { said, unable, accused, error } = await ask(round);
      const recorded = await record(round, said);
      if (recorded.isDone) return;
      unable.push(...recorded.unable);
      refusal = error ?? recorded.unfit ?? refuse("key-node.silent");
      for (const index of unable) without.add(index);
      if (unable.length > 0) continue;
      tried.tries.failed(signers, accused);
      tried.failed++;
      left--;
    }
    throw refusal;
  };

  const work: Work = createWork({
    ledger,
    due: (stream) => open(stream)?.request.requester,
    attempt,
    concurrency,
    pause: PAUSE,
    reasons,
    onError,
    onDone: (stream) => tries.delete(stream),
  });
  return {
    work,
    /** Has presignatures made for a key before anybody asks for a signature, by those who would be asked. */
    async prepare(stream: string): Promise<void> {
      const key = streamOf(ledger.world, keyBook, stream)?.state;
      const epoch = key && epochOf(key);
      if (!epoch || stateOf(key, now()) !== "enabled") return;
      const signers = createTries().next(ableOf(epoch, { key: stream, failures: [] }), epoch.threshold) ?? [];
      await nodes.of(epoch.participants[(signers[0] ?? 0) - 1] ?? "").prepare(stream, signers);
    },
  };
};
export type Signing = ReturnType<typeof createSigning>;
