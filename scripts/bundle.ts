/**
 * `npm run bundle [-- <name>…] [--check]`: the single-file programs, in dist/. The same sources give the same bytes on
 * every machine and under every path; the SHA-384 of enclave.mjs and of keynode.mjs is what they are measured as. `--check` proves it on
 * two copies of the tree under different paths.
 */
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BuildOptions, build, stop } from "esbuild";
import { selfContained } from "./bundle-plugin.ts";
import { root } from "./tree.ts";

interface Program {
  readonly entry: string;
  readonly file: string;
  readonly platform: "node" | "browser";
}

export const programs = {
  enclave: { entry: "src/enclave/main.ts", file: "enclave.mjs", platform: "node" },
  keynode: { entry: "src/keynode/main.ts", file: "keynode.mjs", platform: "node" },
  verify: { entry: "src/cli/verify-main.ts", file: "verify.mjs", platform: "node" },
  sdk: { entry: "src/sdk/index.ts", file: "entente-sdk.js", platform: "browser" },
} as const satisfies Record<string, Program>;
export type ProgramName = keyof typeof programs;

export interface Bundle {
  /** Where it was written. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Lower-case hexadecimal. */
  readonly sha384: string;
}

/** CommonJS packages ask for Node's modules with `require`, which a module does not have. */
const REQUIRE =
  'import { createRequire as $createRequire } from "node:module";\nconst require = $createRequire(import.meta.url);';

const PLATFORMS: Readonly<Record<Program["platform"], BuildOptions>> = {
  node: { platform: "node", target: "node24", banner: { js: REQUIRE } },
  // tar-stream asks for Node's emitter of events; a package that it brings along is the same for browsers.
  browser: { platform: "browser", target: "es2023", minify: true, alias: { events: "bare-events" } },
};

/**
 * Bundles a program into `dist/`.
 * @param top the tree to build, with its node_modules
 * @throws Error with esbuild's messages; when the output tells where it was built
 */
export const bundleProgram = async (name: ProgramName, top = root): Promise<Bundle> => {
  const { entry, file, platform } = programs[name];
  const sources = top === root ? sourcesDigest() : undefined;
  const { outputFiles } = await build({
    ...PLATFORMS[platform],
    entryPoints: [entry],
    absWorkingDir: top,
    bundle: true,
    format: "esm",
    // Of a text with other characters V8 keeps two bytes for each: the programs hold megabytes of WebAssembly.
    charset: "ascii",
    legalComments: "none",
    // The project's tsconfig.json is about checking; nothing in it is to change the output.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, target: "esnext" } },
    // Paths of modules, which comments name, are then the same wherever node_modules really lies.
    preserveSymlinks: true,
    plugins: [selfContained],
    logLevel: "silent",
    write: false,
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  if (Buffer.from(bytes).includes(top)) throw new Error(`${file} holds the path it was built under, ${top}`);
  const path = join(top, "dist", file);
  mkdirSync(join(top, "dist"), { recursive: true });
  // Another program may be starting from the file: it is to see the old or the new one, nothing between.
  writeFileSync(`${path}.${process.pid}`, bytes);
  renameSync(`${path}.${process.pid}`, path);
  if (sources !== undefined) writeFileSync(`${path}.stamp`, sources);
  return { file: path, bytes, sha384: createHash("sha384").update(bytes).digest("hex") };
};

/**
 * The program's file, made again only when its sources are not those it was made from.
 * @returns its path
 */
export const currentProgram = async (name: ProgramName): Promise<string> => {
  const file = join(root, "dist", programs[name].file);
  const stamp = `${file}.stamp`;
  const made = existsSync(file) && existsSync(stamp) && readFileSync(stamp, "utf8") === sourcesDigest();
  if (!made) {
    await bundleProgram(name);
    // Its service would stay beside a server for as long as that runs.
    await stop();
  }
  return file;
};

/** Changes with any file that a program could be made of: name, size or time of change. */
const sourcesDigest = (): string => {
  const hash = createHash("sha256");
  for (const top of ["src", "scripts", "package-lock.json"]) {
    const files = statSync(join(root, top)).isDirectory()
      ? readdirSync(join(root, top), { recursive: true, encoding: "utf8" })
          .sort()
          .map((file) => join(top, file))
      : [top];
    for (const file of files) {
      const { size, mtimeMs } = statSync(join(root, file));
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
};

/** What is in a tree that a program is made of. */
const SOURCES = ["src", "scripts", "package.json", "tsconfig.json"];

/** Builds from a copy of the tree under a path of its own. */
const bundleElsewhere = async (name: ProgramName, folder: string): Promise<Bundle> => {
  const parent = mkdtempSync(join(realpathSync(tmpdir()), "entente-bundle-"));
  const top = join(parent, folder);
  try {
    for (const source of SOURCES) cpSync(join(root, source), join(top, source), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(top, "node_modules"));
    return await bundleProgram(name, top);
  } finally {
    rmSync(parent, { recursive: true });
  }
};

/** @returns whether both copies came to the digest of the build here */
const reproducible = async (name: ProgramName, { sha384 }: Bundle): Promise<boolean> => {
  const copies = [await bundleElsewhere(name, "a"), await bundleElsewhere(name, "another/folder")];
  return copies.every((copy) => copy.sha384 === sha384);
};

const isProgram = (name: string): name is ProgramName => Object.hasOwn(programs, name);

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({ options: { check: { type: "boolean" } }, allowPositionals: true });
  const unknown = positionals.filter((name) => !isProgram(name));
  if (unknown.length > 0)
    throw new Error(`There is no program ${unknown.join(", ")}. There are: ${Object.keys(programs).join(", ")}`);
  const names = positionals.length > 0 ? positionals.filter(isProgram) : Object.keys(programs).filter(isProgram);
  for (const name of names) {
    if (!existsSync(join(root, programs[name].entry))) throw new Error(`${programs[name].entry} is missing`);
    const bundle = await bundleProgram(name);
    const size = `${(bundle.bytes.length / 1024).toFixed(0)} KiB`;
    console.log(`dist/${programs[name].file.padEnd(16)} ${size.padStart(9)}  sha384:${bundle.sha384}`);
    if (!values.check) continue;
    if (!(await reproducible(name, bundle))) throw new Error(`${name} differs when it is built under another path`);
    console.log("  the same from two other paths");
  }
};

if (import.meta.main)
  await main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
