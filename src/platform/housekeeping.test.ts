import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Open, onEachDatabase, testClock } from "../../test/support/databases.ts";
import { utf8 } from "../base/bytes.ts";
import { DAY, HOUR } from "../base/clock.ts";
import { createIdentity } from "./accounts/identity.ts";
import { createBlobs } from "./blobs.ts";
import { loadConfig } from "./config/load.ts";
import { createHousekeeping, type Uploads } from "./housekeeping.ts";
import { createIdempotency } from "./idempotency.ts";
import { createIdempotencyStore } from "./idempotency-store.ts";
import { createIds } from "./ids.ts";
import { createJobs } from "./jobs.ts";
import { createJobStore } from "./jobs-store.ts";
import { createLog } from "./log.ts";
import { openServerKey } from "./server-key.ts";

/** The list that a pillar keeps: when each digest was last uploaded. */
const uploadsAt = (at: Map<string, number>, referenced: (digest: string) => boolean): Uploads => ({
  oldUploads: async (before) => [...at].flatMap(([digest, time]) => (time < before ? [digest] : [])),
  isReferenced: async (digest) => referenced(digest),
  async forgetUpload(digest, before) {
    if ((at.get(digest) ?? 0) >= before) return false;
    return at.delete(digest);
  },
});

const setUp = async (t: TestContext, open: Open) => {
  const db = await open(t);
  if (!db) return undefined;
  const dataDir = mkdtempSync(join(tmpdir(), "entente-keeping-"));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const clock = testClock();
  const newId = createIds({ clock });
  const log = createLog({ level: "silent", format: "json" });
  const identity = createIdentity({ db, clock, newId, serverKey: openServerKey(dataDir), config: loadConfig({}) });
  const idempotency = createIdempotency({ store: createIdempotencyStore({ db }), clock });
  const blobs = createBlobs({ dataDir });
  const store = async (text: string): Promise<string> => {
    const content = async function* () {
      yield utf8(text);
    };
    return (await blobs.put(content(), { max: 100 })).digest;
  };
  /** A server's life: what is due is done. */
  const serve = async (uploads: Uploads): Promise<void> => {
    const jobs = createJobs({ db, store: createJobStore({ db }), clock, newId, log, sole: true });
    const { sessions } = identity;
    const keeping = createHousekeeping({ db, jobs, clock, log, sessions, idempotency, blobs, uploads });
    await keeping.start();
    await jobs.start();
    await jobs.idle();
    await jobs.stop();
  };
  const queued = () =>
    db.selectFrom("jobs").select(["kind", "runAt"]).where("state", "=", "queued").orderBy("kind").execute();
  return { db, clock, identity, idempotency, blobs, store, serve, queued };
};

onEachDatabase("housekeeping", (open) => {
  test("uploads that nothing names go after a day; what is named, fresh or named meanwhile stays", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { clock, blobs, store, serve } = p;
    const [orphan, named, meanwhile, again] = [
      await store("orphan"),
      await store("named"),
      await store("meanwhile"),
      await store("again"),
    ];
    const at = new Map([orphan, named, meanwhile, again].map((digest) => [digest, clock.now()]));
    clock.advance(DAY + 1);
    const fresh = await store("fresh");
    at.set(fresh, clock.now());
    let looks = 0;
    const uploads = uploadsAt(at, (digest) => {
      // Uploaded once more, or named by a statement, between the first look and the second.
      if (digest === again) at.set(again, clock.now());
      return digest === named || (digest === meanwhile && ++looks > 1);
    });
    await serve(uploads);
    assert.deepEqual(await Promise.all([orphan, named, meanwhile, again, fresh].map((digest) => blobs.has(digest))), [
      false,
      true,
      true,
      true,
      true,
    ]);
    assert.deepEqual([at.has(orphan), at.has(named), at.has(fresh)], [false, true, true]);
  });

  test("ended sessions and kept answers go; the work is queued once, for the next day", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const { db, clock, identity, idempotency, serve, queued } = p;
    const { user } = await identity.accounts.register({ nickname: "Lab", login: "li", password: "a long password" });
    await identity.sessions.open(user.id, { ip: "::1", userAgent: "" });
    const begun = await idempotency.begin({ scope: user.id, key: "k", request: [] });
    assert.equal(begun.replay, undefined);
    const nothing = uploadsAt(new Map(), () => false);
    await serve(nothing);
    const tomorrow = clock.now() + DAY;
    const next = ["idempotency.purge", "sessions.purge", "uploads.collect"].map((kind) => ({ kind, runAt: tomorrow }));
    assert.deepEqual(await queued(), next);
    clock.advance(HOUR);
    await serve(nothing);
    assert.deepEqual(await queued(), next, "a restart does not queue it again");
    const counts = async () => {
      const sessions = await db.selectFrom("sessions").selectAll().execute();
      const answers = await db.selectFrom("idempotency").selectAll().execute();
      return [sessions.length, answers.length];
    };
    assert.deepEqual(await counts(), [1, 1]);
    clock.advance(DAY);
    await serve(nothing);
    assert.deepEqual(await counts(), [0, 0]);
    assert.equal((await queued()).length, 3);
  });

  test("when it fails for good, the next day is tried all the same", async (t) => {
    const p = await setUp(t, open);
    if (!p) return;
    const broken: Uploads = {
      ...uploadsAt(new Map(), () => false),
      oldUploads: () => Promise.reject(new Error("down")),
    };
    for (let tries = 0; tries < 5; tries++) {
      await p.serve(broken);
      p.clock.advance(HOUR);
    }
    const [job] = (await p.queued()).filter(({ kind }) => kind === "uploads.collect");
    assert.ok((job?.runAt ?? 0) > p.clock.now() + 22 * HOUR);
  });
});
