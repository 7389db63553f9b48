/**
 * What keys have spent, as far as this node took part (policy/spending.ts), in its store. The requests that were counted
 * lie in rows of their own, several of them: of a thousand that are remembered, one more writes few anew.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { type Account, type Counted, NOTHING_SPENT, newestCounted } from "../policy/spending.ts";
import type { Store } from "./store.ts";

const rowOf = (key: string) => `spent/${key}`;
/** Of the requests whose streams begin alike. */
const requestsRowOf = (key: string, request: string) => `counted/${key}/${request.slice(0, 1)}`;

/** Accounts that are kept in memory, too: those of the keys that signed last. */
const MAX_KEPT = 64;

const read = <T>(row: Uint8Array | undefined): T | undefined => row && (JSON.parse(fromUtf8(row)) as T);
const write = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

/**
 * @param sealed resolves when the ledger that was followed so far is durable: an account lets go of what was spent long
 *   before its ledger's time, and one that this node could still unsee may have any time
 */
export const createAccounts = (store: Store, sealed: () => Promise<void>) => {
  /** Those that are counted, and not in the store yet. */
  const fresh = new Map<string, Account>();
  /** As the store has them. */
  const kept = new Map<string, Account>();

  const keep = (key: string, account: Account): void => {
    kept.delete(key);
    kept.set(key, account);
    for (const oldest of kept.keys()) if (kept.size > MAX_KEPT) kept.delete(oldest);
  };
  const load = (key: string): Account => {
    const series = read<Account["series"]>(store.get(rowOf(key)));
    if (!series) return NOTHING_SPENT;
    const rows = store.names(requestsRowOf(key, "")).map((name) => read<Counted[]>(store.get(name)) ?? []);
    return { series, requests: newestCounted(rows.flat()) };
  };

  return {
    /** @param key stream id */
    of(key: string): Account {
      const known = fresh.get(key) ?? kept.get(key);
      if (known) return known;
      const loaded = load(key);
      keep(key, loaded);
      return loaded;
    },
    /**
     * Counts from now on.
     * @param request which is counted: its stream
     * @param limits whether anything depends on it: then, when it resolves, it is durable beyond any rollback
     */
    async set(key: string, request: string, account: Account, limits: boolean): Promise<void> {
      fresh.set(key, account);
      await sealed();
      const row = requestsRowOf(key, request);
      const beside = account.requests.filter(([one]) => requestsRowOf(key, one) === row);
      const changes = new Map([
        [rowOf(key), write(account.series)],
        [row, write(beside)],
      ]);
      const written = limits ? store.write(changes) : store.writeSoon(changes);
      keep(key, account);
      if (fresh.get(key) === account) fresh.delete(key);
      await written;
      if (limits) await store.anchor();
    },
  };
};
export type Accounts = ReturnType<typeof createAccounts>;
