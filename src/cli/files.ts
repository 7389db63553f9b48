/** Files that commands read and write. */
import { createReadStream, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { refuse } from "./errors.ts";

const unreadable = (path: string, error: unknown) =>
  refuse("file.unreadable", { path, reason: (error as NodeJS.ErrnoException).code ?? String(error) });

/** @param path `-` is the standard input. @throws Refusal file.unreadable */
export const readBytes = (path: string): Uint8Array => {
  try {
    return new Uint8Array(readFileSync(path === "-" ? 0 : path));
  } catch (error) {
    throw unreadable(path, error);
  }
};

export const readText = (path: string): string => Buffer.from(readBytes(path)).toString("utf8");

/** @throws Refusal file.unreadable */
export const readJson = (path: string): unknown => {
  const written = readText(path);
  try {
    return JSON.parse(written);
  } catch (error) {
    throw unreadable(path, error);
  }
};

/** A secret on the first line of a file or of the standard input. */
export const readSecret = (path: string): string => readText(path).split(/\r?\n/, 1)[0] ?? "";

/** Bytes of a file. @throws Refusal file.unreadable */
export const sizeOf = (path: string): number => {
  try {
    return statSync(path).size;
  } catch (error) {
    throw unreadable(path, error);
  }
};

export const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** The file in pieces. @throws Refusal file.unreadable */
export async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unreadable(path, error);
  }
}

interface WriteOptions {
  /** For its owner's eyes only. */
  readonly secret?: boolean;
  /** What is there already stays. @throws Refusal file.exists */
  readonly fresh?: boolean;
}

/** @throws Refusal file.unwritable, file.exists */
export const writeTo = (
  path: string,
  content: Uint8Array | string,
  { secret = false, fresh = false }: WriteOptions = {},
): void => {
  try {
    writeFileSync(path, content, { mode: secret ? 0o600 : 0o666, flag: fresh ? "wx" : "w" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw refuse("file.exists", { path });
    throw refuse("file.unwritable", { path, reason: code ?? String(error) });
  }
};

/** What is not there is gone already. */
export const remove = (path: string): void => rmSync(path, { force: true });
