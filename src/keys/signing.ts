/**
 * Has nodes sign what is asked for, as soon as they agree to: the ledger is the queue, and its approvals wake what waits
 * for them. Which nodes take part is chosen here; whether they do, each of them judges for itself.
 */
import { canonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import type { KeyNodeMethods } from "../keynode/protocol/messages.ts";
import type { Ledger } from "../ledger/port.ts";
import { key as keyBook } from "../rules/key.ts";
import { completed, keyRequest } from "../rules/key-request.ts";
import { type KeyRequest, requestStateOf } from "../rules/key-request-state.ts";
import { type Epoch, epochOf, stateOf } from "../rules/key-state.ts";
import { streamOf } from "../rules/world.ts";
import type { ViewsStore } from "../spine/views-store.ts";
import { parseStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";
import type { KeyNodes } from "./nodes.ts";
import { submitSaid } from "./said.ts";
import { createWork, type Work } from "./work.ts";

export interface SigningOptions {
  readonly ledger: Ledger;
  readonly nodes: Pick<KeyNodes, "of" | "isUp">;
  readonly views: Pick<ViewsStore, "putDetail">;
  readonly concurrency: number;
  readonly now: () => number;
  /** Why the nodes have not signed yet, by request. */
  readonly reasons: Map<string, Refusal>;
  readonly onError: (request: string, error: unknown) => void;
}

type Said = KeyNodeMethods["sign"]["result"];

/** Most that wait do so for people, who wake them by what they say; some for the time of day. */
const PAUSE = { first: 500, longest: 60_000 };

/** A node's own no, as opposed to that others could not be reached or did not keep to the protocol. */
const OWN_REFUSALS = new Set([
  "keynode.policy",
  "keynode.not-held",
  "keynode.key",
  "keynode.request",
  "keynode.detail",
]);

export const createSigning = ({ ledger, nodes, views, concurrency, now, reasons, onError }: SigningOptions) => {
  const open = (stream: string): { request: KeyRequest; epoch: Epoch } | undefined => {
    const request = streamOf(ledger.world, keyRequest, stream)?.state;
    const key = request && streamOf(ledger.world, keyBook, request.key)?.state;
    const epoch = key && epochOf(key);
    const isOpen = request && key && requestStateOf(request, now()) === "pending" && stateOf(key, now()) === "enabled";
    return isOpen && epoch ? { request, epoch } : undefined;
  };

  /**
   * Indices of the nodes that are to sign, growing. The same for all requests of a key while the same nodes are up, so
   * that they have presignatures ready; other keys begin at other nodes.
   */
  const choose = (
    { participants, threshold }: Epoch,
    { key, failures }: Pick<KeyRequest, "key" | "failures">,
    without: ReadonlySet<number>,
  ): number[] => {
    const able = participants.flatMap((node, place) => {
      const willing = !without.has(place + 1) && failures.every(({ by }) => by !== node);
      return willing && nodes.isUp(node) ? [place + 1] : [];
    });
    if (able.length < threshold)
      throw refuse("key-node.too-few", { up: able.length, threshold, nodes: participants.length });
    const start = Number.parseInt(key.slice(0, 8), 16) % able.length;
    return [...able.slice(start), ...able.slice(0, start)].slice(0, threshold).sort((a, b) => a - b);
  };

  /** Who could or would not, by what was said. */
  const culpritsOf = ({ participants }: Epoch, index: number, error: unknown): number[] => {
    if (!nodes.isUp(participants[index - 1] ?? "")) return [index];
    if (!(error instanceof Refusal) || OWN_REFUSALS.has(error.code)) return [index];
    const { nodes: named } = error.details;
    const words = Array.isArray(named) ? named.map(String) : String(named ?? "").split(/[,\s]+/);
    return words.flatMap((word) => {
      const place = participants.indexOf(word);
      return place >= 0 ? [place + 1] : /^\d{1,2}$/.test(word) ? [Number(word)] : [];
    });
  };

  /** One try with these signers: what the first answers, or who is to be left out of the next. */
  const ask = async (stream: string, epoch: Epoch, signers: readonly number[]) => {
    const answers = await Promise.allSettled(
      signers.map(async (index) => nodes.of(epoch.participants[index - 1] ?? "").sign(stream, signers)),
    );
    const said = answers.map((one) => (one.status === "fulfilled" ? one.value : undefined));
    const failures = answers.flatMap((one, i) =>
      one.status === "rejected" ? [{ index: signers[i] ?? 0, error: one.reason as unknown }] : [],
    );
    const unable = failures.flatMap(({ index, error }) => culpritsOf(epoch, index, error));
    const own = failures.find(({ error }) => error instanceof Refusal && OWN_REFUSALS.has(error.code));
    return { said, unable, error: own?.error ?? failures[0]?.error };
  };

  /** Puts on the ledger what a node says of the request. */
  const submit = async (stream: string, first: Said, again: () => Promise<Said>): Promise<void> => {
    let known: Said | undefined = first;
    const say = async (): Promise<string> => {
      const { statement, detail } = known ?? (await again());
      known = undefined;
      if (statement !== "" && detail) {
        const { detail: digest } = parseStatement(statement).statement.payload as { detail: string };
        // Text first: what the ledger acknowledges must be readable after any crash.
        await views.putDetail(digest, canonical(detail));
      }
      return statement;
    };
    await submitSaid(ledger, say, () => streamOf(ledger.world, keyRequest, stream)?.state.status === "pending");
  };

  const isCompletion = ({ statement }: Said): boolean =>
    statement !== "" && parseStatement(statement).statement.kind === completed.name;

  const attempt = async (stream: string): Promise<void> => {
    const without = new Set<number>();
    let refusal: unknown;
    for (;;) {
      const now = open(stream);
      if (!now) return;
      const { request, epoch } = now;
      let signers: number[];
      try {
        signers = choose(epoch, request, without);
      } catch (error) {
        throw refusal ?? error;
      }
      const { said, unable, error } = await ask(stream, epoch, signers);
      for (const [i, one] of said.entries()) {
        const index = signers[i] ?? 0;
        if (!one || one.statement === "") continue;
        await submit(stream, one, () => nodes.of(epoch.participants[index - 1] ?? "").sign(stream, signers));
        if (isCompletion(one)) return;
        // It has said that it takes no part.
        unable.push(index);
      }
      refusal = error ?? refuse("key-node.silent");
      if (unable.length === 0) throw refusal;
      for (const index of unable) without.add(index);
    }
  };

  const work: Work = createWork({
    ledger,
    due: (stream) => open(stream)?.request.requester,
    attempt,
    concurrency,
    pause: PAUSE,
    reasons,
    onError,
  });
  return {
    work,
    /** Has presignatures made for a key before anybody asks for a signature, by those who would be asked. */
    async prepare(stream: string): Promise<void> {
      const key = streamOf(ledger.world, keyBook, stream)?.state;
      const epoch = key && epochOf(key);
      if (!epoch || stateOf(key, now()) !== "enabled") return;
      const signers = choose(epoch, { key: stream, failures: [] }, new Set());
      await nodes.of(epoch.participants[(signers[0] ?? 0) - 1] ?? "").prepare(stream, signers);
    },
  };
};
export type Signing = ReturnType<typeof createSigning>;
