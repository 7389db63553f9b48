/**
 * What a sandbox is made of, the same for every run, and its digest, which is part of the enclave's measurement: who
 * accepts a measurement accepts the interpreter and its libraries too.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { utf8 } from "../../../base/bytes.ts";
import { canonical } from "../../../base/canonical.ts";
import type { Limits } from "../runner.ts";
import { isArchitecture, seccompFilter } from "./seccomp.ts";
import type { CallGroup } from "./syscalls.ts";

export interface Image {
  /** Files and folders of the host by their path inside, where they can be read and not written. */
  readonly files: Readonly<Record<string, string>>;
  /** Program and arguments. It ends with 0 when fd 0 ends before a frame has come. */
  readonly command: readonly string[];
  /** Further arguments, where the runtime has to be told a limit. */
  readonly limiting?: (limits: Limits) => readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The system calls that are let through. */
  readonly calls: readonly CallGroup[];
  /** Bytes of writable memory that the runtime maps for itself before the model has anything. */
  readonly runtimeBytes: number;
  /**
   * Bytes of addresses that the runtime takes for itself, where native code can map memory as it likes: mapped without
   * access and mapped over, it does not count as data. Without, addresses are not limited.
   */
  readonly addressBytes?: number;
  /** Bytes of a file system in memory at /tmp, gone with the run. Without, there is nothing to write. */
  readonly scratch?: number;
  /** What fd 0 brings before the first frame. Not in the digest: it is made of the enclave program, which is measured. */
  readonly prelude?: Uint8Array;
}

/**
 * SHA-384 (hex) of everything that makes the image what it is: paths inside and what lies there, command, environment,
 * filter, scratch. Where it lies on the host, and when it was written, does not count.
 * @throws Error when a file is missing or is no file, folder or link
 */
export const imageDigest = async (image: Image): Promise<string> => {
  const found = await Promise.all(Object.entries(image.files).map(([inside, host]) => entriesOf(inside, host)));
  const { command, environment, scratch } = image;
  const description = {
    use: "entente/image/1",
    files: Object.fromEntries(await digested(found.flat())),
    command: [...command],
    environment: { ...environment },
    seccomp: isArchitecture(process.arch)
      ? Buffer.from(seccompFilter(process.arch, image.calls)).toString("hex")
      : process.arch,
    scratch: scratch ?? 0,
  };
  return createHash("sha384")
    .update(utf8(canonical(description)))
    .digest("hex");
};

interface Entry {
  readonly inside: string;
  readonly host: string;
  readonly kind: "file" | "folder" | "link";
}

/** What the host shows at this path, with all that lies in it. The path itself may be a link: it is followed. */
const entriesOf = async (inside: string, host: string): Promise<Entry[]> => {
  if (!(await stat(host)).isDirectory()) return [{ inside, host, kind: "file" }];
  const children = await readdir(host, { withFileTypes: true });
  const lists = await Promise.all(
    children.map(async (child): Promise<Entry[]> => {
      const at = { inside: `${inside}/${child.name}`, host: `${host}/${child.name}` };
      if (child.isSymbolicLink()) return [{ ...at, kind: "link" }];
      if (child.isFile()) return [{ ...at, kind: "file" }];
      if (child.isDirectory()) return entriesOf(at.inside, at.host);
      throw new Error(`${at.host} is neither a file nor a folder nor a link`);
    }),
  );
  return [{ inside, host, kind: "folder" }, ...lists.flat()];
};

/** Files that are read at a time. */
const LANES = 8;

const digested = async (entries: readonly Entry[]): Promise<[path: string, what: string][]> => {
  const results: [string, string][] = [];
  const queue = entries.values();
  const lane = async () => {
    for (const { inside, host, kind } of queue)
      results.push([
        inside,
        kind === "folder" ? "folder" : kind === "link" ? `link ${await readlink(host)}` : await fileDigest(host),
      ]);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
};

/**
 * SHA-256, which processors have instructions for: an image has some 200 MB, and is read at every start. By path, good
 * as long as the file is the one that was read; several images that share a file read it once.
 */
const known = new Map<string, { readonly stamp: string; readonly digest: Promise<string> }>();
/** Larger files are read in pieces. */
const WHOLE = 4 << 20;

const fileDigest = async (path: string): Promise<string> => {
  const { size, mtimeNs, ctimeNs, ino, dev } = await stat(path, { bigint: true });
  const stamp = [size, mtimeNs, ctimeNs, ino, dev].join(" ");
  const before = known.get(path);
  if (before?.stamp === stamp) return before.digest;
  const digest = digestOf(path, size <= WHOLE);
  known.set(path, { stamp, digest });
  return digest;
};

const digestOf = async (path: string, whole: boolean): Promise<string> => {
  const hash = createHash("sha256");
  if (whole) hash.update(await readFile(path));
  else for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
};
