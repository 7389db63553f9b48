/** Models: packed, sealed to the enclave and published. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pack, unpack } from "../../enclave/archive.ts";
import { readManifest } from "../../enclave/runners/manifest.ts";
import { publishModel, reviseModel } from "../../sdk/workflows/publish-model.ts";
import type { Command, Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { isDirectory, readBytes, readText } from "../files.ts";
import { argOf, type Given, isSet, textOf } from "../given.ts";
import { text } from "../text.ts";
import { ENCLAVE_FLAG, PERMISSION_FLAGS, permissionOf } from "./common.ts";

/** Folders that are not the model: version control, installed packages, editors' own. */
const isHidden = (name: string): boolean => name.startsWith(".") || name === "node_modules";

/** Files below a directory by their path in the archive. Links are not followed. */
const filesBelow = (directory: string, top = directory): [string, Uint8Array][] =>
  readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !isHidden(name))
    .flatMap((entry): [string, Uint8Array][] => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return filesBelow(path, top);
      return entry.isFile() ? [[relative(top, path).split(sep).join("/"), readFileSync(path)]] : [];
    });

/**
 * The archive of a directory, the same bytes for the same files; or the .tar.gz itself. Read as the enclave will.
 * @throws Refusal archive.*, model.manifest
 */
export const archiveOf = async (path: string): Promise<Uint8Array> => {
  const archive = isDirectory(path) ? await pack(new Map(filesBelow(path))) : readBytes(path);
  readManifest(await unpack(archive));
  return archive;
};

const runnerOf = async (archive: Uint8Array): Promise<string> => readManifest(await unpack(archive)).runner;

const VERSION_FLAGS: readonly Flag[] = [
  { name: "version", type: "text", default: "1.0.0" },
  { name: "main", type: "text", default: "main", value: "FUNCTION" },
  {
    name: "description-file",
    type: "text",
    value: "FILE",
    summary: text("Markdown; README.md of the directory", "Markdown 文件，默认为目录中的 README.md"),
  },
  {
    name: "open",
    type: "boolean",
    summary: text("publish the code itself, for others to read", "公开代码，供他人阅读"),
  },
  ENCLAVE_FLAG,
];

const versionOf = async (context: Context, given: Given) => {
  const path = argOf(given, "path");
  const archive = await archiveOf(path);
  const readme = join(path, "README.md");
  const described =
    textOf(given, "description-file") ?? (statSync(readme, { throwIfNoEntry: false }) ? readme : undefined);
  const enclave = await context.enclave(textOf(given, "enclave"));
  return {
    archive,
    runner: await runnerOf(archive),
    version: textOf(given, "version") ?? "1.0.0",
    main: textOf(given, "main") ?? "main",
    ...(described !== undefined && { description: readText(described) }),
    open: isSet(given, "open"),
    enclave,
  };
};

export const modelCommands: readonly Command[] = [
  {
    words: ["models", "publish"],
    summary: text(
      "Pack, seal and publish a model from a directory or a .tar.gz",
      "打包、加密并发布计算模型（目录或 .tar.gz）",
    ),
    args: [{ name: "path" }],
    flags: [{ name: "name", type: "text", required: true, limits: "1..50" }, ...VERSION_FLAGS, ...PERMISSION_FLAGS],
    async run(context, given) {
      const permission = permissionOf(given, "entente models publish");
      const version = await versionOf(context, given);
      const name = textOf(given, "name") ?? "";
      return publishModel(context.client(), await context.member(), { ...version, name, permission });
    },
  },
  {
    words: ["models", "revise"],
    summary: text("Publish another version of a model", "发布计算模型新版本"),
    args: [{ name: "id" }, { name: "path" }],
    flags: VERSION_FLAGS.map((flag) =>
      flag.name === "version" ? { ...flag, required: true, default: undefined } : flag,
    ),
    run: async (context, given) =>
      reviseModel(context.client(), await context.member(), argOf(given, "id"), await versionOf(context, given)),
  },
];
