import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ledgerConformance, type Opened, permissions } from "../../../../test/conformance/ledger.ts";
import { consortium, model, taskPayload } from "../../../../test/support/consortium.ts";
import { openEvidence } from "../../../../test/support/evidence.ts";
import { createEnclave, createOrganisation, START } from "../../../../test/support/principals.ts";
import { found, ledgerStage, movableClock, signed, worldStage } from "../../../../test/support/stage.ts";
import { systemClock } from "../../../base/clock.ts";
import { emptyWorld } from "../../../rules/world.ts";
import { openCheckpoint } from "../../../trust/log/checkpoint.ts";
import { refuse } from "../../errors.ts";
import type { Entry, Ledger } from "../../port.ts";
import { createSequencer } from "./sequencer.ts";

const open = async (directory: string): Promise<Opened> => {
  const ledger = await openEvidence(directory);
  return {
    ledger,
    async reopen() {
      await ledger.close();
      return await open(directory);
    },
  };
};
ledgerConformance("evidence", open);

const temporary = async (t: TestContext): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), "entente-evidence-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
};

/** A ledger of the consortium, closed: where it is, its bytes, its frames and what it held. */
const closedLedger = async (t: TestContext) => {
  const directory = await temporary(t);
  const clock = movableClock();
  const ledger = await openEvidence(directory, clock);
  await consortium(ledgerStage(ledger, clock));
  const { size } = ledger;
  await ledger.close();
  const path = join(directory, "ledger.log");
  const bytes = await readFile(path);
  return { directory, clock, path, bytes, size, frames: framesOf(bytes) };
};

/** Start and end of each frame: a length of four bytes, a checksum of four, the body. */
const framesOf = (bytes: Buffer): { start: number; end: number }[] => {
  const frames: { start: number; end: number }[] = [];
  for (let start = 16; start < bytes.length; ) {
    const end = start + 16 + bytes.readUInt32BE(start);
    frames.push({ start, end });
    start = end;
  }
  return frames;
};

describe("the file after an interruption", () => {
  test("a last frame that is not whole is dropped, wherever it broke off; then the ledger goes on", async (t) => {
    const { directory, clock, path, bytes, size, frames } = await closedLedger(t);
    const last = frames.at(-1);
    assert.ok(last);
    for (const length of [last.start + 1, last.start + 7, last.start + 16, last.start + 40, last.end - 1]) {
      await writeFile(path, bytes);
      await truncate(path, length);
      const ledger = await openEvidence(directory, clock);
      assert.equal(ledger.size, size - 1, `${length} bytes`);
      await found(ledgerStage(ledger, clock), createOrganisation(`后来的 ${length}`));
      await ledger.close();
      const again = await openEvidence(directory, clock);
      assert.equal(again.size, size);
      await again.close();
    }
  });

  test("what a file system leaves of a write it did not finish: zeros, or the head alone", async (t) => {
    const { directory, clock, path, bytes, size, frames } = await closedLedger(t);
    const last = frames.at(-1);
    assert.ok(last);
    const zeros = Buffer.alloc(4_096);
    const headOnly = Buffer.from(bytes);
    headOnly.fill(0, last.start + 16);
    for (const [left, expected] of [
      [Buffer.concat([bytes, zeros]), size],
      [Buffer.concat([bytes.subarray(0, last.start), zeros]), size - 1],
      [headOnly, size - 1],
    ] as const) {
      await writeFile(path, left);
      const ledger = await openEvidence(directory, clock);
      assert.equal(ledger.size, expected);
      await ledger.close();
    }
  });

  test("damage before the last frame is refused, and the file left alone", async (t) => {
    const { directory, clock, path, bytes, frames } = await closedLedger(t);
    // Every part of a frame: its length made larger and smaller, its checksum, its time, its statement.
    for (const { start, end } of [frames[0], frames[5], frames.at(-2)].filter((frame) => frame !== undefined))
      for (const [at, mask] of [
        [start, 0x80],
        [start + 1, 0x01],
        [start + 3, 0x01],
        [start + 3, 0xff],
        [start + 5, 0x10],
        [start + 12, 0x01],
        [end - 1, 0x02],
      ] as const) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        await writeFile(path, damaged);
        await assert.rejects(openEvidence(directory, clock), { code: "ledger.corrupt" }, `byte ${at} ^ ${mask}`);
        assert.ok((await readFile(path)).equals(damaged), "not a byte was changed");
      }
  });

  test("a frame cut out, or twice, does not pass for history", async (t) => {
    const { directory, clock, path, bytes, frames } = await closedLedger(t);
    const [, second] = frames;
    assert.ok(second);
    const whole = bytes.subarray(second.start, second.end);
    const without = Buffer.concat([bytes.subarray(0, second.start), bytes.subarray(second.end)]);
    const twice = Buffer.concat([bytes.subarray(0, second.end), whole, bytes.subarray(second.end)]);
    for (const forged of [without, twice]) {
      await writeFile(path, forged);
      await assert.rejects(openEvidence(directory, clock), { code: "ledger.corrupt" });
      assert.ok((await readFile(path)).equals(forged), "not a byte was changed");
    }
  });
});

test("statements longer than a frame holds are stored in several", async (t) => {
  const directory = await temporary(t);
  const clock = movableClock();
  const ledger = await openEvidence(directory, clock);
  const stage = ledgerStage(ledger, clock);
  const { institute, parts } = await consortium(stage);
  const parameters = Object.fromEntries(Array.from({ length: 180 }, (_, i) => [`p${i}`, "x".repeat(1_024)]));
  const before = ledger.size;
  const large = Array.from({ length: 120 }, () =>
    signed(stage, institute, "task.created", "", taskPayload(stage, parts, { parameters })),
  );
  await Promise.all(large.map((jws) => ledger.submit(jws)));
  assert.equal(ledger.size, before + large.length);
  await ledger.close();
  const frames = framesOf(await readFile(join(directory, "ledger.log")));
  for (const { start, end } of frames) assert.ok(end - start < 17 * 2 ** 20);
  const again = await openEvidence(directory, clock);
  assert.equal(again.size, before + large.length);
  assert.equal((await again.entry(before + 77)).jws, large[77]);
  await again.close();
});

describe("a sequencer whose store fails", () => {
  /** Stores until told to fail; holds each call until it is released. */
  const sequencerOn = (store: (entries: readonly Entry[]) => Promise<void>) =>
    createSequencer({ clock: movableClock(), start: { world: emptyWorld, time: 0, size: 0 }, batch: 1, store });

  test("refuses all that rested on the lost statement, refusals too, then goes on from what is durable", async () => {
    const stored: string[] = [];
    const fail = Promise.withResolvers<void>();
    let calls = 0;
    const sequencer = sequencerOn(async (entries) => {
      if (calls++ === 0) await fail.promise;
      stored.push(...entries.map(({ statement }) => statement));
    });
    const pure = worldStage();
    const [member, enclave] = [createOrganisation("医院"), createEnclave()];
    await found(pure, member, enclave);
    const modelJws = signed(pure, member, "model.published", "", {});
    const dependents = [member.founding, enclave.founding, member.founding, modelJws].map((jws) =>
      sequencer.submit(jws),
    );
    const outcomes = Promise.allSettled(dependents);
    await sleep(10);
    fail.reject(new Error("EIO: the disk is gone"));
    for (const outcome of await outcomes) {
      assert.equal(outcome.status, "rejected");
      assert.equal(outcome.reason.code, "ledger.unavailable");
      assert.match(outcome.reason.message, /EIO/);
    }
    assert.deepEqual(stored, []);
    const { index, seq } = await sequencer.submit(member.founding);
    assert.deepEqual([index, seq], [0, 0]);
    await assert.rejects(sequencer.submit(member.founding), { code: "stream.founded" });
    assert.deepEqual(stored, [member.id]);
  });

  test("passes a refusal of the store's own on as it is", async () => {
    const sequencer = sequencerOn(async () => {
      throw refuse("ledger.unavailable", { reason: "leaderless" });
    });
    await assert.rejects(sequencer.submit(createOrganisation("医院").founding), /leaderless/);
  });

  test("time never runs backwards on the ledger, whatever the clock does", async (t) => {
    const clock = movableClock();
    const ledger = await openEvidence(await temporary(t), clock);
    const stage = ledgerStage(ledger, clock);
    await found(stage, createOrganisation("甲"));
    clock.advance(-60_000);
    await found(stage, createOrganisation("乙"));
    clock.advance(120_000);
    await found(stage, createOrganisation("丙"));
    const times = ledger.leaves(0, 3).map(({ time }) => time);
    assert.deepEqual(times, [START, START, START + 60_000]);
    await ledger.close();
  });
});

describe("disk full", () => {
  /** Fills what is left with `fill`, frees it with `free`. */
  interface Space {
    readonly directory: string;
    free(): Promise<void>;
  }

  /** A file system of 256 KiB, where this process may mount one. */
  const tinyDisk = async (t: TestContext): Promise<Space | undefined> => {
    const directory = await mkdtemp(join(tmpdir(), "entente-disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory]).status === 0;
    t.after(async () => {
      if (mounted) assert.equal(spawnSync("umount", [directory]).status, 0);
      await rm(directory, { recursive: true });
    });
    if (!mounted) return undefined;
    const filler = join(directory, "filler");
    await writeFile(filler, new Uint8Array(128 * 1024));
    return { directory, free: () => rm(filler) };
  };

  /** The largest a file of this process may become, where it may not mount. */
  const tinyFiles = async (t: TestContext): Promise<Space | undefined> => {
    const limit = (soft: string) => spawnSync("prlimit", [`--pid=${process.pid}`, `--fsize=${soft}:`]).status === 0;
    const ignore = () => undefined;
    process.on("SIGXFSZ", ignore);
    if (!limit(String(128 * 1024))) return undefined;
    const free = async () => assert.ok(limit("unlimited"));
    t.after(async () => {
      await free();
      process.off("SIGXFSZ", ignore);
    });
    return { directory: await temporary(t), free };
  };

  for (const [name, limited] of Object.entries({ "a full file system": tinyDisk, "a file at its limit": tinyFiles }))
    test(`${name}: refused by name, nothing kept, and on again once there is room`, async (t) => {
      const space = await limited(t);
      if (!space) return t.skip("this user may not mount a file system, or limit the size of files");
      const ledger = await openEvidence(space.directory);
      const stage = ledgerStage(ledger, systemClock);
      const at = systemClock.now();
      const [member, enclave] = [createOrganisation("医院", { at }), createEnclave({ at })];
      await found(stage, member, enclave);
      const stream = await model(stage, member, enclave);
      const acts = permissions(member, stream, stream, 300);
      const refusedFrom = await firstRefused(ledger, acts);
      const { size, world } = ledger;
      const checkpoint = ledger.checkpoint();
      for (let i = 0; i < 3; i++)
        await assert.rejects(ledger.submit(acts[refusedFrom] as string), { code: "ledger.unavailable", status: 503 });
      assert.deepEqual([ledger.size, ledger.checkpoint(), ledger.world === world], [size, checkpoint, true]);
      await space.free();
      for (const jws of acts.slice(refusedFrom, refusedFrom + 5)) await ledger.submit(jws);
      await ledger.close();
      const again = await openEvidence(space.directory);
      assert.equal(again.size, size + 5);
      await again.close();
    });

  const firstRefused = async (ledger: Ledger, acts: readonly string[]): Promise<number> => {
    for (const [i, jws] of acts.entries())
      try {
        await ledger.submit(jws);
      } catch {
        return i;
      }
    return assert.fail("the disk never filled up");
  };
});

describe("killed with SIGKILL", () => {
  const KILLS = 25;
  const writer = fileURLToPath(new URL("../../../../test/support/ledger-writer.ts", import.meta.url));

  test(`${KILLS} times at random moments: nothing that was acknowledged is lost`, async (t) => {
    const directory = await temporary(t);
    const acknowledged = new Map<number, string>();
    for (let run = 0; run < KILLS; run++) {
      const child = spawn(process.execPath, [writer, directory, String(run)], { stdio: ["ignore", "pipe", "inherit"] });
      t.after(() => child.kill("SIGKILL"));
      await killedWhileWriting(child, acknowledged);
    }
    const ledger = await openEvidence(directory);
    for (const [index, statement] of acknowledged) assert.equal((await ledger.entry(index)).statement, statement);
    assert.ok(acknowledged.size >= KILLS, `${acknowledged.size} were acknowledged`);
    assert.equal(openCheckpoint(ledger.checkpoint(), ledger.verifierKey).size, ledger.size);
    await ledger.close();
    t.diagnostic(`${acknowledged.size} acknowledged of ${ledger.size} stored over ${KILLS} kills`);
  });

  /** Kills the writer up to 60 ms after the first statement was stored, and notes what it said was stored. */
  const killedWhileWriting = async (
    child: ChildProcessByStdio<null, Readable, null>,
    acknowledged: Map<number, string>,
  ) => {
    const ended = once(child, "exit");
    let doomed = false;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === "ready") continue;
      if (!doomed) void sleep(Math.random() * 60).then(() => child.kill("SIGKILL"));
      doomed = true;
      // The last line may have been cut short by the kill.
      const [, index, statement] = /^(\d+) ([0-9a-f]{64})$/.exec(line) ?? [];
      if (statement) acknowledged.set(Number(index), statement);
    }
    const [, signal] = await ended;
    assert.equal(signal, "SIGKILL", "it ended of itself");
  };
});
