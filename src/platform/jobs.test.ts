import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { onEachDatabase, testClock } from "../../test/support/databases.ts";
import { systemClock } from "../base/clock.ts";
import { refusals } from "../base/refusal.ts";
import { openDatabase } from "./db/open.ts";
import type { PlatformDb } from "./db/schema.ts";
import { transaction } from "./db/transaction.ts";
import { createIds } from "./ids.ts";
import { createJobs, type JobKind, type JobsOptions } from "./jobs.ts";
import { createJobStore } from "./jobs-store.ts";
import { createLog } from "./log.ts";

const refuse = refusals({ "test.no": { status: 400, en: "No. Do nothing.", zh: "不行。请勿操作。" } });
const log = createLog({ level: "silent", format: "json" });

const setUp = (db: PlatformDb, options: Partial<JobsOptions> = {}) => {
  const clock = testClock();
  const store = createJobStore({ db });
  const jobs = createJobs({ db, store, clock, newId: createIds({ clock }), log, sole: true, ...options });
  return { clock, store, jobs };
};
const kind = (run: JobKind<number>["run"], rest: Partial<JobKind<number>> = {}): JobKind<number> => ({
  kind: "add",
  run,
  ...rest,
});

onEachDatabase("jobs", (open) => {
  test("a job runs as soon as its transaction is committed, and not at all without", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { jobs, store } = setUp(db, { poll: 1e6 });
    const ran: number[] = [];
    const add = kind(async (n) => void ran.push(n));
    jobs.register(add);
    await jobs.start();
    t.after(() => jobs.stop());
    const { id } = await transaction(db, async (tx) => {
      const job = await jobs.enqueue(tx, { kind: add, key: "a", payload: 1 });
      assert.deepEqual(ran, []);
      return job;
    });
    await jobs.idle();
    assert.deepEqual(ran, [1]);
    assert.equal((await store.find(id))?.state, "done");
    const rolledBack = transaction(db, async (tx) => {
      await jobs.enqueue(tx, { kind: add, key: "b", payload: 2 });
      throw new Error("no");
    });
    await assert.rejects(rolledBack);
    await jobs.idle();
    assert.deepEqual(await store.count(), { queued: 0, running: 0, done: 1, failed: 0 });
  });

  test("equal work is queued once while it is open", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { jobs, clock, store } = setUp(db);
    const add = kind(async () => undefined);
    jobs.register(add);
    const soon = { kind: add, key: "a", payload: 1, runAt: clock.now() + 1000 };
    const first = await jobs.enqueue(db, soon);
    assert.deepEqual(await jobs.enqueue(db, soon), { id: first.id, created: false });
    await jobs.start();
    t.after(() => jobs.stop());
    await jobs.idle();
    assert.equal((await store.find(first.id))?.state, "queued", "it is not due yet");
    clock.advance(1000);
    jobs.wake();
    await jobs.idle();
    assert.equal((await jobs.enqueue(db, soon)).created, true);
    await jobs.idle();
  });

  test("failures are tried again with growing pauses, then end with a code", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { jobs, clock, store } = setUp(db);
    const tries: [number, boolean][] = [];
    const told: string[] = [];
    const add = kind(
      async (_, { attempt, last }) => {
        tries.push([attempt, last]);
        throw attempt === 1 ? new Error("network") : refuse("test.no");
      },
      { attempts: 3, failed: async (_, { code }) => void told.push(code) },
    );
    jobs.register(add);
    await jobs.start();
    t.after(() => jobs.stop());
    const { id } = await jobs.enqueue(db, { kind: add, key: "a", payload: 1 });
    await jobs.idle();
    assert.equal((await store.find(id))?.runAt, clock.now() + 1000);
    assert.equal((await store.find(id))?.error, "job.failed");
    for (const pause of [1000, 4000]) {
      clock.advance(pause - 1);
      jobs.wake();
      await jobs.idle();
      clock.advance(1);
      jobs.wake();
      await jobs.idle();
    }
    assert.deepEqual(tries, [
      [1, false],
      [2, false],
      [3, true],
    ]);
    const job = await store.find(id);
    assert.deepEqual([job?.state, job?.error, job?.openKey], ["failed", "test.no", null]);
    assert.deepEqual(told, ["test.no"]);
  });

  test("a server that stops hands its work on, at once and without counting it as failed", async (t) => {
    const db = await open(t);
    if (!db) return;
    const first = setUp(db);
    const begun = Promise.withResolvers<void>();
    const patient = kind(async (_, { signal }) => {
      begun.resolve();
      await once(signal, "abort");
      throw new Error("aborted");
    });
    first.jobs.register(patient);
    await first.jobs.start();
    const { id } = await first.jobs.enqueue(db, { kind: patient, key: "a", payload: 1 });
    await begun.promise;
    await first.jobs.stop();
    const left = await first.store.find(id);
    assert.deepEqual([left?.state, left?.attempts, left?.interruptions], ["queued", 0, 0]);
  });

  test("two servers do not run a job twice, and a lost one is taken over when its lease ran out", async (t) => {
    const db = await open(t);
    if (!db) return;
    const clock = testClock();
    const hang = Promise.withResolvers<void>();
    const results: string[] = [];
    const makeServer = (name: string, wait: Promise<void>) => {
      const { jobs } = setUp(db, { clock, sole: false, lease: 1000 });
      const add = kind(async (_, job) => {
        results.push(`${name} began`);
        await wait;
        await transaction(db, async (tx) => await job.done(tx)).then(
          () => results.push(`${name} ended`),
          () => results.push(`${name} was late`),
        );
      });
      jobs.register(add);
      return { jobs, add };
    };
    const slow = makeServer("slow", hang.promise);
    const other = makeServer("other", Promise.resolve());
    await slow.jobs.start();
    await slow.jobs.enqueue(db, { kind: slow.add, key: "a", payload: 1 });
    while (results.length === 0) await new Promise(setImmediate);
    await other.jobs.start();
    await other.jobs.idle();
    assert.deepEqual(results, ["slow began"]);
    clock.advance(1000);
    other.jobs.wake();
    await other.jobs.idle();
    hang.resolve();
    await slow.jobs.idle();
    assert.deepEqual(results, ["slow began", "other began", "other ended", "slow was late"]);
    await Promise.all([slow.jobs.stop(), other.jobs.stop()]);
  });

  test("many jobs over two servers run once each", async (t) => {
    const db = await open(t);
    if (!db) return;
    const ran: number[] = [];
    const servers = [1, 2].map(() => {
      const { jobs } = setUp(db, { sole: false });
      const add = kind(async (n) => void ran.push(n));
      jobs.register(add);
      return { jobs, add };
    });
    for (const { jobs } of servers) await jobs.start();
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    await Promise.all(
      numbers.map((n) => {
        const { jobs, add } = servers[n % 2] as (typeof servers)[0];
        return jobs.enqueue(db, { kind: add, key: String(n), payload: n });
      }),
    );
    for (const { jobs } of servers) await jobs.idle();
    assert.deepEqual(
      ran.toSorted((a, b) => a - b),
      numbers,
    );
    for (const { jobs } of servers) await jobs.stop();
  });

  test("a job that keeps killing its server is given up", async (t) => {
    const db = await open(t);
    if (!db) return;
    const { jobs, store } = setUp(db);
    const told: string[] = [];
    const add = kind(async () => assert.fail("it must not run again"), {
      failed: async (_, { code }) => void told.push(code),
    });
    jobs.register(add);
    const { id } = await jobs.enqueue(db, { kind: add, key: "a", payload: 1 });
    for (let n = 0; n < 21; n++) {
      await store.claim({ now: 1e15, kinds: ["add"], owner: `dead ${n}`, lease: `${n}`, lockedUntil: 1e15 });
      await store.reclaim("another");
    }
    await jobs.start();
    await jobs.idle();
    assert.equal((await store.find(id))?.error, "job.interrupted");
    assert.deepEqual(told, ["job.interrupted"]);
    await jobs.stop();
  });
});

test("kill -9 loses no job: the next start runs what was in hand", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "entente-jobs-"));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const url = (file: string) => JSON.stringify(import.meta.resolve(file));
  const program = `
    const { openDatabase } = await import(${url("./db/open.ts")});
    const { migrate } = await import(${url("./db/migrate.ts")});
    const { platformMigrations } = await import(${url("./db/migrations/index.ts")});
    const { createJobs } = await import(${url("./jobs.ts")});
    const { createJobStore } = await import(${url("./jobs-store.ts")});
    const { createIds } = await import(${url("./ids.ts")});
    const { createLog } = await import(${url("./log.ts")});
    const clock = { now: () => Date.now() };
    const db = openDatabase("", { dataDir: ${JSON.stringify(dataDir)} });
    await migrate(db, platformMigrations, { clock });
    const log = createLog({ level: "error", format: "json" });
    const jobs = createJobs({ db, store: createJobStore({ db }), clock, newId: createIds({ clock }), log, sole: true });
    const add = { kind: "add", run: () => new Promise(() => console.log("began")) };
    jobs.register(add);
    await jobs.start();
    await jobs.enqueue(db, { kind: add, key: "a", payload: 1 });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");

  const db = openDatabase("", { dataDir });
  t.after(() => db.destroy());
  const store = createJobStore({ db });
  const clock = systemClock;
  const jobs = createJobs({ db, store, clock, newId: createIds({ clock }), log, sole: true });
  const ran: number[] = [];
  jobs.register(kind(async (n) => void ran.push(n)));
  await jobs.start();
  await jobs.idle();
  await jobs.stop();
  assert.deepEqual(ran, [1]);
  assert.deepEqual(await store.count(), { queued: 0, running: 0, done: 1, failed: 0 });
});
