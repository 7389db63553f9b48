/** Puts on the ledger what nodes say of a request, once it is seen to be so. */
import { canonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import type { KeyNodeMethods } from "../keynode/protocol/messages.ts";
import type { Ledger } from "../ledger/port.ts";
import { completed, keyRequest } from "../rules/key-request.ts";
import type { KeyRequest } from "../rules/key-request-state.ts";
import type { Epoch, Key } from "../rules/key-state.ts";
import { streamOf } from "../rules/world.ts";
import type { ViewsStore } from "../spine/views-store.ts";
import { digestOf } from "../trust/digest.ts";
import { parseStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";
import type { SignTerms } from "./node-port.ts";
import type { KeyNodes } from "./nodes.ts";
import { isOutcomeOf } from "./outcome.ts";
import { submitSaid } from "./said.ts";

export type Said = KeyNodeMethods["sign"]["result"];

/** One try at a request, with these signers. */
export interface Round {
  readonly stream: string;
  readonly request: KeyRequest;
  readonly key: Key;
  readonly epoch: Epoch;
  /** Indices, growing: the first of them leads. */
  readonly signers: readonly number[];
  readonly terms: SignTerms;
}

export interface Recorded {
  readonly isDone: boolean;
  /** Indices of those that have said that they take no part, or what is not so. */
  readonly unable: number[];
  readonly unfit?: Refusal | undefined;
}

export interface RecordingDeps {
  readonly ledger: Ledger;
  readonly nodes: Pick<KeyNodes, "of">;
  readonly views: Pick<ViewsStore, "putDetail">;
}

/** What is no statement is none of it; the ledger says why. */
export const isCompletion = ({ statement }: Said): boolean => {
  try {
    return statement !== "" && parseStatement(statement).statement.kind === completed.name;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

export const createRecording = ({ ledger, nodes, views }: RecordingDeps) => {
  /** Keeps what a leader says came of it, if it is what was asked for. @throws Refusal key-node.outcome */
  const keepOutcome = async (round: Round, node: string, { statement, detail }: Said): Promise<void> => {
    const { key, request, terms } = round;
    const said = completed.payload.safeParse(parseStatement(statement).statement.payload).data;
    const fits =
      said !== undefined &&
      detail !== undefined &&
      digestOf(detail) === said.detail &&
      (await isOutcomeOf(key, request, terms.details[request.detail], said.signers, detail));
    if (!fits) throw refuse("key-node.outcome", { node, request: request.id });
    // Text first: what the ledger acknowledges must be readable after any crash.
    await views.putDetail(said.detail, canonical(detail));
  };

  const submit = async (round: Round, node: string, first: Said): Promise<void> => {
    const { stream, signers, terms } = round;
    let known: Said | undefined = first;
    const say = async (): Promise<string> => {
      const said = known ?? (await nodes.of(node).sign(stream, signers, terms));
      known = undefined;
      if (isCompletion(said)) await keepOutcome(round, node, said);
      return said.statement;
    };
    await submitSaid(ledger, say, () => streamOf(ledger.world, keyRequest, stream)?.state.status === "pending");
  };

  /** @param said by each of the signers, until one has said that it is done; nothing of whom nobody waits for */
  return async (round: Round, said: readonly (Said | undefined)[]): Promise<Recorded> => {
    const unable: number[] = [];
    let unfit: Refusal | undefined;
    for (const [i, one] of said.entries()) {
      const index = round.signers[i] ?? 0;
      if (!one || one.statement === "") continue;
      const isDone = isCompletion(one);
      try {
        // Only the leader's completion is one.
        if (i === 0 || !isDone) await submit(round, round.epoch.participants[index - 1] ?? "", one);
        if (i === 0 && isDone) return { isDone, unable };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        unfit ??= error;
      }
      unable.push(index);
    }
    return { isDone: false, unable, unfit };
  };
};
