/** Puts on the ledger what nodes say of a request, once it is seen to be so. */
import type { z } from "zod";
import { toHex } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import { replayable } from "../evidence/export.ts";
import { requireLawful } from "../evidence/lawful.ts";
import type { KeyNodeMethods } from "../keynode/protocol/messages.ts";
import type { Ledger } from "../ledger/port.ts";
import { completed, failed, keyRequest } from "../rules/key-request.ts";
import type { KeyRequest } from "../rules/key-request-state.ts";
import type { Epoch, Key } from "../rules/key-state.ts";
import { advance, emptyWorld, streamOf, type World } from "../rules/world.ts";
import type { ViewsStore } from "../spine/views-store.ts";
import { digestOf } from "../trust/digest.ts";
import { openCheckpoint } from "../trust/log/checkpoint.ts";
import { parseStatement } from "../trust/statement.ts";
import { answered } from "./answered.ts";
import { refuse } from "./errors.ts";
import type { Details } from "./node-port.ts";
import type { KeyNodes } from "./nodes.ts";
import { isOutcomeOf } from "./outcome.ts";
import { requireSaid, submitSaid } from "./said.ts";
import { takeTurns } from "./turns.ts";

export type Said = KeyNodeMethods["sign"]["result"];

/** One try at a request, with these signers. */
export interface Round {
  readonly stream: string;
  readonly request: KeyRequest;
  readonly key: Key;
  readonly epoch: Epoch;
  /** Indices, growing: the first of them leads. */
  readonly signers: readonly number[];
  readonly details: Details;
  /** Milliseconds that they are waited for. */
  readonly patience: number;
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

type CompletedPayload = z.output<typeof completed.payload>;

/** By the signers and with the shares that were asked. */
const isOf = ({ epoch, signers }: Round, said: CompletedPayload): boolean =>
  said.epoch === epoch.epoch && said.signers.join() === signers.join();

const allows = (world: World, time: number, stream: string, said: CompletedPayload): boolean => {
  try {
    requireLawful(world, time, stream, said);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

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
  const keepOutcome = async (
    round: Round,
    node: string,
    said: CompletedPayload | undefined,
    detail: unknown,
  ): Promise<void> => {
    const { key, request, details } = round;
    const fits =
      said !== undefined &&
      isOf(round, said) &&
      (await isOutcomeOf(key, request, details[request.detail], said.signers, detail)) &&
      digestOf(detail) === said.detail &&
      (await isLawful(round, said));
    if (!fits) throw refuse("key-node.outcome", { node, request: request.id });
    // Text first: what the ledger acknowledges must be readable after any crash.
    await views.putDetail(said.detail, canonical(detail));
  };

  /** They judged by this ledger, and by that they might sign: as whoever verifies the evidence has it. */
  const isLawful = async ({ stream, request, key }: Round, said: CompletedPayload): Promise<boolean> => {
    const { size, root } = said.checkpoint;
    if (size > ledger.size) return false;
    if (toHex(openCheckpoint(ledger.checkpoint(size), ledger.verifierKey).root) !== root) return false;
    const isStill = (one: string) => (ledger.positions(one).at(-1) ?? size) < size;
    const [newest] = ledger.leaves(size - 1, size);
    // Since then nothing has moved that it depends on.
    const isAsNow = [stream, request.key, key.group].every(isStill);
    if (isAsNow && allows(ledger.world, newest?.time ?? 0, stream, said)) return true;
    let [world, time] = [emptyWorld, 0];
    const turn = takeTurns();
    for (const entry of await replayable(ledger, stream, size)) {
      time = entry.time;
      world = advance(world, parseStatement(entry.jws), time, true).world;
      await turn();
    }
    return allows(world, time, stream, said);
  };

  const submit = async (round: Round, node: string, first: Said): Promise<void> => {
    const { stream, signers, details, patience } = round;
    const end = performance.now() + patience;
    let known: Said | undefined = first;
    /** The payload that was seen to be so: said once more, over a stream that has moved on, it still is. */
    let seen = "";
    const say = async (): Promise<string> => {
      const { statement, detail } =
        known ?? (await answered(nodes.of(node).sign(stream, signers, details), end - performance.now()));
      known = undefined;
      // Whoever has said something has something to say.
      if (statement === "") throw refuse("key-node.answer", { node });
      const { kind, payload } = requireSaid(statement, { node, stream, kinds: [completed.name, failed.name] });
      if (kind === failed.name) return statement;
      const said = completed.payload.safeParse(payload).data;
      const whole = JSON.stringify(said);
      if (whole !== seen) await keepOutcome(round, node, said, detail);
      seen = whole;
      return statement;
    };
    // What was signed while a withdrawal was on its way is signed: the ledger is to have it.
    await submitSaid(ledger, say, () => !streamOf(ledger.world, keyRequest, stream)?.state.completed);
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
