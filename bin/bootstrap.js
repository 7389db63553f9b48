/**
 * What every command needs before it starts: the dependencies of package-lock.json, and the Node.js they bring.
 * Plain JavaScript without dependencies, for any Node.js >= 20.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const modules = join(root, "node_modules");
const lockFile = join(root, "package-lock.json");
const stamp = join(modules, ".entente-lock");
const pinned = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
/** An installation that takes longer than this has died without removing its lock. */
const STALE = 15 * 60_000;

/** Ends the command with a message that says what to do next. */
export const fail = (message, status = 1) => {
  process.stderr.write(`entente: ${message}\n`);
  process.exit(status);
};

/**
 * Replaces this process by `file` under the pinned Node.js, its arguments and environment as given. On a Node.js
 * without execve it stays as a parent that passes signals down and the exit status up.
 */
export const run = (file, args, env = {}) => {
  ensureDependencies();
  const node = existsSync(pinned) ? pinned : ownNode();
  const argv = [join(root, file), ...args];
  const environment = { ...process.env, ...env };
  if (typeof process.execve === "function") process.execve(node, [node, ...argv], environment);
  const [command, ...rest] = dyingWithUs([node, ...argv]);
  const child = spawn(command, rest, { stdio: "inherit", env: environment });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group: passed on, the child would see it twice.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  child.on("error", (error) => fail(`could not start ${node}: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
};

/** Installs what package-lock.json names, unless it is there; says so in one line on the error stream. */
const ensureDependencies = () => {
  if (!existsSync(lockFile) || installed()) return;
  const release = takeInstallLock();
  try {
    if (!installed()) install();
  } finally {
    release();
  }
};

const digestOfLock = () => createHash("sha256").update(readFileSync(lockFile)).digest("hex");

const installed = () => {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digestOfLock()) return true;
  if (!sameTree()) return false;
  remember();
  return true;
};

/** Whether npm itself has already put there what the lock file names; left-out optional packages do not count. */
const sameTree = () => {
  const hidden = join(modules, ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const there = packagesOf(hidden);
  return Object.entries(packagesOf(lockFile)).every(([path, { version, integrity, optional }]) => {
    const found = there[path];
    return path === "" || (found ? found.version === version && found.integrity === integrity : optional === true);
  });
};

const install = () => {
  // npm begins by emptying it, for everybody who works with it.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Error(
      "node_modules is a link and does not hold what package-lock.json names. Remove it, or install there.",
    );
  const why = existsSync(stamp) ? "package-lock.json has changed" : "first start";
  process.stderr.write(`entente: installing dependencies with npm ci (${why}; about half a minute) …`);
  const began = Date.now();
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  const [command, ...rest] = dyingWithUs(["npm", ...args]);
  // The `node` of node_modules/.bin, first on the PATH of an npm script, is about to be removed.
  const PATH = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((part) => !part.startsWith(modules))
    .join(delimiter);
  const npm = spawnSync(command, rest, {
    cwd: root,
    env: { ...process.env, PATH },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  if (npm.status === 0) {
    remember();
    process.stderr.write(` done in ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
    return;
  }
  process.stderr.write(" failed\n");
  if (npm.error?.code === "ENOENT" || npm.status === 127)
    throw new Error("npm was not found. Install npm (it comes with Node.js, https://nodejs.org) and try again.");
  process.stderr.write(`${npm.stdout ?? ""}${npm.stderr ?? ""}`);
  const how = npm.signal ? `was ended by ${npm.signal}` : `ended with status ${npm.status}`;
  throw new Error(`npm ci ${how}; its messages are above. Mend what they name (network, disk space) and try again.`);
};

/** The next start need not compare; where node_modules cannot be written, it compares again. */
const remember = () => {
  try {
    linkCommand();
    writeFileSync(stamp, digestOfLock());
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) throw error;
  }
};

/** Lets `npx entente` find the command at once: npm links the commands of dependencies, not of the package itself. */
const linkCommand = () => {
  const link = join(modules, ".bin", "entente");
  if (process.platform === "win32" || existsSync(link)) return;
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync("../../bin/entente.js", link);
};

/** @returns what releases the lock. Two commands started at once install one after the other, the second nothing. */
const takeInstallLock = () => {
  const dir = join(root, ".cache");
  const lock = join(dir, "install.lock");
  const mine = join(dir, `install.${process.pid}`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(mine, JSON.stringify({ pid: process.pid, since: Date.now() }));
  try {
    for (let told = false; !tryLink(mine, lock); told = true) {
      const holder = readLock(lock);
      if (holder && (!alive(holder.pid) || Date.now() - holder.since > STALE)) rmSync(lock, { force: true });
      else if (!told && holder) process.stderr.write(`entente: process ${holder.pid} is installing; waiting for it\n`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => rmSync(lock, { force: true });
};

/** A hard link appears with its content or not at all. */
const tryLink = (from, to) => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
};

/** @returns undefined when the holder has just released it */
const readLock = (lock) => {
  try {
    return JSON.parse(readFileSync(lock, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
};

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

/** This Node.js, where the pinned one has no binary for the machine. */
const ownNode = () => {
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  return fail(
    "node_modules/node/bin/node is missing: npm did not run the install script of the package `node` " +
      `(ignore-scripts?), and this Node.js is ${process.version}. Run \`npm rebuild node\`, or use Node.js >= 24.`,
  );
};

/** The command through setpriv, which has the kernel end it when this process dies, even by SIGKILL. */
const dyingWithUs = (command) => {
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find(existsSync);
  // BusyBox has a setpriv without the option.
  if (process.platform !== "linux" || !setpriv || realpathSync(setpriv).endsWith("busybox")) return command;
  return [setpriv, "--pdeathsig", "TERM", ...command];
};

/** Runs `main`, an error becoming one line instead of a stack. */
export const command = (main) => {
  try {
    main();
  } catch (error) {
    fail(error.message);
  }
};
