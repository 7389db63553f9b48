/**
 * `node scripts/python-image.ts [--python PROGRAM] [--directory FOLDER]`: makes the image of the Python runner and prints
 * where it is. An image is a folder that stands on nothing outside: interpreter, standard library, the packages of
 * the lock file and every shared library they are linked with. The runner binds it read-only, and its digest is part of
 * the enclave's measurement.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { librariesOf } from "../src/enclave/runners/bubblewrap/libraries.ts";
import { root } from "./tree.ts";

export const LOCK = join(root, "src/enclave/runners/python/requirements.lock");

/** Change it when the same lock file and Python give another image. */
const RECIPE = "1";
/** Parts of the standard library that no model needs; some of them stand on libraries that are often missing. */
const LEFT_OUT = new Set([
  ..."__pycache__ site-packages dist-packages test idlelib tkinter turtledemo ensurepip lib2to3 pydoc_data".split(" "),
  ..."EXTERNALLY-MANAGED sitecustomize.py turtle.py venv".split(" "),
]);
const LEFT_OUT_MODULES =
  /^(config-.*|(_tkinter|_curses.*|readline|_dbm|_gdbm|nis|ossaudiodev|_test.*|_xxtest.*|xx.*|_ctypes_test)\..*)$/;
/** Of packages: their tests, and what a compiler would need. */
const NEEDLESS = ["**/tests", "**/include", "**/*.{a,pyx,pxd,pxi,h,hpp,c,cpp,pyi}", "bin", "share"];
/** Of pyarrow: what speaks to networks and clouds. */
const NEEDLESS_LIBRARIES = "pyarrow/{libarrow_flight,libarrow_python_flight,_flight,_s3fs,_gcsfs,_azurefs,_hdfs}*";

interface Python {
  readonly program: string;
  /** As "3.11". */
  readonly version: string;
  readonly standardLibrary: string;
  readonly description: string;
}

const ASK = `import json, sys, sysconfig
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "standardLibrary": sysconfig.get_path("stdlib"),
"program": sys.executable, "description": sys.version + sysconfig.get_platform()}))`;

/** Debian's own comes first: it is the same on every machine of a release. @throws Error when there is none */
const findPython = (asked?: string): Python => {
  for (const program of asked ? [asked] : ["/usr/bin/python3", "python3"]) {
    const python = ask(program);
    if (python && Number(python.version.split(".")[1]) >= 11) return python;
  }
  throw new Error(`There is no Python 3.11 to 3.14${asked ? ` at ${asked}` : ""}. Install python3 and python3-pip.`);
};

const ask = (program: string): Python | undefined => {
  try {
    return JSON.parse(execFileSync(program, ["-I", "-c", ASK], { encoding: "utf8", stdio: "pipe" })) as Python;
  } catch {
    return undefined;
  }
};

/** Where the image of this lock file and Python lies, or would lie. */
export const pythonImageDirectory = (python = findPython()): string => {
  const digest = createHash("sha256")
    .update(`${RECIPE} ${python.description} `)
    .update(readFileSync(LOCK))
    .digest("hex");
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "entente", `python-${python.version}-${digest.slice(0, 16)}`);
};

/**
 * Makes the image unless it is there.
 * @param say gets a line where it takes long
 * @returns its folder
 * @throws Error with the messages of pip
 */
export const makePythonImage = async (
  { python: program, directory }: { python?: string; directory?: string } = {},
  say: (line: string) => void = () => undefined,
): Promise<string> => {
  const python = findPython(program);
  const place = directory ?? pythonImageDirectory(python);
  if (existsSync(place)) return place;
  say(`making the Python image in ${place} …`);
  const making = `${place}.${process.pid}`;
  try {
    await build(python, making);
    // Another process may have been faster: then its image is as good.
    if (!existsSync(place)) renameSync(making, place);
    return place;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
};

const build = async (python: Python, top: string): Promise<void> => {
  const library = join(top, "python/lib", `python${python.version}`);
  mkdirSync(join(top, "python/bin"), { recursive: true });
  copyFileSync(python.program, join(top, "python/bin/python3"));
  copyStandardLibrary(python, library);
  installPackages(python, join(library, "site-packages"));
  await copyLibraries(top);
  compile(python, top);
  // The sandbox is nobody in particular.
  execFileSync("chmod", ["-R", "a+rX,go-w", top]);
};

const copyStandardLibrary = ({ standardLibrary }: Python, library: string): void => {
  cpSync(standardLibrary, library, {
    recursive: true,
    dereference: true,
    filter: (path) =>
      path === standardLibrary ||
      (!LEFT_OUT.has(basename(path)) && !LEFT_OUT_MODULES.test(basename(path)) && existsSync(path)),
  });
};

const installPackages = ({ program }: Python, place: string): void => {
  const options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile", "--quiet"];
  const quiet = ["--disable-pip-version-check", "--no-input", "--root-user-action", "ignore"];
  execFileSync(program, ["-m", "pip", "install", ...options, ...quiet, "--target", place, "--requirement", LOCK], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const path of globSync([...NEEDLESS, NEEDLESS_LIBRARIES], { cwd: place }))
    rmSync(join(place, path), { recursive: true, force: true });
};

/** Puts what lies elsewhere on this machine beside the standard library, where LD_LIBRARY_PATH points. */
const copyLibraries = async (top: string): Promise<void> => {
  const binaries = globSync("**/*.so*", { cwd: top }).map((path) => join(top, path));
  // Libraries that a package brings are found by the module that is linked with them, not by one another.
  const brought = [...new Set(binaries.filter((path) => /\.libs\/[^/]*$/.test(path)).map((path) => dirname(path)))];
  const found = await librariesOf([join(top, "python/bin/python3"), ...binaries], brought);
  for (const path of found.filter((one) => !one.startsWith(`${top}/`))) {
    // The kernel looks for the dynamic linker at this very place.
    const place = path.startsWith("/lib64/ld-") || path.startsWith("/lib/ld-") ? path : `/python/lib/${basename(path)}`;
    mkdirSync(dirname(join(top, place)), { recursive: true });
    copyFileSync(path, join(top, place));
    chmodSync(join(top, place), 0o755);
  }
};

/** Byte code that is believed as it stands: the image does not change. */
const compile = ({ program, version }: Python, top: string): void => {
  const library = join(top, "python/lib", `python${version}`);
  const options = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", top, "-p", "/"];
  execFileSync(program, ["-I", "-m", "compileall", ...options, library], { stdio: ["ignore", "pipe", "pipe"] });
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { python: { type: "string" }, directory: { type: "string" } } });
  console.log(await makePythonImage(values, (line) => console.error(line)));
};

if (import.meta.main)
  await main().catch((error: Error & { stderr?: Buffer }) => {
    console.error(error.stderr?.toString() || error.message);
    process.exitCode = 1;
  });
