/**
 * Carries what members have moved from the enclave that holds it to the one that is to have it, sealed from the one to
 * the other. The ledger is the queue: what is moved to an enclave that runs here and is not held there yet.
 */
import { replayable } from "../evidence/export.ts";
import type { Ledger } from "../ledger/port.ts";
import { type Model, model as modelBook } from "../rules/model.ts";
import { type Source, source as sourceBook } from "../rules/source.ts";
import { streamOf } from "../rules/world.ts";
import type { EnclaveHost } from "./enclave-host.ts";
import type { Fleet } from "./fleet.ts";
import type { FormerPrograms } from "./former-programs.ts";

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 10 * 60_000;

export interface MovesOptions {
  readonly ledger: Ledger;
  readonly fleet: Pick<Fleet, "of" | "streams">;
  readonly former: Pick<FormerPrograms, "open">;
  /** @param about stream of what was to be handed over, or of the enclave that does not say what it holds */
  readonly onError: (about: string, error: unknown) => void;
}

export const createMoves = ({ ledger, fleet, former, onError }: MovesOptions) => {
  let stopped = false;
  let detach: () => void = () => undefined;
  let pass: Promise<void> | undefined;
  let again = false;
  let pause = FIRST_RETRY;
  let retry: NodeJS.Timeout | undefined;

  const moved = (id: string): Model | Source | undefined => {
    const state = streamOf(ledger.world, sourceBook, id)?.state ?? streamOf(ledger.world, modelBook, id)?.state;
    return state?.envelope && !state.withdrawn && state.places.size > 0 ? state : undefined;
  };

  /** Those that an enclave here does not hold. @throws whatever the enclave says */
  const notHeld = async (enclave: string, ids: readonly string[]): Promise<string[]> => {
    if (ids.length === 0) return [];
    const { holdings } = await fleet.of(enclave).holdings();
    const known = new Map(holdings.map(({ resource, envelope, held }) => [`${resource} ${envelope}`, held]));
    return ids.filter((id) => {
      const state = moved(id);
      // A source is held whatever its envelope, a model in this very version.
      const held = known.get(`${id} `) ?? known.get(`${id} ${state?.envelope?.digest}`);
      return !(held ?? state?.origin === enclave);
    });
  };

  const missingIn = (enclave: string): Promise<string[]> =>
    notHeld(
      enclave,
      [...ledger.world.streams.keys()].filter((id) => moved(id)?.enclave === enclave),
    );

  type HostOf = (enclave: string) => Promise<EnclaveHost>;

  /** From an enclave that had it, each to the one that it was released to, until it is held where it belongs. */
  const carryFrom = async (start: string, id: string, hostOf: HostOf): Promise<void> => {
    const statements = (until: number) => replayable(ledger, id, until);
    const state = moved(id);
    // Everywhere there and back: more ways there are not.
    for (let at = start, step = 0; state && step <= 2 * state.places.size; step++) {
      const { to, size, release } = await (await hostOf(at)).release(id, statements);
      await (await hostOf(to)).adopt(id, { from: at, size, release }, statements);
      // It may have been there before, and on its way elsewhere when it was moved back.
      if (to === state.enclave && (await notHeld(to, [id])).length === 0) return;
      at = to;
    }
  };

  /** Whoever had it knows where it went: those before may be there no more. The one that it began at comes last. */
  const carry = async (id: string, hostOf: HostOf): Promise<void> => {
    const state = moved(id);
    if (!state) return;
    const here = new Set(fleet.streams());
    const others = [...state.places.keys()].filter((one) => one !== state.origin);
    const starts = [...others.filter((one) => here.has(one)), ...others.filter((one) => !here.has(one)), state.origin];
    let refused: unknown;
    for (const start of starts) {
      refused = undefined;
      await carryFrom(start, id, hostOf).catch((error: unknown) => {
        refused = error;
      });
      if (refused === undefined) return;
    }
    throw refused;
  };

  /** Former enclaves run for as long as there is something to be had of them. */
  const carryAll = async (): Promise<boolean> => {
    const opened = new Map<string, Promise<EnclaveHost>>();
    const hostOf: HostOf = (enclave) => {
      if (fleet.streams().includes(enclave)) return Promise.resolve(fleet.of(enclave));
      const host = opened.get(enclave) ?? former.open(enclave);
      opened.set(enclave, host);
      return host;
    };
    let whole = true;
    try {
      const failed = (about: string) => (error: unknown) => {
        whole = false;
        onError(about, error);
      };
      for (const enclave of fleet.streams())
        for (const id of (await missingIn(enclave).catch(failed(enclave))) ?? [])
          if (!stopped) await carry(id, hostOf).catch(failed(id));
    } finally {
      for (const host of opened.values()) await host.then((one) => one.stop()).catch(() => undefined);
    }
    return whole;
  };

  const wake = (): void => {
    again = true;
    pass ??= (async () => {
      while (again && !stopped) {
        again = false;
        const whole = await carryAll();
        // One timer, however often it was woken meanwhile.
        clearTimeout(retry);
        if (!whole && !stopped) retry = setTimeout(wake, pause).unref();
        pause = whole ? FIRST_RETRY : Math.min(pause * 2, LONGEST_RETRY);
      }
    })().finally(() => {
      pass = undefined;
    });
  };

  return {
    start() {
      let size = ledger.size;
      wake();
      detach = ledger.onDurable((now) => {
        const changed = ledger.streamsBetween(size, now);
        size = now;
        if ([...changed].some(moved)) wake();
      });
    },
    async stop() {
      stopped = true;
      clearTimeout(retry);
      detach();
      await pass;
    },
  };
};
