/**
 * What a key node keeps beside its sealed state: shares, set-ups with its peers, bans, what was spent. One SQLite file,
 * every value encrypted under a key that only the sealed state has. Whoever owns the disk can change, swap or put back
 * any row: a keyed sum over all rows and a version stand in a row of their own, and the version goes into the sealed
 * state, whose older copies are refused (docs/protocols/key-node.md section 4).
 */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { aes256gcm, hkdfSha256, hmacSha256, randomBytes } from "#crypto";
import { type Bytes, concat, equal, toHex, u64, utf8 } from "../base/bytes.ts";
import { refuse } from "./errors.ts";

export interface Store {
  get(name: string): Uint8Array | undefined;
  /** Names that begin so, in order. */
  names(prefix: string): string[];
  /** Durable when it resolves, together with whatever was asked for at the same time. */
  put(name: string, value: Uint8Array): Promise<void>;
  /** Survives the end of this process; a power cut only once anything is written by `put` and the like, or anchored. */
  writeSoon(changes: ReadonlyMap<string, Uint8Array>): void;
  delete(name: string): Promise<void>;
  /** Several at once: there are all of them or none. undefined deletes. */
  write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void>;
  /** Resolves when everything written so far can't be rolled back either. */
  anchor(): Promise<void>;
  close(): void;
}

export interface StoreOptions {
  readonly path: string;
  /** 32 bytes, of this store alone. */
  readonly key: Uint8Array;
  /** What the sealed state says: a store that is older was rolled back. 0: there is none yet. */
  readonly version: number;
  /** Makes a version durable in the sealed state. */
  seal(version: number): Promise<void>;
}

/** By which others name the store: hex, another one when it was lost and begun anew. It tells nothing of the key. */
export const storeIdOf = (key: Uint8Array): string => toHex(hmacSha256(key, utf8("entente/key-node-store/1 id")));

/** The row with version and sum. */
const HEAD = "head";
const NONCE = 12;

/** Of a database that another process has. */
const SQLITE_BUSY = 5;

/** For this process alone, or not at all: the kernel's lock goes with the process. @throws Refusal keynode.store.in-use */
const openAlone = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path);
  try {
    db.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;" +
        "CREATE TABLE IF NOT EXISTS rows (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    );
    return db;
  } catch (error) {
    db.close();
    throw (error as { errcode?: number }).errcode === SQLITE_BUSY ? refuse("keynode.store.in-use") : error;
  }
};

/** @throws Refusal keynode.store.rolled-back, keynode.store.in-use */
export const openStore = ({ path, key, version: sealed, seal }: StoreOptions): Store => {
  const [encryption, authentication] = ["encryption", "sum"].map((use) =>
    hkdfSha256(key, new Uint8Array(), utf8(`entente/key-node-store/1 ${use}`), 32),
  ) as [Bytes, Bytes];
  if (sealed > 0 && !existsSync(path)) throw refuse("keynode.store.rolled-back");
  const db = openAlone(path);
  /** Nothing that was erased is left in the file, nor in the log of what was written to it before. */
  const wipe = () => db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const [read, replace, remove] = [
    db.prepare("SELECT value FROM rows WHERE name = ?"),
    db.prepare("INSERT OR REPLACE INTO rows VALUES (?, ?)"),
    db.prepare("DELETE FROM rows WHERE name = ?"),
  ];
  const list = db.prepare("SELECT name FROM rows WHERE name >= ? AND name < ? ORDER BY name");
  const rowOf = (name: string) => read.get(name)?.value as Uint8Array | undefined;

  const encrypt = (name: string, value: Uint8Array): Bytes => {
    const nonce = randomBytes(NONCE);
    return concat(nonce, aes256gcm.seal(encryption, nonce, utf8(name), value));
  };
  const decrypt = (name: string, row: Uint8Array): Uint8Array => {
    const value = aes256gcm.open(encryption, row.subarray(0, NONCE), utf8(name), row.subarray(NONCE));
    if (!value) throw refuse("keynode.store.rolled-back");
    return value;
  };
  /** A pseudorandom function of name and row: sums (exclusive or) of its values are as hard to meet as one of them. */
  const termOf = (name: string, row: Uint8Array): Uint8Array =>
    hmacSha256(authentication, concat(u64(utf8(name).length), utf8(name), row));

  /** @throws Refusal where any row is not as it was written last, or one is missing or too much */
  const load = () => {
    const head = rowOf(HEAD);
    const rows = db.prepare("SELECT name, value FROM rows WHERE name <> ?").iterate(HEAD);
    let sum: Uint8Array = new Uint8Array(32);
    for (const { name, value } of rows) sum = xor(sum, termOf(name as string, value as Uint8Array));
    const plain = head && decrypt(HEAD, head);
    const version = plain ? Number(Buffer.from(plain).readBigUInt64BE()) : 0;
    if (version < sealed || !equal(sum, plain?.subarray(8) ?? new Uint8Array(32)))
      throw refuse("keynode.store.rolled-back");
    return { version, sum };
  };
  const loaded = () => {
    try {
      return load();
    } catch (error) {
      db.close();
      throw error;
    }
  };
  let { version, sum } = loaded();
  /** The newest version that the disk has for good. */
  let durable = version;
  // A crash may have come between erasing and wiping.
  wipe();
  let anchored = sealed;

  const apply = (changes: ReadonlyMap<string, Uint8Array | undefined>) => {
    let next = sum;
    for (const [name, value] of changes) {
      const before = rowOf(name);
      if (before) next = xor(next, termOf(name, before));
      if (value === undefined) remove.run(name);
      else {
        const row = encrypt(name, value);
        next = xor(next, termOf(name, row));
        replace.run(name, row);
      }
    }
    replace.run(HEAD, encrypt(HEAD, concat(u64(version + 1), next)));
    return next;
  };
  let waiting:
    | { changes: Map<string, Uint8Array | undefined>; done: PromiseWithResolvers<void>; synced: boolean }
    | undefined;
  /** The disk has all that was written. */
  let synced = true;
  let failed: { readonly error: unknown } | undefined;
  /** One transaction for all that was asked for in one turn of the event loop. */
  const flush = () => {
    if (!waiting) return;
    const { changes, done } = waiting;
    synced = waiting.synced;
    waiting = undefined;
    try {
      if (failed) throw failed.error;
      // With a log of what is written, NORMAL loses the last of it at a power cut, and never their order.
      db.exec(`PRAGMA synchronous = ${synced ? "FULL" : "NORMAL"}; BEGIN IMMEDIATE`);
      const next = apply(changes);
      db.exec("COMMIT");
      sum = next;
      version++;
      if (synced) durable = version;
      if ([...changes.values()].includes(undefined)) wipe();
      done.resolve();
    } catch (error) {
      // What is on the disk is not known: nothing more is written before the program is started again.
      failed = { error };
      if (db.isTransaction) db.exec("ROLLBACK");
      done.reject(error);
    }
  };
  const add = (changes: ReadonlyMap<string, Uint8Array | undefined>, sync: boolean): Promise<void> => {
    if (!waiting) {
      waiting = { changes: new Map(), done: Promise.withResolvers(), synced: false };
      setImmediate(flush);
    }
    for (const [name, value] of changes) waiting.changes.set(name, value);
    waiting.synced ||= sync;
    return waiting.done.promise;
  };
  const write: Store["write"] = (changes) => add(changes, true);

  /** One at a time, for all who wait. */
  let sealing: Promise<void> | undefined;
  const sealNow = async () => {
    // One that a power cut takes back would look rolled back ever after.
    const now = durable;
    await seal(now);
    anchored = now;
  };

  return {
    get(name) {
      if (waiting?.changes.has(name)) return waiting.changes.get(name);
      const row = rowOf(name);
      return row && decrypt(name, row);
    },
    names(prefix) {
      const stored = list.all(prefix, `${prefix}\u{10ffff}`).map(({ name }) => name as string);
      if (!waiting) return stored;
      const { changes } = waiting;
      const fresh = [...changes].flatMap(([name, value]) => (value && name.startsWith(prefix) ? [name] : []));
      return [...new Set([...stored.filter((name) => !changes.has(name)), ...fresh])].sort();
    },
    write,
    put: (name, value) => write(new Map([[name, value]])),
    writeSoon(changes) {
      // Whoever writes next hears that it failed.
      add(changes, false).catch(() => undefined);
    },
    delete: (name) => write(new Map([[name, undefined]])),
    async anchor() {
      if (waiting || !synced) await write(new Map());
      const wanted = durable;
      while (anchored < wanted) {
        sealing ??= sealNow().finally(() => {
          sealing = undefined;
        });
        await sealing;
      }
    },
    close() {
      flush();
      db.close();
    },
  };
};

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b[i] ?? 0));
