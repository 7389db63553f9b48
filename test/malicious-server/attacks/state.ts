/** What the enclave keeps between its starts, on a disk that is the server's. */
import assert from "node:assert/strict";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../../../src/base/refusal.ts";
import { createAgent } from "../../../src/enclave/agent/agent.ts";
import { createQuickjsRunner } from "../../../src/enclave/runners/quickjs/index.ts";
import { encodeStatements } from "../../../src/tee/protocol/statements.ts";
import { parseStatement } from "../../../src/trust/statement.ts";
import { outcomeOf, type RigOptions, sha384Hex } from "../../support/hostile-host.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";

const sealed = (stand: EnclaveStand) => join(stand.state, "sealed-state");
const kept = (stand: EnclaveStand) => readdir(join(stand.state, "results"));
const payloadOf = (jws: string) => parseStatement(jws).statement.payload as { result?: { digest: string } };

/** A model that says something else each time. */
const CHANCE: RigOptions = { code: "export const main = async () => [{ v: Math.random() }];" };

const attacks: AttackOn<EnclaveStand, RigOptions>[] = [
  {
    id: "A65",
    name: "Puts an older copy of the enclave's state back, or takes it away",
    by: "enclave",
    codes: ["enclave.state.rolled-back"],
    stage: async (stand) => {
      const old = await readFile(sealed(stand));
      await stand.ready();
      const newest = await readFile(sealed(stand));
      const restartWith = (state: Buffer | undefined) => async () => {
        await (state ? writeFile(sealed(stand), state) : rm(sealed(stand)));
        await stand.restart();
      };
      return {
        lies: [
          ["enclave.state.rolled-back", restartWith(old)],
          ["enclave.state.rolled-back", restartWith(undefined)],
        ],
        truth: async () => {
          await restartWith(newest)();
          await stand.follow();
          return stand.run();
        },
      };
    },
  },
  {
    id: "A66",
    name: "Changes the state, or opens it with another program",
    by: "enclave",
    codes: ["enclave.state.unreadable"],
    stage: async (stand) => {
      await stand.ready();
      const state = await readFile(sealed(stand));
      const changedAt = (at: number) => async () => {
        const changed = Buffer.from(state);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        await writeFile(sealed(stand), changed);
        await stand.restart();
      };
      const components = { program: sha384Hex("program with a door") };
      return {
        lies: [
          ...[0, 12, state.length >> 1, state.length - 1].map(
            (at) => ["enclave.state.unreadable", changedAt(at)] as const,
          ),
          [
            "enclave.state.unreadable",
            async () => {
              await writeFile(sealed(stand), state);
              await stand.restart({ components });
            },
          ],
        ],
        truth: async () => {
          await stand.restart();
          await stand.follow();
          return stand.run();
        },
      };
    },
  },
  {
    id: "A67",
    name: "Runs two copies of an enclave side by side, to see two outcomes",
    by: "enclave",
    codes: ["enclave.state.copied", "enclave.state.rolled-back"],
    on: CHANCE,
    stage: async (stand) => {
      await stand.authorise();
      const { provider } = await stand.restartOnHardware();
      const copy = join(stand.state, "..", "copy");
      await cp(stand.state, copy, { recursive: true });
      // Loaded in time, and run when the other has gone on.
      const beside = await createAgent({ ...(await stand.agentOptions()), provider, directory: copy });
      await stand.follow();
      const shown = { from: 0, leaves: stand.leaves(), checkpoint: stand.ledger.checkpoint() };
      const first = payloadOf(await stand.run());
      return {
        lies: [
          ["enclave.state.copied", () => beside.follow(shown, encodeStatements([]))],
          ["enclave.state.rolled-back", () => stand.restart({ provider, directory: copy })],
        ],
        truth: async () => {
          await stand.restart({ provider });
          await stand.follow();
          assert.deepEqual(payloadOf(await stand.run()), first);
        },
      };
    },
  },
  {
    id: "A68",
    name: "Has the enclave fail to save, to have what it saw forgotten",
    by: "enclave",
    on: CHANCE,
    async holds(stand) {
      await stand.authorise();
      const { provider, hooks } = await stand.restartOnHardware();
      await stand.follow();
      hooks.before = () => Promise.reject(new Error("no power"));
      await assert.rejects(stand.run(), /no power/);
      hooks.before = async () => undefined;
      // It does not go on with what it does not know to be on the disk.
      await assert.rejects(stand.run(), /no power/);
      assert.deepEqual(stand.written, []);
      await stand.restart({ provider });
      await stand.follow();
      assert.equal(outcomeOf(await stand.run()), "task.completed");
    },
  },
  {
    id: "A69",
    name: "Takes away the better sandbox, to have models run in a weaker one",
    by: "enclave",
    codes: ["enclave.isolation"],
    stage: async (stand) => {
      await stand.ready();
      const weaker = stand.runner.isolation === "bubblewrap" ? "quickjs" : "bubblewrap";
      const runners = { javascript: { ...createQuickjsRunner(), isolation: weaker } as const };
      return {
        lies: [["enclave.isolation", () => stand.restart({ isolation: weaker, runners })]],
        truth: async () => {
          await stand.restart();
          await stand.follow();
          return stand.run();
        },
      };
    },
  },
  {
    id: "A70",
    name: "Interrupts a run again and again, to watch it",
    by: "enclave",
    codes: ["model.stopped", "enclave.attempts"],
    stage: async (stand) => {
      await stand.ready();
      const runner = interrupted(stand);
      const again = async () => {
        await stand.restart({ runners: { javascript: runner } });
        await stand.follow();
        return stand.run().finally(() => stand.forgive());
      };
      return {
        lies: [
          ...Array.from({ length: 8 }, () => ["model.stopped", again] as const),
          ["enclave.attempts", again],
          ["enclave.attempts", again],
        ],
        takesFiles: true,
      };
    },
  },
  {
    id: "A71",
    name: "Asks again for the outcome of a task, hoping for another",
    by: "enclave",
    on: CHANCE,
    async holds(stand) {
      await stand.ready();
      const first = payloadOf(await stand.run());
      for (let again = 0; again < 10; again++) {
        if (again % 4 === 3) await stand.restart();
        await stand.follow();
        stand.reads.length = 0;
        assert.deepEqual(payloadOf(await stand.run()), first);
        assert.deepEqual(stand.reads, [], "nothing is read again");
      }
      const both = await Promise.all([stand.run(), stand.run()]);
      for (const one of both) assert.deepEqual(payloadOf(one), first);
      assert.deepEqual([...new Set(stand.written)], [first.result?.digest]);
    },
  },
  {
    id: "A72",
    name: "Changes or deletes the result that the enclave keeps until it is taken",
    by: "enclave",
    codes: ["enclave.result-lost"],
    stage: async (stand) => {
      const changes: ((kept: Buffer) => Buffer | undefined)[] = [
        (bytes) => Buffer.concat([bytes, Buffer.from("x")]),
        (bytes) => bytes.subarray(0, -1),
        (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]),
        () => undefined,
      ];
      const lies: (readonly [string, () => Promise<string>])[] = [];
      for (const change of changes) {
        const task = await stand.readyTask();
        const path = join(stand.state, "results", payloadOf(await stand.run({ task })).result?.digest ?? "");
        const changed = change(await readFile(path));
        await (changed ? writeFile(path, changed) : rm(path));
        // It is not made a second time either: what was lost stays lost.
        for (let again = 0; again < 2; again++) lies.push(["enclave.result-lost", () => stand.run({ task })]);
      }
      await stand.ready();
      return { lies, truth: () => stand.run() };
    },
  },
  {
    id: "A73",
    name: "Has a kept result handed over after a source was withdrawn",
    by: "enclave",
    codes: ["enclave.withdrawn"],
    stage: async (stand) => {
      await stand.ready();
      stand.tricks.write = async () => {
        throw new Refusal("server.busy", 503);
      };
      await assert.rejects(stand.run(), { code: "enclave.host" });
      assert.equal((await kept(stand)).length, 1);
      stand.tricks.write = undefined;
      await stand.withdrawSource();
      await stand.follow();
      return { lies: [["enclave.withdrawn", () => stand.run()]] };
    },
  },
];

/** A machine that stops each run before it has an end. */
const interrupted = ({ runner }: EnclaveStand): EnclaveStand["runner"] => ({
  ...runner,
  async start(limits) {
    const run = await runner.start(limits);
    return {
      ...run,
      async result() {
        await run.stop();
        return run.result();
      },
    };
  },
});

export const state = attacksOn(openEnclave, attacks);
