/** What a model can tell the server by way of what the server sees: not nothing, but no more than this. */
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Receipt } from "../../../src/rules/task-definition.ts";
import { parseStatement } from "../../../src/trust/statement.ts";
import type { RigOptions } from "../../support/hostile-host.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";

const payloadOf = (jws: string) => parseStatement(jws).statement.payload as Record<string, unknown>;

const attacks: AttackOn<EnclaveStand, RigOptions>[] = [
  {
    id: "A97",
    name: "Reads the time a model took out of its receipt",
    by: "enclave",
    async holds(stand) {
      // The rig's clock stands still; this one runs, in fractions of a second.
      const clock = { now: () => stand.stage.clock.now() + Math.floor(performance.now() % 1_000) };
      await stand.restart({ clock });
      await stand.ready();
      const { receipt } = payloadOf(await stand.run()) as { receipt: Receipt };
      for (const time of [receipt.started, receipt.finished]) assert.match(time, /:\d\d\.000Z$/);
    },
  },
  {
    id: "A98",
    name: "Reads more out of a receipt than it has to say",
    by: "enclave",
    async holds(stand) {
      await stand.ready();
      const statement = payloadOf(await stand.run()) as { receipt: Receipt; result: object };
      assert.deepEqual(Object.keys(statement).sort(), ["receipt", "result"]);
      assert.deepEqual(Object.keys(statement.result).sort(), ["digest", "rows", "size"]);
      const fields = [
        "checkpoint",
        "finished",
        "heads",
        "isolation",
        "measurement",
        "model",
        "sources",
        "started",
        "task",
      ];
      assert.deepEqual(Object.keys(statement.receipt).sort(), fields);
      // No stream beside those that the task rests on.
      const streams = (await stand.statements()).map(({ jws }) => parseStatement(jws));
      const ids = new Set(streams.map(({ statement: { stream }, digest }) => stream || digest));
      assert.deepEqual(new Set(Object.keys(statement.receipt.heads)), ids);
    },
  },
  {
    id: "A99",
    name: "Reads what a model throws, prints or exits with",
    by: "enclave",
    on: {
      code: `const says = (text) => process.getBuiltinModule("node:fs").writeSync(2, text);
        export async function main({ parameters: { way } }) {
          if (way === 0) throw new Error("patient 4711");
          if (way === 1) throw { code: "patient.4711" };
          if (way === 2) { says("bwrap: patient 4711"); process.exit(47); }
          console.log("patient 4711");
          return [{ v: "4711" }];
        }`,
      manifest: { parameters: { way: { type: "number" } } },
    },
    async holds(stand) {
      for (const way of [0, 1, 2, 3]) {
        const task = await stand.readyTask({}, { parameters: { way } });
        const statement = parseStatement(await stand.run({ task })).statement;
        assert.equal(statement.kind, "task.failed");
        assert.deepEqual(Object.keys(statement.payload as object).sort(), ["code", "task"]);
        const { code } = statement.payload as { code: string };
        assert.ok(["model.threw", "model.exited", "model.result-schema", "runner.unavailable"].includes(code), code);
      }
      assert.deepEqual(stand.written, []);
    },
  },
  {
    id: "A100",
    name: "Reads the size of a result, or of the enclave's state, off the disk",
    by: "enclave",
    on: {
      code: "export const main = async ({ parameters: { rows } }) => Array.from({ length: rows }, () => ({ v: 0.5 }));",
      manifest: { parameters: { rows: { type: "number" } } },
    },
    async holds(stand) {
      const results = join(stand.state, "results");
      const sizes = new Map<number, number>();
      for (const rows of [0, 1, 1_000, 15_000, 20_000]) {
        const known = new Set(await readdir(results));
        await stand.run({ task: await stand.readyTask({}, { parameters: { rows } }) });
        const [fresh = ""] = (await readdir(results)).filter((name) => !known.has(name));
        sizes.set(rows, (await stat(join(results, fresh))).size);
      }
      const [small, large] = [sizes.get(0) ?? 0, sizes.get(15_000) ?? 0];
      assert.ok(small > 64 << 10 && small < 65 << 10);
      assert.ok(large > 128 << 10 && large < 129 << 10);
      assert.deepEqual([...sizes.values()], [small, small, small, large, large]);
      assert.equal((await readFile(join(stand.state, "sealed-state"))).length % (64 << 10), 28);
    },
  },
  {
    id: "A101",
    name: "Watches which files are read, when, and how far",
    by: "enclave",
    on: {
      // Reads its table, or leaves it alone.
      code: `export async function main({ tables, parameters: { reads } }) {
        if (reads) for await (const batch of tables.table_0) if (batch.column("number").get(0) === 2) break;
        return [{ v: 1 }];
      }`,
      manifest: { parameters: { reads: { type: "boolean" } } },
    },
    async holds(stand) {
      const seen: string[][] = [];
      for (const reads of [true, false]) {
        const task = await stand.readyTask({}, { parameters: { reads } });
        stand.reads.length = 0;
        await stand.run({ task });
        seen.push([...stand.reads]);
      }
      assert.deepEqual(seen[0], [stand.archive.digest, stand.envelope.digest]);
      assert.deepEqual(seen[1], seen[0]);
    },
  },
];

export const channels = attacksOn(openEnclave, attacks);
