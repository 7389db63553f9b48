/** Transactions that may be joined, and what has to wait for the commit. */
import { type Kysely, sql, type Transaction } from "kysely";
import { kindOf } from "./open.ts";

/** By executor, which `$extendTables` and the like share with the transaction they came from. */
const hooks = new WeakMap<object, (() => void)[]>();

/**
 * Runs `work` in a transaction: in the caller's when `db` is one already, else in its own. Inside, only the given
 * transaction may be used: SQLite has one connection, and a query on the database itself would wait for ever.
 */
export const transaction = async <T, R>(
  db: Kysely<T> | Transaction<T>,
  work: (tx: Transaction<T>) => Promise<R>,
): Promise<R> => {
  if (isTransaction(db)) return await work(db);
  const waiting: (() => void)[] = [];
  const result = await db.transaction().execute(async (tx) => {
    hooks.set(tx.getExecutor(), waiting);
    return await work(tx);
  });
  for (const hook of waiting) hook();
  return result;
};

/**
 * A transaction of what can be computed again, at once: nobody waits for the disk. A power cut may undo it, but only
 * whole and with all that came after it; whatever is committed by `transaction` later makes it durable too.
 */
export const recomputable = <T, R>(db: Kysely<T>, work: (tx: Transaction<T>) => Promise<R>): Promise<R> =>
  kindOf(db) === "postgres"
    ? transaction(db, async (tx) => {
        await sql`set local synchronous_commit = off`.execute(tx);
        return work(tx);
      })
    : db.connection().execute(async (own) => {
        await sql`pragma synchronous = normal`.execute(own);
        try {
          return await transaction(own, work);
        } finally {
          await sql`pragma synchronous = full`.execute(own);
        }
      });

/**
 * Calls `hook` once what was written is there for others to read: after the commit, or at once outside a transaction.
 * Never after a rollback.
 * @throws Error in a transaction that was not begun with `transaction`
 */
export const afterCommit = <T>(db: Kysely<T>, hook: () => void): void => {
  if (!isTransaction(db)) {
    hook();
    return;
  }
  const waiting = hooks.get(db.getExecutor());
  if (!waiting) throw new Error("this transaction was not begun with transaction()");
  waiting.push(hook);
};

const isTransaction = <T>(db: Kysely<T>): db is Transaction<T> => db.isTransaction;

/** Whether a statement failed because a unique value was there already, on either database. */
export const isDuplicate = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // PostgreSQL unique_violation; SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY.
  return code === "23505" || errcode === 2067 || errcode === 1555;
};
