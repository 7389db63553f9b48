/**
 * Has nodes make keys, and shares anew, where the ledger says so. All take part at once; when all keep what came of it,
 * each says what it made, one after the other, since each has to have seen what was said before.
 */
import { randomBytes } from "#crypto";
import { toBase64, toHex } from "../base/bytes.ts";
import { MINUTE } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Blobs } from "../platform/blobs.ts";
import { key as keyBook } from "../rules/key.ts";
import { type KeyGroup, keyGroup } from "../rules/key-group.ts";
import { failed, made } from "../rules/key-made.ts";
import { type Attempt, agreementTo, attemptAt, type Key, nodesOf, requireNodes } from "../rules/key-state.ts";
import { streamOf } from "../rules/world.ts";
import { parseStatement } from "../trust/statement.ts";
import { answered } from "./answered.ts";
import { refuse } from "./errors.ts";
import type { KeyNodes } from "./nodes.ts";
import type { RunsStore } from "./runs-store.ts";
import { requireSaid, submitSaid } from "./said.ts";
import { createWork, type Work, type WorkOptions } from "./work.ts";

export interface MakingOptions {
  readonly ledger: Ledger;
  readonly blobs: Pick<Blobs, "get">;
  readonly nodes: Pick<KeyNodes, "of" | "isUp">;
  readonly runs: RunsStore;
  readonly concurrency: WorkOptions["concurrency"];
  readonly now: () => number;
  /** Why the nodes have not made it yet, by key. */
  readonly reasons: Map<string, Refusal>;
  readonly onError: (key: string, error: unknown) => void;
  /** Its nodes have made it, or shares anew, and no other key waits for them. */
  readonly onMade: (key: string) => void;
}

const isFailure = (statement: string): boolean => parseStatement(statement).statement.kind === failed.name;

const isAboutOthers = (error: unknown): boolean => error instanceof Refusal && /^(peer|run)\./.test(error.code);

/** What the rules refuse of what a node has said is that node's, which says so; all else is as it was. */
const ofNode = (node: string, error: unknown): unknown =>
  error instanceof Refusal && /^statement\.(?!clock)|^key\.(party|said|attempt)$/.test(error.code)
    ? refuse("key-node.answer", { node })
    : error;

/** Milliseconds in which a node may say once more what it has said, over a key that has moved on. */
const AGAIN = MINUTE;
const PAUSE = { first: 500, longest: 60_000 };

export const createMaking = (options: MakingOptions) => {
  const { ledger, blobs, nodes, runs, concurrency, now, reasons, onError, onMade } = options;
  /** The attempt that nodes are to work on now: it is open, and agreed to. */
  const openAttempt = (stream: string): { key: Key; attempt: Attempt; group: KeyGroup } | undefined => {
    const key = streamOf(ledger.world, keyBook, stream)?.state;
    const attempt = key && attemptAt(key, now());
    const group = key && streamOf(ledger.world, keyGroup, key.group)?.state;
    if (!attempt || !group) return undefined;
    const { needed, given } = agreementTo(key, attempt, group);
    return given < needed ? undefined : { key, attempt, group };
  };

  /** What is sealed to the node of a key that is imported. */
  const shareOf = async (
    { origin }: Key,
    { kind, participants }: Attempt,
    node: string,
  ): Promise<string | undefined> => {
    const digest =
      origin.kind === "imported" && kind === "import" ? origin.shares[participants.indexOf(node)] : undefined;
    if (digest === undefined) return undefined;
    const { content } = await blobs.get(digest);
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    return toBase64(Buffer.concat(pieces));
  };

  const attempt = async (stream: string): Promise<void> => {
    const open = openAttempt(stream);
    if (!open) return;
    const { request, said, participants, threshold } = open.attempt;
    // Its nodes would say no: the group has changed since it was asked for.
    requireNodes(open.group, participants, threshold);
    const awaited = participants.filter((node) => !said.includes(node));
    // The others would wait for whoever is away.
    const away = awaited.find((node) => !nodes.isUp(node));
    if (away !== undefined) throw refuse("key-node.unavailable", { node: away, reason: "it is not connected" });
    const before = said.length > 0 ? await runs.find(request) : undefined;
    const run = before ?? toHex(randomBytes(32));
    if (!before) await runs.put(request, run, now());
    const goesOn = () => openAttempt(stream)?.attempt.request === request;
    const make = async (node: string): Promise<string> => {
      const share = await shareOf(open.key, open.attempt, node);
      const { statement } = await nodes.of(node).make(stream, run, share);
      try {
        if (statement !== "") requireSaid(statement, { node, stream, kinds: [made.name, failed.name] });
      } catch (error) {
        throw ofNode(node, error);
      }
      return statement;
    };
    const holders = [...nodesOf(open.key, open.attempt)].filter((node) => !said.includes(node));
    const ran = await Promise.allSettled(holders.map(make));
    const answers = new Map(
      ran.flatMap((one, i) => (one.status === "fulfilled" ? [[holders[i] ?? "", one.value]] : [])),
    );
    // What one has said, no other run can make any more: so none speaks before all keep what this one made.
    const isKept = awaited.every((node) => answers.has(node));
    const failures = ran.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    for (const [node, first] of answers) {
      // Those that hold shares of the epoch before take part, and may have nothing to say.
      if (first === "" || !(isKept || isFailure(first))) continue;
      let known: string | undefined = first;
      const end = performance.now() + AGAIN;
      const say = async (): Promise<string> => {
        const statement = known ?? (await answered(make(node), end - performance.now()));
        known = undefined;
        return statement;
      };
      // What one of them says amiss keeps nobody else's word off the ledger.
      if (goesOn()) await submitSaid(ledger, say, goesOn).catch((error: unknown) => failures.push(ofNode(node, error)));
    }
    // Whoever holds shares of the epoch before may erase them, once it has seen that there is another.
    if (!goesOn()) await Promise.allSettled(holders.map((node) => nodes.of(node).show(stream)));
    const fault = failures.find((one) => !(one instanceof Refusal));
    if (fault) throw fault;
    // That others waited for it in vain says less than its own reason.
    if (failures.length > 0 && goesOn()) throw failures.find((one) => !isAboutOthers(one)) ?? failures[0];
  };

  const due = (stream: string): string | undefined => openAttempt(stream)?.key.creator;
  const work: Work = createWork({
    ...{ ledger, due, attempt, concurrency, pause: PAUSE, reasons, onError },
    // Of many that are made one after the other, only those that are used have presignatures made.
    onDone: (stream) => {
      if (work.active === 0) onMade(stream);
    },
  });
  return work;
};
