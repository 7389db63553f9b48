/** What keys have spent, as far as this node took part (policy/spending.ts), in its store. */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { type Account, NOTHING_SPENT } from "../policy/spending.ts";
import type { Store } from "./store.ts";

const rowOf = (key: string) => `spent/${key}`;

export const createAccounts = (store: Store) => ({
  /** @param key stream id */
  of(key: string): Account {
    const row = store.get(rowOf(key));
    return row ? (JSON.parse(fromUtf8(row)) as Account) : NOTHING_SPENT;
  },
  /**
   * Counts from now on.
   * @param limits whether anything depends on it: then, when it resolves, it is durable beyond any rollback
   */
  async set(key: string, account: Account, limits: boolean): Promise<void> {
    const row = utf8(canonical(account));
    if (!limits) return store.putSoon(rowOf(key), row);
    await store.put(rowOf(key), row);
    await store.anchor();
  },
});
export type Accounts = ReturnType<typeof createAccounts>;
