/** What takes room: the data directory's folders, the database, and what is left of the disk. */
import { lstat, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { SECOND } from "../base/clock.ts";
import { kindOf } from "./db/open.ts";
import type { PlatformDb } from "./db/schema.ts";

export interface Area {
  readonly name: string;
  readonly bytes: number;
  readonly files: number;
}

export interface StorageReport {
  /** Largest first. */
  readonly areas: readonly Area[];
  readonly disk: { readonly free: number; readonly total: number };
}

/** Blobs may be many: who looks often sees the same for so long. */
const FRESH = 30 * SECOND;

export const createStorage = ({ dataDir, db }: { dataDir: string; db: PlatformDb }): (() => Promise<StorageReport>) => {
  let last: { report: Promise<StorageReport>; at: number } | undefined;
  const look = async (): Promise<StorageReport> => {
    const entries = await readdir(dataDir, { withFileTypes: true });
    const areas = await Promise.all(
      entries.map(async (entry) => ({ name: entry.name, ...(await sizeOf(join(dataDir, entry.name))) })),
    );
    const { bsize, bavail, blocks } = await statfs(dataDir);
    const elsewhere = await databaseElsewhere(db);
    return {
      areas: [...merged(areas), ...elsewhere].toSorted((a, b) => b.bytes - a.bytes),
      disk: { free: bavail * bsize, total: blocks * bsize },
    };
  };
  return () => {
    const now = performance.now();
    if (!last || now - last.at > FRESH) last = { report: look(), at: now };
    last.report.catch(() => {
      last = undefined;
    });
    return last.report;
  };
};

/** SQLite's files are one area, the database and its log; other files beside the folders are another. */
const areaOf = (name: string): string =>
  /\.db(-wal|-shm)?$/.test(name) ? "database" : name.includes(".") ? "other" : name;

const merged = (areas: readonly Area[]): Area[] =>
  [...Map.groupBy(areas, ({ name }) => areaOf(name))].map(([name, all]) => ({
    name,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    files: all.reduce((sum, { files }) => sum + files, 0),
  }));

const databaseElsewhere = async (db: PlatformDb): Promise<Area[]> => {
  if (kindOf(db) !== "postgres") return [];
  const { rows } = await sql<{ bytes: string }>`select pg_database_size(current_database()) as bytes`.execute(db);
  return [{ name: "database", bytes: Number(rows[0]?.bytes ?? 0), files: 0 }];
};

/** What disappears while it is counted counts nothing; links lead elsewhere, and may lead back. */
const sizeOf = async (path: string): Promise<{ bytes: number; files: number }> => {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isDirectory()) return { bytes: found?.isFile() ? found.size : 0, files: found?.isFile() ? 1 : 0 };
  const names = await readdir(path).catch(() => []);
  const within = await Promise.all(names.map((name) => sizeOf(join(path, name))));
  return {
    bytes: within.reduce((sum, { bytes }) => sum + bytes, 0),
    files: within.reduce((sum, { files }) => sum + files, 0),
  };
};
