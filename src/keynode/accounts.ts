/** What keys have spent, as far as this node took part (policy/spending.ts), in its store. */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { type Account, NOTHING_SPENT } from "../policy/spending.ts";
import type { Store } from "./store.ts";

const rowOf = (key: string) => `spent/${key}`;

/**
 * @param sealed resolves when the ledger that was followed so far is durable: an account lets go of what was spent long
 *   before its ledger's time, and one that this node could still unsee may have any time
 */
export const createAccounts = (store: Store, sealed: () => Promise<void>) => {
  /** Those that are counted, and not in the store yet. */
  const fresh = new Map<string, Account>();

  return {
    /** @param key stream id */
    of(key: string): Account {
      const counted = fresh.get(key);
      if (counted) return counted;
      const row = store.get(rowOf(key));
      return row ? (JSON.parse(fromUtf8(row)) as Account) : NOTHING_SPENT;
    },
    /**
     * Counts from now on.
     * @param limits whether anything depends on it: then, when it resolves, it is durable beyond any rollback
     */
    async set(key: string, account: Account, limits: boolean): Promise<void> {
      fresh.set(key, account);
      await sealed();
      const row = utf8(canonical(account));
      const written = limits ? store.put(rowOf(key), row) : store.putSoon(rowOf(key), row);
      if (fresh.get(key) === account) fresh.delete(key);
      await written;
      if (limits) await store.anchor();
    },
  };
};
export type Accounts = ReturnType<typeof createAccounts>;
