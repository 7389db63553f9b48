/**
 * Programs of key nodes, each kept as the node was founded with it: a store opens to its own program alone, and the tag
 * is taken on the ledger. So a node goes on with its program, whatever is installed later; new nodes get what is new.
 * By digest beside the nodes' folders, with the packages that the program loads: those are measured too.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { sha384 } from "#crypto";
import { toHex, utf8 } from "../base/bytes.ts";
import { inTurn } from "../base/turns.ts";
import { readIfThere, syncDirectory, writeDurably, writeNew } from "../tee/files.ts";
import { refuse } from "./errors.ts";

/** In the nodes' directory; no tag begins with a full stop. */
const KEPT = ".programs";
const PROGRAM = "keynode.mjs";

/** Options of Node.js: half the usual young generation. A node of many keys takes less memory; presigning wants no less. */
export const NODE_OPTIONS: readonly string[] = ["--max-semi-space-size=8"];
/** What src/mpc/curves loads from beside the program, where it is installed. */
const NATIVE = ["secp256k1", "sodium-native"];

/** In the place of a package that is not installed: one that is later, above the kept folder, is not found either. */
const ABSENT = join(import.meta.dirname, "absent-package.json");

/** Name of the kept folder: SHA-384 (hex) of all that is in it. */
const Digest = z.string().regex(/^[0-9a-f]{96}$/);

/** Where each file is, by its path in the kept folder. */
type Files = ReadonlyMap<string, string>;

export interface ProgramOptions {
  /** Where each node has a folder of its own, by its tag. */
  readonly directory: string;
  readonly tag: string;
  /** The program of today, for a node that has none yet. */
  readonly program: string;
}

/**
 * File of the program that the node was founded with; at its first start, a copy of today's that outlasts the upgrade.
 * @throws Refusal key-node.program
 */
export const keptProgram = async ({ directory, tag, program }: ProgramOptions): Promise<string> => {
  const record = join(directory, tag, "program");
  const noted = (await readIfThere(record))?.toString();
  const digest = Digest.safeParse(noted ?? (await keep({ kept: join(directory, KEPT), program })));
  const folder = join(directory, KEPT, digest.data ?? "");
  // A program that has changed would be another node, which cannot have this one's tag.
  if (!digest.success || (await digestOf(filesIn(folder))) !== digest.data)
    throw refuse("key-node.program", { node: tag, folder });
  if (noted === undefined) {
    await mkdir(dirname(record), { recursive: true, mode: 0o700 });
    await writeDurably(record, utf8(digest.data));
  }
  return join(folder, PROGRAM);
};

/** Durable when it resolves. One at a time: nodes that start together share one copy. */
const keep = inTurn(async ({ kept, program }: { kept: string; program: string }): Promise<string> => {
  const files = filesOf(program);
  const digest = await digestOf(files);
  if (existsSync(join(kept, digest))) return digest;
  await mkdir(kept, { recursive: true, mode: 0o700 });
  const fresh = await mkdtemp(join(kept, "fresh-"));
  const folders = new Set([fresh]);
  for (const path of files.keys())
    for (let folder = dirname(join(fresh, path)); folder !== fresh; folder = dirname(folder)) folders.add(folder);
  await Promise.all([...folders].map((folder) => mkdir(folder, { recursive: true })));
  await Promise.all([...files].map(async ([path, file]) => writeNew(join(fresh, path), await readFile(file))));
  await Promise.all([...folders].map(syncDirectory));
  await rename(fresh, join(kept, digest)).catch(async (error: unknown) => {
    // Another process was faster: nodes that join from two shells.
    if (!existsSync(join(kept, digest))) throw error;
    await rm(fresh, { recursive: true });
  });
  await syncDirectory(kept);
  return digest;
});

const digestOf = async (files: Files): Promise<string> => {
  const lines = [...files].map(async ([path, file]) => `${path} ${toHex(sha384(await readFile(file)))}\n`);
  return toHex(sha384(utf8((await Promise.all(lines)).sort().join(""))));
};

/** The program, and the packages that it finds from where it lies. */
const filesOf = (program: string): Files => {
  const absent = NATIVE.map((name) => [join("node_modules", name, "package.json"), ABSENT] as const);
  const files = new Map([[PROGRAM, program], ...absent]);
  for (const [name, folder] of packagesOf(program))
    for (const [path, file] of filesIn(folder)) if (isForHere(path)) files.set(join("node_modules", name, path), file);
  return files;
};

/** Folders of the packages and of what they depend on, by their names. */
const packagesOf = (program: string): Map<string, string> => {
  const found = new Map<string, string>();
  const visit = (name: string, from: string): void => {
    const places = createRequire(from).resolve.paths(name) ?? [];
    const place = places.map((one) => join(one, name)).find((one) => existsSync(join(one, "package.json")));
    if (place === undefined || found.has(name)) return;
    const folder = realpathSync(place);
    found.set(name, folder);
    const description = join(folder, "package.json");
    const { dependencies = {} } = JSON.parse(readFileSync(description, "utf8")) as { dependencies?: object };
    for (const needed of Object.keys(dependencies)) visit(needed, description);
  };
  for (const name of NATIVE) visit(name, program);
  return found;
};

/** Packages bring what was built for every kind of machine. */
const isForHere = (path: string): boolean =>
  !path.startsWith("prebuilds/") || path.startsWith(`prebuilds/${process.platform}-${process.arch}/`);

const filesIn = (folder: string): Files => {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(files.map((file) => [relative(folder, file), file]));
};
