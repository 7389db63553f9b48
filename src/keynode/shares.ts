/**
 * Shares in the store. What a run has made is a candidate until the ledger says that all have said so; shares of an
 * epoch are erased when the ledger shows that another took its place, and never before: whatever is killed at whatever
 * moment, the epoch that the ledger has is the one that can sign (docs/protocols/key-node.md section 5).
 */
import { toHex } from "../base/bytes.ts";
import { DAY } from "../base/clock.ts";
import { decodePlain, encodePlain } from "../mpc/codec.ts";
import type { KeyShare } from "../mpc/key-share.ts";
import type { PlainRecord } from "../mpc/protocol.ts";
import { type Attempt, epochOf, type Key, type Made, stateOf } from "../rules/key-state.ts";
import type { Agreement } from "./agreement.ts";
import type { Store } from "./store.ts";

/** What one run made, as this node keeps it. */
export interface Candidate {
  /** Digest of the statement that asked for it. */
  readonly request: string;
  /** Of the run, hex. */
  readonly run: string;
  readonly share: KeyShare;
}

/** What the ledger is told of a share. */
export const madeOf = ({ publicKey, verifyingShares, chainCode }: KeyShare): Made => ({
  publicKey: toHex(publicKey),
  verifyingShares: Object.fromEntries(Object.entries(verifyingShares).map(([index, point]) => [index, toHex(point)])),
  chainCode: toHex(chainCode),
});

const sameMade = (a: Made, b: Made): boolean =>
  a.publicKey === b.publicKey &&
  a.chainCode === b.chainCode &&
  Object.keys(a.verifyingShares).length === Object.keys(b.verifyingShares).length &&
  Object.entries(a.verifyingShares).every(([index, point]) => b.verifyingShares[index] === point);

export interface Shares {
  /** What this node made in an attempt: what the others have said already, or in this run as long as nobody has said any. */
  candidate(key: string, attempt: Attempt, run: string): Candidate | undefined;
  /** Durable when it resolves, beyond any rollback. */
  keep(key: string, candidate: Candidate): Promise<void>;
  /** The node's share of the epoch that the ledger has; undefined where it has none. */
  current(stream: string, key: Key): KeyShare | undefined;
  /**
   * Erases what the ledger says is no more: shares of epochs before, of attempts that came to nothing, of deleted keys.
   * @param time by which deletion is judged, milliseconds: erased shares never come back
   * @param agreed what the others see; asked where there is something to erase
   * @returns false where they do not see the same: everything is kept
   */
  settle(stream: string, key: Key, time: number, agreed: () => Promise<Agreement>): Promise<boolean>;
  /** Keys of which there is any share. */
  keys(): string[];
}

/** Milliseconds after which shares of a deleted key go though a holder cannot be asked: it may be gone for good. */
const GONE = 30 * DAY;

const PREFIX = "share/";
const rowsOf = (key: string) => `${PREFIX}${key}/`;
/** By what asked for it, too: no run of another attempt takes the place of one that is about to be erased. */
const rowOf = (key: string, { share, request, run }: Candidate) =>
  `${rowsOf(key)}${String(share.epoch).padStart(7, "0")}/${request}/${run}`;

export const createShares = (store: Store): Shares => {
  const read = (row: string): Candidate | undefined => {
    const value = store.get(row);
    return value && (decodePlain(value) as PlainRecord & Candidate);
  };
  const candidatesOf = (key: string) =>
    store.names(rowsOf(key)).flatMap((row) => {
      const candidate = read(row);
      return candidate ? [{ row, candidate }] : [];
    });
  const isCurrent = ({ share }: Candidate, key: Key): boolean => {
    const epoch = epochOf(key);
    const { publicKey, chainCode } = key;
    return (
      epoch !== undefined &&
      share.epoch === epoch.epoch &&
      sameMade(madeOf(share), { publicKey, chainCode, verifyingShares: epoch.verifyingShares })
    );
  };
  /** Whether the ledger may yet make it the key's. */
  const isAwaited = ({ request, share }: Candidate, { attempt }: Key): boolean =>
    attempt !== undefined && attempt.request === request && attempt.epoch === share.epoch;

  return {
    candidate: (key, { request, epoch, made }, run) =>
      candidatesOf(key)
        .map(({ candidate }) => candidate)
        .filter((one) => one.request === request && one.share.epoch === epoch)
        .find((one) => (made ? sameMade(madeOf(one.share), made) : one.run === run)),
    async keep(key, candidate) {
      await store.put(rowOf(key, candidate), encodePlain(candidate as PlainRecord & Candidate));
      await store.anchor();
    },
    current: (stream, key) => candidatesOf(stream).find(({ candidate }) => isCurrent(candidate, key))?.candidate.share,
    async settle(stream, key, time, agreed) {
      const deleted = stateOf(key, time) === "deleted";
      const over = candidatesOf(stream).filter(
        ({ candidate }) => deleted || !(isCurrent(candidate, key) || isAwaited(candidate, key)),
      );
      if (over.length === 0) return true;
      const word = await agreed();
      const isEnough = word === "same" || (word === "silent" && deleted && time >= key.deletion + GONE);
      if (!isEnough) return false;
      await store.write(new Map(over.map(({ row }) => [row, undefined])));
      await store.anchor();
      return true;
    },
    keys: () => [...new Set(store.names(PREFIX).map((row) => row.split("/")[1] ?? ""))],
  };
};
