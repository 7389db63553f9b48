/**
 * The node's own world: what the rulebooks make of the statements it was shown, every signature verified. It keeps it,
 * so that only what it lacks is shown. A rule that looks up another stream sees it as it stood at its own statement's
 * place on the ledger; and since the follower knows every leaf, it sees all of that, or the statement is not taken
 * (docs/protocols/key-node.md section 2).
 */
import { lazyMap } from "../rules/persistent-map.ts";
import type { Named, StreamState } from "../rules/rulebook.ts";
import { advance, type World } from "../rules/world.ts";
import { refuse as refuseOrder } from "../tee/errors.ts";
import { type Follower, link } from "../tee/follower.ts";
import type { PlacedStatement } from "../tee/protocol/messages.ts";
import { parseStatement } from "../trust/statement.ts";
import { refuse } from "./errors.ts";

/** A stream as far as it was shown. */
interface Timeline {
  /** Over its leaves: the follower's, where it was shown to its end. */
  readonly chain: string;
  /** Its states, each with the place on the ledger of the statement that made it. */
  readonly versions: readonly { readonly index: number; readonly state: StreamState }[];
}

export interface Witness {
  /**
   * Takes statements, in the ledger's order; those that it has are passed over. All of one call count, or none.
   * @returns the streams that have moved
   * @throws Refusal keynode.statements where one is missing, or whatever the rules say
   */
  show(statements: readonly PlacedStatement[]): string[];
  /**
   * A stream as it stands; undefined where the ledger has none.
   * @throws Refusal keynode.statements unless it was shown to its end, as far as the ledger was followed
   */
  stream<S>(book: Named<S>, id: string): StreamState<S> | undefined;
  /** Whether a stream was shown to its end, as far as the ledger was followed. */
  isWhole(id: string): boolean;
  /** As far as it was shown: for what a stream says of itself and its end does not change. */
  known<S>(book: Named<S>, id: string): S | undefined;
  /** Lets go of a stream that is needed no more. */
  forget(id: string): void;
}

export const createWitness = (follower: Pick<Follower, "chainOf">): Witness => {
  const streams = new Map<string, Timeline>();
  /** Whose the ids (K…, R…) of founding statements are. */
  const ids = new Map<string, string>();

  /** What one call adds: it counts when all is there that was looked up. */
  const begin = () => {
    const changed = new Map<string, Timeline>();
    const claimed = new Map<string, string>();
    const looked = new Set<string>();

    /** The world as it stood before a place on the ledger. */
    const worldBefore = (index: number): World => ({
      streams: lazyMap((id) => {
        looked.add(id);
        return (changed.get(id) ?? streams.get(id))?.versions.findLast((version) => version.index < index)?.state;
      }),
      ids: lazyMap((id) => claimed.get(id) ?? ids.get(id)),
    });

    return {
      take({ index, time, jws }: PlacedStatement) {
        const signed = parseStatement(jws);
        const id = signed.statement.stream || signed.digest;
        const before = changed.get(id) ?? streams.get(id);
        if (before?.versions.some((version) => version.index === index && version.state.head === signed.digest)) return;
        const { stream, world } = advance(worldBefore(index), signed, time);
        const leaf = { seq: stream.length - 1, statement: signed.digest, stream: id, time };
        const chain = link(before?.chain ?? "", index, leaf);
        changed.set(id, { chain, versions: [...(before?.versions ?? []), { index, state: stream }] });
        for (const claim of world.ids.keys()) claimed.set(claim, id);
      },
      commit() {
        for (const id of [...changed.keys(), ...looked])
          if ((changed.get(id) ?? streams.get(id))?.chain !== follower.chainOf(id))
            throw refuse("keynode.statements", { stream: id });
        for (const [id, timeline] of changed) streams.set(id, timeline);
        for (const [id, stream] of claimed) ids.set(id, stream);
        return [...changed.keys()];
      },
    };
  };

  return {
    show(statements) {
      const call = begin();
      let last = { index: -1, time: 0 };
      for (const placed of statements) {
        if (placed.index <= last.index || placed.time < last.time)
          throw refuseOrder("enclave.statement.hidden", { index: placed.index });
        last = placed;
        call.take(placed);
      }
      return call.commit();
    },
    stream<S>({ name }: Named<S>, id: string) {
      const timeline = streams.get(id);
      if (timeline?.chain !== follower.chainOf(id)) throw refuse("keynode.statements", { stream: id });
      const state = timeline?.versions.at(-1)?.state;
      return state?.book === name ? (state as StreamState<S>) : undefined;
    },
    isWhole: (id) => streams.get(id)?.chain === follower.chainOf(id),
    known<S>({ name }: Named<S>, id: string) {
      const state = streams.get(id)?.versions.at(-1)?.state;
      return state?.book === name ? (state.state as S) : undefined;
    },
    forget(id) {
      streams.delete(id);
      for (const [claim, stream] of ids) if (stream === id) ids.delete(claim);
    },
  };
};
