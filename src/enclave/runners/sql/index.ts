/**
 * Models in SQL, run by DuckDB inside bubblewrap. The memory of a run is divided: one half holds DuckDB's buffers, the
 * other the file system in memory that it moves them to.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Cgroups } from "../bubblewrap/cgroups.ts";
import type { Image } from "../bubblewrap/image.ts";
import { librariesOf } from "../bubblewrap/libraries.ts";
import { createSandboxedRunner, type SandboxedRunner } from "../bubblewrap/runner.ts";
import { nodeProgram } from "../node/channel.ts";
import { withRefusals } from "../node/explained.ts";
import { NODE_OUT_OF_MEMORY, nodeImage } from "../node/image.ts";
import type { Limits } from "../runner.ts";
import { createDrain } from "./drain.ts";
import { refuse } from "./errors.ts";
import { createFill } from "./fill.ts";
import { guest } from "./guest.ts";

const INSIDE = "/duckdb";
const SETTINGS = [
  ["temp_directory", "/tmp/spill"],
  ["enable_external_access", "false"],
  ["autoinstall_known_extensions", "false"],
  ["autoload_known_extensions", "false"],
  ["allow_community_extensions", "false"],
  ["allow_unsigned_extensions", "false"],
  ["allow_persistent_secrets", "false"],
  ["threads", "2"],
] as const;
const PARTS = `{addon:"${INSIDE}/duckdb.node",makeFill:${createFill},makeDrain:${createDrain}}`;

/**
 * DuckDB's allocator asks here whether memory can be mapped as it is needed. Without an answer it reserves addresses
 * first and maps over them, which the kernel does not count against the limit of data.
 */
const OVERCOMMIT = "/proc/sys/vm/overcommit_memory";
/** What DuckDB's library and threads map beside its buffers, on top of Node.js. */
const RUNTIME_BYTES = 128 << 20;
/** A file system in memory takes what is written to it; DuckDB writes no more than its half. */
const MAX_SPILL = 1 << 30;
const memoryOf = ({ memory }: Limits) => Math.max(16 << 20, Math.floor(memory / 2));
const spillOf = ({ memory }: Limits) => Math.min(Math.floor(memory / 2), MAX_SPILL);

/** Folder of DuckDB's library for this machine, undefined where it is not installed. */
const findAddon = (): string | undefined => {
  try {
    const api = createRequire(import.meta.url).resolve("@duckdb/node-api");
    const bindings = createRequire(api).resolve("@duckdb/node-bindings");
    return dirname(createRequire(bindings).resolve(`@duckdb/node-bindings-linux-${process.arch}/duckdb.node`));
  } catch {
    return undefined;
  }
};

const image = async (): Promise<Image | string> => {
  const folder = findAddon();
  if (!folder) return `the package @duckdb/node-bindings-linux-${process.arch} is not installed`;
  const overcommit = (await readFile(OVERCOMMIT, "utf8")).trim();
  if (overcommit === "2")
    return "vm.overcommit_memory is 2, under which DuckDB's memory cannot be limited: set it to 0";
  const node = await nodeImage(nodeProgram(guest, PARTS, JSON.stringify(SETTINGS)));
  const own = ["duckdb.node", "libduckdb.so"].map((name) => [`${INSIDE}/${name}`, `${folder}/${name}`]);
  const libraries = (await librariesOf(own.map(([, path]) => path as string))).filter(
    (path) => !path.startsWith(folder),
  );
  return {
    ...node,
    files: {
      ...node.files,
      ...Object.fromEntries(libraries.map((path) => [path, path])),
      ...Object.fromEntries(own),
      [OVERCOMMIT]: OVERCOMMIT,
    },
    command: node.command.filter((argument) => argument !== "--no-addons"),
    limiting: (limits) => [
      ...(node.limiting?.(limits) ?? []),
      "--",
      ...[memoryOf(limits), spillOf(limits)].map(String),
    ],
    calls: [...node.calls, "scratch"],
    runtimeBytes: node.runtimeBytes + RUNTIME_BYTES,
    scratch: MAX_SPILL,
  };
};

export const createSqlRunner = (cgroups?: Cgroups): SandboxedRunner =>
  withRefusals(
    createSandboxedRunner({
      id: "sql",
      label: { en: "SQL (DuckDB in bubblewrap)", "zh-CN": "SQL（DuckDB，bubblewrap 沙箱）" },
      image,
      outOfMemory: NODE_OUT_OF_MEMORY,
      cgroups,
    }),
    (code, reason) => (code === "sql-forbidden" ? refuse("model.sql-forbidden", { reason }) : undefined),
  );
