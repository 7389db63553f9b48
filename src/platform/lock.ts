/** One server a data directory. The lock is SQLite's on a file: the kernel releases it when the process dies. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Refusal } from "../base/refusal.ts";
import { refuse } from "./errors.ts";

export interface DataLock {
  release(): void;
}

/**
 * Creates the directory if need be, and holds it until `release` or the end of the process, however it ends.
 * @throws Refusal data.locked with the process that holds it, data.unusable where nothing can be written
 */
export const lockDataDir = (dir: string): DataLock => {
  try {
    return lock(dir);
  } catch (error) {
    if (error instanceof Refusal || !isOfSystem(error)) throw error;
    throw refuse("data.unusable", { dir, reason: error.message });
  }
};

const isOfSystem = (error: unknown): error is Error =>
  error instanceof Error && ("syscall" in error || "errcode" in error);

const lock = (dir: string): DataLock => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const pidFile = join(dir, "server.pid");
  const file = new DatabaseSync(join(dir, "server.lock"), { timeout: 0 });
  try {
    file.exec("begin exclusive");
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    throw refuse("data.locked", { dir, pid: readPid(pidFile) });
  }
  try {
    // Beside the lock, since a locked file cannot be read. Whoever holds the lock has written it.
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    file.close();
    throw error;
  }
  held.add(file);
  return {
    release() {
      if (!file.isOpen) return;
      held.delete(file);
      rmSync(pidFile, { force: true });
      file.close();
    },
  };
};

/** A file that nothing refers to would be closed, and the lock gone, whenever memory is cleaned up. */
const held = new Set<DatabaseSync>();

const SQLITE_BUSY = 5;

const readPid = (file: string): string => {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    // Another server is between taking the lock and writing its number.
    return "?";
  }
};
