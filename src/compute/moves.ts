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

  const moved = (id: string): Model | Source | undefined => {
    const state = streamOf(ledger.world, sourceBook, id)?.state ?? streamOf(ledger.world, modelBook, id)?.state;
    return state?.envelope && !state.withdrawn && state.places.size > 0 ? state : undefined;
  };

  /** What is to be held by an enclave here, and is not. @throws whatever the enclave says */
  const missingIn = async (enclave: string): Promise<string[]> => {
    const here = [...ledger.world.streams.keys()].filter((id) => moved(id)?.enclave === enclave);
    if (here.length === 0) return [];
    const { holdings } = await fleet.of(enclave).holdings();
    const known = new Map(holdings.map(({ resource, envelope, held }) => [`${resource} ${envelope}`, held]));
    return here.filter((id) => {
      const state = moved(id);
      // A source is held whatever its envelope, a model in this very version.
      const held = known.get(`${id} `) ?? known.get(`${id} ${state?.envelope?.digest}`);
      return !(held ?? state?.origin === enclave);
    });
  };

  /** From where it began, each to the one that it was released to, to where it belongs. */
  const carry = async (id: string, hostOf: (enclave: string) => Promise<EnclaveHost>): Promise<void> => {
    const statements = (until: number) => replayable(ledger, id, until);
    const state = moved(id);
    // Everywhere there and back: more ways there are not.
    for (let at = state?.origin ?? "", step = 0; state && step <= 2 * state.places.size; step++) {
      const { to, size, release } = await (await hostOf(at)).release(id, statements);
      await (await hostOf(to)).adopt(id, { from: at, size, release }, statements);
      if (to === state.enclave) return;
      at = to;
    }
  };

  /** Former enclaves run for as long as there is something to be had of them. */
  const carryAll = async (): Promise<boolean> => {
    const opened = new Map<string, Promise<EnclaveHost>>();
    const hostOf = (enclave: string): Promise<EnclaveHost> => {
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
        if (!whole) setTimeout(wake, pause).unref();
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
      detach();
      await pass;
    },
  };
};
