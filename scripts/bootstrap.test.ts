/** Starts bin/run.js in small projects of its own, with npm for real: none of them has a package to download. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { root } from "./tree.ts";

const projects = mkdtempSync(join(tmpdir(), "entente-bootstrap-"));
after(() => rmSync(projects, { recursive: true }));

/** One dependency, a folder of the project: npm works as ever, without a network. */
const MANIFEST = { name: "entente", version: "0.1.0", type: "module", dependencies: { part: "file:part" } };
const PACKAGES = {
  "": { name: "entente", version: "0.1.0", dependencies: { part: "file:part" } },
  part: { version: "1.0.0" },
  "node_modules/part": { resolved: "part", link: true },
};
const LOCK = { name: "entente", version: "0.1.0", lockfileVersion: 3, packages: PACKAGES };

/** Says what it was given; with `wait`, goes on until it is told to end, and then ends with status 7. */
const PROGRAM = `
  const args = process.argv.slice(2);
  process.on("SIGTERM", () => process.exit(7));
  if (args.includes("wait")) setTimeout(() => {}, 60_000);
  console.log(JSON.stringify(args));
`;

let count = 0;
const project = (lock: object = LOCK): string => {
  const top = join(projects, String(++count));
  cpSync(join(root, "bin"), join(top, "bin"), { recursive: true });
  for (const folder of ["part", "src/cli", "scripts", "bench/support"])
    mkdirSync(join(top, folder), { recursive: true });
  for (const file of [
    "src/cli/main.ts",
    "scripts/check.ts",
    "bench/ledger.ts",
    "bench/api.ts",
    "bench/support/load.ts",
  ])
    writeFileSync(join(top, file), PROGRAM);
  writeFileSync(join(top, "package.json"), JSON.stringify(MANIFEST));
  writeFileSync(join(top, "part/package.json"), '{"name":"part","version":"1.0.0"}');
  writeFileSync(join(top, "package-lock.json"), JSON.stringify(lock));
  return top;
};

/** What a Node.js before 22.15 lacks. */
const WITHOUT_EXECVE = ["--import", "data:text/javascript,process.execve = undefined"];

const start = (top: string, args: string[], { flags = [] as string[], env = {} } = {}): ChildProcess =>
  spawn(process.execPath, [...flags, ...args], {
    cwd: top,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });

const run = async (top: string, args: string[], options?: Parameters<typeof start>[2]) => {
  const child = start(top, args, options);
  const [out, err, [status]] = await Promise.all([
    text(child.stdout as NonNullable<ChildProcess["stdout"]>),
    text(child.stderr as NonNullable<ChildProcess["stderr"]>),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return { out, err, status };
};

describe("dependencies", () => {
  test("are installed once, said in one line that is not on the output", async () => {
    const top = project();
    const first = await run(top, ["bin/run.js", "check", "a b"]);
    assert.equal(first.out, '["a b"]\n');
    assert.match(first.err, /^entente: installing dependencies with npm ci \(first start; .*\) … done in [\d.]+ s\n$/);
    assert.deepEqual(await run(top, ["bin/run.js", "check"]), { out: "[]\n", err: "", status: 0 });
  });

  test("are installed by one of several starts at once", async () => {
    const top = project();
    const runs = await Promise.all(Array.from({ length: 4 }, () => run(top, ["bin/run.js", "check"])));
    assert.deepEqual(
      runs.map(({ out, status }) => ({ out, status })),
      runs.map(() => ({ out: "[]\n", status: 0 })),
    );
    assert.equal(runs.filter(({ err }) => err.includes("installing dependencies")).length, 1);
    assert.deepEqual(readdirSync(join(top, ".cache")), []);
  });

  test("are installed again when the lock file changes", async () => {
    const top = project();
    await run(top, ["bin/run.js", "check"]);
    writeFileSync(join(top, "package-lock.json"), JSON.stringify(LOCK, null, 2));
    assert.equal((await run(top, ["bin/run.js", "check"])).err, "", "the same packages");
    const packages = { ...PACKAGES, part: { version: "1.0.1" } };
    writeFileSync(join(top, "package-lock.json"), JSON.stringify({ ...LOCK, packages }));
    writeFileSync(join(top, "part/package.json"), '{"name":"part","version":"1.0.1"}');
    assert.match((await run(top, ["bin/run.js", "check"])).err, /package-lock\.json has changed/);
  });

  test("an installer that died leaves no lock that holds", async () => {
    const top = project();
    mkdirSync(join(top, ".cache"));
    writeFileSync(join(top, ".cache/install.lock"), JSON.stringify({ pid: 2 ** 22 + 1, since: Date.now() }));
    assert.equal((await run(top, ["bin/run.js", "check"])).status, 0);
  });

  test("npm's messages are shown when it fails", async () => {
    const packages = { "": PACKAGES[""] };
    const { err, out, status } = await run(project({ ...LOCK, packages }), ["bin/run.js", "check"]);
    assert.match(err, /npm error .*in sync[\s\S]*entente: npm ci ended with status 1; its messages are above/);
    assert.deepEqual({ out, status }, { out: "", status: 1 });
  });

  test("a missing npm is named", async () => {
    const top = project();
    const { err, status } = await run(top, ["bin/run.js", "check"], { env: { PATH: join(top, "nothing") } });
    assert.match(err, /npm was not found\. Install npm/);
    assert.equal(status, 1);
  });
});

describe("commands", () => {
  const top = project();
  mkdirSync(join(top, "node_modules/node/bin"), { recursive: true });
  symlinkSync(process.execPath, join(top, "node_modules/node/bin/node"));
  rmSync(join(top, "package-lock.json"));

  test("start and demo are the command line's, as is bin/entente.js", async () => {
    assert.equal((await run(top, ["bin/run.js", "start", "--port", "0"])).out, '["up","--port","0"]\n');
    assert.equal((await run(top, ["bin/run.js", "demo", "--once"])).out, '["demo","--once"]\n');
    assert.equal((await run(top, ["bin/entente.js", "verify", "x"])).out, '["verify","x"]\n');
  });

  test("bench runs the named one, and lists what there is", async () => {
    assert.equal((await run(top, ["bin/run.js", "bench", "ledger", "1"])).out, '["1"]\n');
    assert.match((await run(top, ["bin/run.js", "bench"])).out, /one of:\n {2}api\n {2}ledger\n$/);
    const { err, status } = await run(top, ["bin/run.js", "bench", "../scripts/check"]);
    assert.match(err, /there is no bench called \.\.\/scripts\/check.*\n {2}api\n {2}ledger\n/);
    assert.equal(status, 2);
    assert.match((await run(top, ["bin/run.js", "drill"])).out, /\(none yet\)/);
  });

  test("an unknown command is refused", async () => {
    const { err, status } = await run(top, ["bin/run.js", "fly"]);
    assert.match(err, /unknown command fly\. Use one of: start, demo/);
    assert.equal(status, 2);
  });

  for (const [name, flags] of [
    ["with execve", []],
    ["without execve", WITHOUT_EXECVE],
  ] as const)
    test(`a signal reaches the program, and its status comes back, ${name}`, async () => {
      const child = start(top, ["bin/run.js", "check", "wait"], { flags: [...flags] });
      await once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data");
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [7, null]);
    });

  test("the program ends when what started it is killed", {
    skip: !existsSync("/usr/bin/setpriv") && "no setpriv",
  }, async () => {
    const child = start(top, ["bin/run.js", "check", "wait"], { flags: WITHOUT_EXECVE });
    const output = child.stdout as NonNullable<ChildProcess["stdout"]>;
    await once(output, "data");
    child.kill("SIGKILL");
    // The program holds the other end of the pipe: it closes when the program is gone.
    output.resume();
    await once(output, "close");
  });
});
