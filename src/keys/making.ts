/**
 * Has nodes make keys, and shares anew, where the ledger says so. All take part at once; then each says what it made, one
 * after the other, since each has to have seen what was said before.
 */
import { randomBytes } from "#crypto";
import { toBase64, toHex } from "../base/bytes.ts";
import type { Ledger } from "../ledger/port.ts";
import type { Blobs } from "../platform/blobs.ts";
import { key as keyBook } from "../rules/key.ts";
import { keyGroup } from "../rules/key-group.ts";
import { type Attempt, agreementTo, attemptAt, type Key, nodesOf } from "../rules/key-state.ts";
import { streamOf } from "../rules/world.ts";
import type { KeyNodes } from "./nodes.ts";
import type { RunsStore } from "./runs-store.ts";
import { submitSaid } from "./said.ts";
import { createWork, type Work } from "./work.ts";

export interface MakingOptions {
  readonly ledger: Ledger;
  readonly blobs: Pick<Blobs, "get">;
  readonly nodes: Pick<KeyNodes, "of">;
  readonly runs: RunsStore;
  readonly concurrency: number;
  readonly now: () => number;
  readonly onError: (key: string, error: unknown) => void;
  /** Its nodes have made it, or shares anew, and no other key waits for them. */
  readonly onMade: (key: string) => void;
}

const PAUSE = { first: 500, longest: 60_000 };

export const createMaking = (options: MakingOptions) => {
  const { ledger, blobs, nodes, runs, concurrency, now, onError, onMade } = options;
  /** The attempt that nodes are to work on now: it is open, and agreed to. */
  const openAttempt = (stream: string): { key: Key; attempt: Attempt } | undefined => {
    const key = streamOf(ledger.world, keyBook, stream)?.state;
    const attempt = key && attemptAt(key, now());
    const group = key && streamOf(ledger.world, keyGroup, key.group)?.state;
    if (!attempt || !group) return undefined;
    const { needed, given } = agreementTo(key, attempt, group);
    return given < needed ? undefined : { key, attempt };
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
    const { request, said } = open.attempt;
    const before = said.length > 0 ? await runs.find(request) : undefined;
    const run = before ?? toHex(randomBytes(32));
    if (!before) await runs.put(request, run, now());
    const goesOn = () => openAttempt(stream)?.attempt.request === request;
    const make = async (node: string): Promise<string> => {
      const share = await shareOf(open.key, open.attempt, node);
      return (await nodes.of(node).make(stream, run, share)).statement;
    };
    const holders = [...nodesOf(open.key, open.attempt)].filter((node) => !said.includes(node));
    const ran = await Promise.allSettled(holders.map(make));
    for (const [i, node] of holders.entries()) {
      const first = ran[i];
      // Those that hold shares of the epoch before take part, and may have nothing to say.
      if (first?.status !== "fulfilled" || first.value === "") continue;
      let known: string | undefined = first.value;
      const say = async (): Promise<string> => {
        const statement = known ?? (await make(node));
        known = undefined;
        return statement;
      };
      if (goesOn()) await submitSaid(ledger, say, goesOn);
    }
    // Whoever holds shares of the epoch before may erase them, once it has seen that there is another.
    if (!goesOn()) await Promise.allSettled(holders.map((node) => nodes.of(node).show(stream)));
    const failure = ran.find((one) => one.status === "rejected");
    if (failure && goesOn()) throw failure.reason;
  };

  const due = (stream: string): string | undefined => openAttempt(stream)?.key.creator;
  const work: Work = createWork({
    ...{ ledger, due, attempt, concurrency, pause: PAUSE, onError },
    // Of many that are made one after the other, only those that are used have presignatures made.
    onDone: (stream) => {
      if (work.active <= 1) onMade(stream);
    },
  });
  return work;
};
