/** What every engine of the Ledger port must hold to. Time is the machine's: an engine may live in other processes. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { toHex } from "../../src/base/bytes.ts";
import { type Clock, iso, systemClock } from "../../src/base/clock.ts";
import { Refusal } from "../../src/base/refusal.ts";
import type { Entry, Ledger } from "../../src/ledger/port.ts";
import { leafBytes } from "../../src/trust/leaf.ts";
import { openCheckpoint } from "../../src/trust/log/checkpoint.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "../../src/trust/log/merkle.ts";
import { parseStatement, signStatementWith } from "../../src/trust/statement.ts";
import { consortium, model, modelPayload, taskUpTo } from "../support/consortium.ts";
import { plain } from "../support/plain.ts";
import { createEnclave, createOrganisation, type Organisation } from "../support/principals.ts";
import { act, found, ledgerStage, refused, type Stage, signed } from "../support/stage.ts";

/** A ledger on a directory. */
export interface Opened {
  readonly ledger: Ledger;
  /** Closes it and opens it again on what it stored. */
  reopen(): Promise<Opened>;
}

/** Statements of one stream, each of which has seen the one before; the first has seen `seen`. */
export const permissions = (by: Organisation, stream: string, seen: string, length: number): string[] => {
  const at = iso(systemClock.now());
  return Array.from({ length }, (_, i) => {
    const payload = { permission: { kind: i % 2 === 0 ? "private" : "public" } };
    const jws = signStatementWith(
      { kind: "model.permitted", stream, seen, by: by.id, at, payload },
      by.key,
      by.leaf.der,
    );
    seen = parseStatement(jws).digest;
    return jws;
  });
};

const collect = async (entries: AsyncIterable<Entry>): Promise<Entry[]> => await Array.fromAsync(entries);

const requireVerifiable = (ledger: Ledger): void => {
  const { size } = ledger;
  const hashes = ledger.leaves(0, size).map((leaf) => leafHash(leafBytes(leaf)));
  const roots = hashes.map((_, i) => openCheckpoint(ledger.checkpoint(i + 1), ledger.verifierKey));
  const newest = openCheckpoint(ledger.checkpoint(), ledger.verifierKey);
  assert.deepEqual([newest.origin, newest.size], [ledger.origin, size]);
  assert.deepEqual(newest.root, roots[size - 1]?.root);
  for (const [i, { size: treeSize, root }] of roots.entries()) {
    assert.equal(treeSize, i + 1);
    for (let index = 0; index < treeSize; index++) {
      const proof = ledger.inclusion(index, treeSize);
      verifyInclusion({ index, size: treeSize, leafHash: hashes[index] as Uint8Array, proof, root });
    }
    for (const older of roots.slice(0, treeSize)) {
      const [first, firstRoot] = [older.size, older.root];
      const proof = ledger.consistency(first, treeSize);
      verifyConsistency({ first, second: treeSize, firstRoot, secondRoot: root, proof });
    }
  }
};

const sameWorld = (a: Ledger["world"], b: Ledger["world"]): void => {
  assert.deepEqual(plain(a), plain(b));
};

/** @param open on an empty directory, or on what such a ledger left there */
export const ledgerConformance = (name: string, open: (directory: string) => Promise<Opened>): void => {
  describe(`the ${name} ledger`, () => {
    let directory: string;
    let opened: Opened;
    let ledger: Ledger;
    let stage: Stage<Clock>;
    const use = (now: Opened) => {
      opened = now;
      ledger = now.ledger;
      stage = ledgerStage(ledger, systemClock);
    };
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), "entente-ledger-"));
      use(await open(directory));
    });
    afterEach(async () => {
      await ledger.close();
      await rm(directory, { recursive: true, force: true });
    });
    const created = { at: systemClock.now() };
    /** As many members as asked for, each with a model. */
    const members = async (count: number) => {
      const organisations = Array.from({ length: count }, (_, i) => createOrganisation(`Member ${i}`, created));
      const enclave = createEnclave(created);
      await found(stage, enclave, ...organisations);
      const models = await Promise.all(organisations.map((member) => model(stage, member, enclave)));
      return organisations.map((member, i) => ({ member, enclave, model: models[i] as string }));
    };

    test("begins empty, with a checkpoint that says so", async () => {
      assert.equal(ledger.size, 0);
      assert.equal(openCheckpoint(ledger.checkpoint(), ledger.verifierKey).size, 0);
      assert.deepEqual(await collect(ledger.read(0)), []);
      await assert.rejects(ledger.entry(0), { code: "ledger.range" });
    });

    test("orders a whole consortium's acts, and shows each as it was submitted", async () => {
      const all = await consortium(stage);
      const task = await taskUpTo(stage, all, "completed");
      const entries = await collect(ledger.read(0));
      assert.equal(entries.length, ledger.size);
      const seqs = new Map<string, number>();
      for (const [index, entry] of entries.entries()) {
        const { statement, digest } = parseStatement(entry.jws);
        const seq = seqs.get(entry.stream) ?? 0;
        assert.deepEqual(entry, {
          index,
          time: entry.time,
          stream: statement.stream || digest,
          seq,
          statement: digest,
          jws: entry.jws,
        });
        assert.ok(entry.time >= (entries[index - 1]?.time ?? 0));
        assert.deepEqual(await ledger.entry(index), entry);
        seqs.set(entry.stream, seq + 1);
      }
      assert.equal(ledger.world.streams.size, seqs.size);
      const positions = entries.filter(({ stream }) => stream === task).map(({ index }) => index);
      assert.deepEqual([...ledger.positions(task)], positions);
      assert.deepEqual([...ledger.positions("unknown")], []);
      assert.deepEqual(await collect(ledger.read(2, 5)), entries.slice(2, 5));
      assert.deepEqual(await collect(ledger.read(ledger.size)), []);
    });

    test("leaves say what entries say", async () => {
      await consortium(stage);
      const entries = await collect(ledger.read(0));
      const leaves = entries.map(({ seq, statement, stream, time }) => ({ seq, statement, stream, time }));
      assert.deepEqual(ledger.leaves(0, ledger.size), leaves);
      assert.deepEqual(ledger.leaves(3, 6), leaves.slice(3, 6));
      assert.deepEqual(ledger.streamsBetween(3, 6), new Set(leaves.slice(3, 6).map(({ stream }) => stream)));
    });

    test("what is acknowledged can be read at once", async () => {
      const [one] = await members(1);
      assert.ok(one);
      for (const jws of permissions(one.member, one.model, one.model, 20)) {
        const entry = await ledger.submit(jws);
        assert.ok(ledger.size > entry.index);
        assert.equal((await ledger.entry(entry.index)).jws, jws);
        assert.equal(ledger.world.streams.get(one.model)?.head, entry.statement);
        assert.ok(openCheckpoint(ledger.checkpoint(), ledger.verifierKey).size > entry.index);
      }
    });

    test("64 submitters at once: every statement once, each stream in its own order", async () => {
      const all = await members(64);
      const before = ledger.size;
      const submitted = await Promise.all(
        all.map(async ({ member, model }) => {
          const entries: Entry[] = [];
          for (const jws of permissions(member, model, model, 10)) entries.push(await ledger.submit(jws));
          return entries;
        }),
      );
      assert.equal(ledger.size, before + 640);
      const indexes = submitted.flat().map(({ index }) => index);
      assert.deepEqual(
        indexes.toSorted((a, b) => a - b),
        Array.from({ length: 640 }, (_, i) => before + i),
      );
      for (const entries of submitted)
        assert.deepEqual(
          entries.map(({ seq }) => seq),
          [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        );
    });

    test("of two that have seen the same head exactly one wins, and the other learns which", async () => {
      const [one] = await members(1);
      assert.ok(one);
      for (let round = 0; round < 20; round++) {
        const seen: string = ledger.world.streams.get(one.model)?.head ?? "";
        const rivals: string[] = ["private", "public"].map((kind) =>
          signed(stage, one.member, "model.permitted", one.model, { permission: { kind } }),
        );
        const outcomes = await Promise.allSettled(rivals.map((jws) => ledger.submit(jws)));
        const won = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
        const lost = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
        assert.deepEqual([won.length, lost.length], [1, 1]);
        assert.ok(lost[0] instanceof Refusal);
        assert.deepEqual([lost[0].code, lost[0].details.head], ["stream.moved", won[0]?.statement]);
        assert.equal(ledger.world.streams.get(one.model)?.head, won[0]?.statement);
        assert.notEqual(won[0]?.statement, seen);
      }
    });

    test("of many with one id exactly one is founded; the same statement counts once", async () => {
      const [one, two] = await members(2);
      assert.ok(one && two);
      const payload = modelPayload(one.enclave);
      const sign = ({ member }: typeof one) => signed(stage, member, "model.published", "", payload);
      const mine = sign(one);
      const outcomes = await Promise.allSettled([mine, mine, sign(two), mine].map((jws) => ledger.submit(jws)));
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      const winner = [...ledger.world.streams.values()].filter(
        ({ state }) => (state as { id?: string }).id === payload.id,
      );
      assert.equal(winner.length, 1);
    });

    test("refusals leave no trace", async () => {
      const [one, two] = await members(2);
      assert.ok(one && two);
      const [size, checkpoint] = [ledger.size, ledger.checkpoint()];
      const attempts: [string, string][] = [
        ["", "statement.malformed"],
        ["…", "statement.malformed"],
        ["a.b.c", "statement.malformed"],
        [one.member.founding, "stream.founded"],
        [signed(stage, two.member, "model.withdrawn", one.model, {}), "owner.required"],
        [signed(stage, one.member, "model.withdrawn", one.model, {}, { key: two.member.key }), "statement.signature"],
        [signed(stage, one.member, "model.withdrawn", one.model, {}, { seen: two.model }), "stream.moved"],
        [signed(stage, one.member, "model.burnt", one.model, {}), "statement.kind"],
      ];
      for (const [jws, code] of attempts) await refused(stage, () => ledger.submit(jws), code);
      assert.deepEqual([ledger.size, ledger.checkpoint()], [size, checkpoint]);
      await act(stage, one.member, "model.withdrawn", one.model);
      assert.equal(ledger.size, size + 1);
    });

    test("checkpoints, inclusion and consistency verify, at every size", async () => {
      await consortium(stage);
      requireVerifiable(ledger);
    });

    test("positions outside are refused by name", async () => {
      await members(1);
      const { size } = ledger;
      const outside: (() => unknown)[] = [
        () => ledger.inclusion(0, size + 1),
        () => ledger.inclusion(size, size),
        () => ledger.inclusion(-1, size),
        () => ledger.inclusion(0, 0),
        () => ledger.inclusion(0.5, size),
        () => ledger.consistency(1, size + 1),
        () => ledger.consistency(size, 1),
        () => ledger.consistency(-1, size),
        () => ledger.checkpoint(size + 1),
        () => ledger.checkpoint(-1),
      ];
      for (const ask of outside) assert.throws(ask, { code: "ledger.range" }, ask.toString());
      for (const index of [size, -1, 0.5, Number.NaN])
        await assert.rejects(ledger.entry(index), { code: "ledger.range" });
    });

    test("listeners hear of what is durable until they stop listening", async () => {
      const heard: number[] = [];
      const stop = ledger.onDurable((size) => {
        assert.equal(size, ledger.size);
        assert.equal(ledger.leaves(0, size).length, size);
        heard.push(size);
      });
      await members(3);
      assert.equal(heard.at(-1), ledger.size);
      assert.deepEqual(
        heard,
        heard.toSorted((a, b) => a - b),
      );
      const { length } = heard;
      stop();
      await found(stage, createOrganisation("Late", created));
      assert.equal(heard.length, length);
    });

    test("opened again it is the same: root, entries, world; and goes on", async () => {
      const all = await consortium(stage);
      const id = await taskUpTo(stage, all, "sources");
      const [checkpoint, world, entries] = [ledger.checkpoint(), ledger.world, await collect(ledger.read(0))];
      use(await opened.reopen());
      assert.equal(ledger.size, entries.length);
      const again = openCheckpoint(ledger.checkpoint(), ledger.verifierKey);
      assert.deepEqual(again, openCheckpoint(checkpoint, ledger.verifierKey));
      assert.deepEqual(await collect(ledger.read(0)), entries);
      sameWorld(ledger.world, world);
      await act(stage, all.institute, "task.refused", id);
      const proof = ledger.consistency(entries.length, ledger.size);
      const newest = openCheckpoint(ledger.checkpoint(), ledger.verifierKey);
      verifyConsistency({
        first: entries.length,
        second: ledger.size,
        firstRoot: again.root,
        secondRoot: newest.root,
        proof,
      });
      assert.notEqual(toHex(newest.root), toHex(again.root));
    });

    test("closed while statements arrive: each is stored or refused, and nothing refused is stored", async () => {
      const all = await members(16);
      const outcomes = all.flatMap(({ member, model }) =>
        permissions(member, model, model, 20).map((jws) =>
          ledger.submit(jws).then(
            (entry) => ({ jws, entry }),
            (error: unknown) => ({ jws, error }),
          ),
        ),
      );
      await outcomes[0];
      const closing = ledger.close();
      await assert.rejects(ledger.submit(""), { code: "ledger.closed" });
      await closing;
      const settled = await Promise.all(outcomes);
      use(await open(directory));
      const stored = new Map((await collect(ledger.read(0))).map((entry) => [entry.jws, entry]));
      for (const outcome of settled)
        if ("entry" in outcome) assert.deepEqual(stored.get(outcome.jws), outcome.entry);
        else {
          assert.ok(outcome.error instanceof Refusal && outcome.error.code === "ledger.closed", String(outcome.error));
          assert.ok(!stored.has(outcome.jws));
        }
      assert.ok(settled.some((outcome) => "entry" in outcome));
    });
  });
};
