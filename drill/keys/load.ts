/** Requests for signatures of several keys, whatever happens to nodes and server. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { requestSignatures, type Treasury, type TreasuryKey } from "../../test/support/treasury.ts";
import type { Memory } from "./record.ts";

const WORKERS = 6;
const POLL = 60;
/** Digests in one request, at most. */
const DIGESTS = 3;

export interface Load {
  /** Requests that have ended. */
  readonly ended: number;
  /** No new requests; resolves when those that were acknowledged have ended, or after so many milliseconds. */
  finish(patience: number): Promise<void>;
}

/** A request, and its end. @param late whether nobody waits any longer */
export const signOnce = async (treasury: Treasury, key: TreasuryKey, memory: Memory, late: () => boolean) => {
  const digests = Array.from({ length: 1 + Math.floor(Math.random() * DIGESTS) }, () =>
    randomBytes(32).toString("hex"),
  );
  const created = await memory.attempt(() => requestSignatures(treasury, key.stream, digests));
  if (!created) return undefined;
  const { stream } = created.resource;
  memory.acknowledged(stream, { key: key.stream, digests });
  for (;;) {
    const found = await memory.attempt(() => treasury.party.client.keyRequests.get({ id: stream }));
    if (found?.signatures) memory.shown(stream, found.signatures);
    if (found && found.state !== "pending") return found.state;
    // What never ends is found when everything is looked at.
    if (late()) return "pending";
    await sleep(POLL);
  }
};

export const startLoad = (treasury: Treasury, keys: readonly TreasuryKey[], memory: Memory): Load => {
  let stopping = false;
  let ended = 0;
  let deadline = Number.POSITIVE_INFINITY;
  const late = () => performance.now() > deadline;
  const work = async (worker: number): Promise<void> => {
    for (let turn = worker; !stopping; turn++) {
      const key = keys[turn % keys.length] as TreasuryKey;
      if ((await signOnce(treasury, key, memory, late)) === undefined) await sleep(POLL);
      else ended++;
    }
  };
  const workers = Array.from({ length: WORKERS }, (_, worker) => work(worker));
  return {
    get ended() {
      return ended;
    },
    async finish(patience) {
      stopping = true;
      deadline = performance.now() + patience;
      await Promise.all(workers);
    },
  };
};
