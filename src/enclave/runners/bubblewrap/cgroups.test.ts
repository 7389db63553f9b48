import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { delegateCgroups } from "../../../../test/support/cgroups.ts";
import { utf8 } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { rowsOf } from "../../columns/batch.ts";
import { guest } from "../javascript/guest.ts";
import { nodeProgram } from "../node/channel.ts";
import { NODE_OUT_OF_MEMORY, nodeImage } from "../node/image.ts";
import type { Runner } from "../runner.ts";
import { type Cgroups, openCgroups } from "./cgroups.ts";
import { createSandboxedRunner } from "./runner.ts";

const MiB = 1 << 20;
const NODE = [process.execPath, "--input-type=module", "-e"];
/** Allocates far beyond what a group is given below, in a child of its own. */
const HUNGRY = `
import { spawnSync } from "node:child_process";
const { status, signal } = spawnSync(process.execPath, ["-e", "const a = []; for (let i = 0; i < 64; i++) a.push(Buffer.alloc(16 << 20, 1))"]);
process.exit(signal === "SIGKILL" ? 9 : status);`;
/** Says how many of 400 sleepers there are, and leaves them behind. */
const FORKS = "i=0; while [ $i -lt 400 ]; do sleep 1000 & i=$((i+1)); done 2>/dev/null; echo all";

/** A test with folders that are the enclave's; afterwards nothing is left in them. */
const delegated = (name: string, run: (t: TestContext, folders: string[]) => Promise<void>) =>
  test(name, { timeout: 120_000 }, async (t) => {
    const given = delegateCgroups();
    if ("skip" in given) return t.skip(given.skip);
    t.after(given.remove);
    await run(t, given.folders);
    for (const folder of given.folders) assert.deepEqual(groupsIn(folder), []);
  });
const groupsIn = (folder: string) => readdirSync(folder).filter((name) => name.startsWith("entente-"));

const opened = async (folders: readonly string[]): Promise<Cgroups> => {
  const cgroups = await openCgroups(folders);
  assert.ok(typeof cgroups !== "string", String(cgroups));
  return cgroups;
};
/** The command's status, and what it printed. */
const run = ([program, ...args]: readonly [string, ...string[]]): Promise<{ status: unknown; printed: string }> =>
  new Promise((resolve) => {
    execFile(program, args, (error, printed) => resolve({ status: error?.signal ?? error?.code ?? 0, printed }));
  });

delegated(
  "who takes more memory than its group has is ended, children and all; its neighbour is not",
  async (_, folders) => {
    const cgroups = await opened(folders);
    const [small, large] = [cgroups.create(128 * MiB), cgroups.create(4_096 * MiB)];
    const [ended, spared] = await Promise.all([small, large].map((one) => run(one.joined([...NODE, HUNGRY]))));
    assert.notEqual(ended?.status, 0);
    assert.ok(small.ranOut());
    assert.equal(spared?.status, 0);
    assert.ok(!large.ranOut());
    await Promise.all([small.remove(), large.remove()]);
  },
);

delegated("forks beyond the limit are refused, and what was forked ends with its group", async (_, folders) => {
  const group = (await opened(folders)).create(256 * MiB);
  const [program, ...args] = group.joined(["/bin/sh", "-c", FORKS]);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "ignore"], detached: true });
  const [status] = await once(child, "exit");
  assert.notEqual(status, 0, "the shell could not fork");
  await group.remove();
});

delegated(
  "what an enclave that was killed left behind is ended at the next start, another's is not",
  async (_, folders) => {
    const gone = spawn("/bin/true");
    await once(gone, "exit");
    const left = folders.map((folder) => `${folder}/entente-${gone.pid}-7`);
    const others = folders.map((folder) => `${folder}/entente-${process.ppid}-1`);
    for (const folder of [...left, ...others]) mkdirSync(folder);
    const join = 'for f in "$@"; do echo $$ > $f/cgroup.procs; done; echo in; exec sleep 1000';
    const child = spawn("/bin/sh", ["-c", join, "sh", ...left], { stdio: ["ignore", "pipe", "ignore"] });
    await once(child.stdout, "data");
    const ended = once(child, "exit");
    await opened(folders);
    assert.deepEqual((await ended)[1], "SIGKILL");
    for (const folder of left) assert.ok(!existsSync(folder));
    for (const folder of others) rmdirSync(folder);
  },
);

delegated("folders without the controllers it takes are refused", async (_, folders) => {
  const memory = folders.find((folder) => existsSync(`${folder}/memory.limit_in_bytes`));
  if (memory) assert.match(String(await openCgroups([memory])), /have no pids\.max/);
  const plain = mkdtempSync(join(tmpdir(), "entente-cgroups-"));
  assert.match(String(await openCgroups([plain])), /have no memory\.max or memory\.limit_in_bytes/);
  assert.match(String(await openCgroups([`${plain}/gone`])), /ENOENT/);
  assert.deepEqual(readdirSync(plain), []);
  rmdirSync(plain);
});

/** JavaScript with a file system in memory, of which no limit of a process knows. */
const spilling = (cgroups: Cgroups): Runner =>
  createSandboxedRunner({
    id: "spilling",
    label: { en: "", "zh-CN": "" },
    async image() {
      const node = await nodeImage(nodeProgram(guest));
      return { ...node, calls: [...node.calls, "scratch"], scratch: 2_048 * MiB };
    },
    outOfMemory: NODE_OUT_OF_MEMORY,
    cgroups,
  });
const SPILL = `
import { appendFileSync } from "node:fs";
export const main = async ({ parameters }) => {
  for (let i = 0; i < parameters.times; i++) appendFileSync("/tmp/spill", Buffer.alloc(16 << 20, 1));
  return [{ n: parameters.times }];
};`;

delegated(
  "a model that writes more than its memory is told so, the one beside it has its result",
  async (t, folders) => {
    const runner = spilling(await opened(folders));
    const available = await runner.available();
    if (available !== true) return t.skip(available);
    const resultOf = async (times: number) => {
      const run = await runner.start({ seconds: 60, memory: 64 * MiB, output: MiB });
      run.load({
        manifest: {
          runner: "spilling",
          entry: "index.js",
          tables: {},
          result: { columns: { n: "i32" }, maxRows: 1 },
          parameters: { times: { type: "number", default: 0 } },
        },
        files: new Map([["index.js", utf8(SPILL)]]),
        main: "main",
        parameters: { times },
      });
      return run.result();
    };
    const [greedy, modest] = await Promise.allSettled([resultOf(100), resultOf(3)]);
    assert.ok(greedy.status === "rejected" && greedy.reason instanceof Refusal);
    assert.equal(greedy.reason.code, "model.memory");
    assert.ok(modest.status === "fulfilled", String(modest.status === "rejected" && modest.reason));
    assert.deepEqual(modest.value.batches.flatMap(rowsOf), [{ n: 3 }]);
  },
);
