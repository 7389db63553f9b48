/** Who may see what. What may not be seen answers exactly as what does not exist. */
import type { Ledger } from "../ledger/port.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import type { Rulebook, StreamState } from "../rules/rulebook.ts";
import { streamOf } from "../rules/world.ts";
import { refuse } from "./errors.ts";
import type { ViewsStore } from "./views-store.ts";

/** Whoever asks: an account of the platform and, once founded, the member it acts for (stream id). */
export interface Asker {
  readonly accountId: string | null;
  readonly member: string | null;
}

/** @throws Refusal organisation.required */
export const requireMember = ({ member }: Asker): string => {
  if (!member) throw refuse("organisation.required");
  return member;
};

export interface Readable<S> {
  readonly id: string;
  readonly stream: StreamState<S>;
  readonly state: S;
}

export const createAccess = ({ ledger, views }: { ledger: Ledger; views: ViewsStore }) => {
  /** The stream of a resource id or stream id, whoever asks; undefined where there is none. */
  const resolve = (id: string): string | undefined =>
    ledger.world.ids.get(id) ?? (ledger.world.streams.has(id) ? id : undefined);

  return {
    resolve,
    /** @throws Refusal stream.unknown where there is none or it may not be seen */
    async read<S>(asker: Asker, book: Rulebook<S>, id: string): Promise<Readable<S>> {
      const found = resolve(id);
      const stream = found && streamOf(ledger.world, book, found);
      if (!found || !stream || !asker.member || !(await views.isVisible(found, asker.member)))
        throw refuseRule("stream.unknown", { id });
      return { id: found, stream, state: stream.state };
    },
    /** For lists: streams that the list has found visible already. */
    state<S>(book: Rulebook<S>, ids: readonly string[]): Readable<S>[] {
      return ids.flatMap((id) => {
        const stream = streamOf(ledger.world, book, id);
        return stream ? [{ id, stream, state: stream.state }] : [];
      });
    },
  };
};
export type Access = ReturnType<typeof createAccess>;
