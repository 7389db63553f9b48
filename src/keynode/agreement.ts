/**
 * Whether the other holders of a key see its shares as this node does (docs/protocols/key-node.md section 4). A ledger
 * that was forked can show one node that an attempt failed and another that it came off; each would erase what the
 * other keeps, and the shares that are left would never go together. So nobody erases before all holders agree.
 */
import { equal, fromUtf8, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { Refusal } from "../base/refusal.ts";
import { epochOf, type Key, keyStreams, participantsOf } from "../rules/key-state.ts";
import type { History } from "./history.ts";
import type { Peers } from "./peers/peers.ts";
import type { Witness } from "./witness.ts";

export interface AgreementDeps {
  /** Stream id of this node. */
  readonly node: string;
  readonly peers: Pick<Peers, "ask" | "answer">;
  readonly witness: Pick<Witness, "known">;
  readonly history: Pick<History, "tell" | "isForked" | "isBehind">;
}

/** Who is silent cannot be asked. One that differs keeps everything, for as long as it can be asked. */
export type Agreement = "same" | "silent" | "differs";

const TOPIC = "key-epoch";
/** Milliseconds for an answer. */
const WITHIN = 2_000;

/** Also whose program is older than the question. */
const isAway = (error: unknown): boolean =>
  error instanceof Refusal &&
  (["peer.unreachable", "peer.unknown"].includes(error.code) ||
    (error.code === "peer.refused" && error.details.code === "peer.topic"));

/** What decides which shares are the key's. */
const viewOf = (key: Key | undefined): Uint8Array =>
  utf8(
    canonical(
      key
        ? {
            ...{ epoch: epochOf(key)?.epoch ?? 0, attempt: key.attempt?.request ?? "" },
            ...(key.deletion > 0 && { deletion: key.deletion }),
          }
        : {},
    ),
  );

export const createAgreement = ({ node, peers, witness, history }: AgreementDeps) => {
  peers.answer(TOPIC, async (from, stream) => {
    const key = witness.known(keyStreams, fromUtf8(stream));
    history.tell([from]);
    // Of a key that it never had a part in a node learns nothing; one that was put out has shares to erase.
    const holds = key?.epochs.some(({ participants }) => participants.includes(from));
    return viewOf(holds ? key : undefined);
  });

  /** What all who hold shares of the key now say of it, as against what this node was shown. */
  return async (stream: string, key: Key): Promise<Agreement> => {
    const own = viewOf(key);
    const others = participantsOf(key).filter((other) => other !== node);
    history.tell(others);
    const answers = await Promise.allSettled(
      others.map((other) => peers.ask(other, TOPIC, utf8(stream), { within: WITHIN, lane: "urgent" })),
    );
    const isOther = (answer: PromiseSettledResult<Uint8Array>) =>
      answer.status === "fulfilled" ? !equal(answer.value, own) : !isAway(answer.reason);
    if (others.some(history.isForked) || answers.some(isOther)) return "differs";
    const isHeard = answers.every(({ status }) => status === "fulfilled") && !others.some(history.isBehind);
    return isHeard ? "same" : "silent";
  };
};
