/** More than owners said beyond yes: in grants for tasks of one shape, and in policies for results. */
import assert from "node:assert/strict";
import { DAY, iso } from "../../../src/base/clock.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { authoriseModel, authoriseReceiver, taskPayload } from "../../support/consortium.ts";
import { outcomeOf, type RigOptions } from "../../support/hostile-host.ts";
import { act } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";

/** The hospital agrees in advance to tasks of one shape. @returns the grant's id */
const granted = async ({ stage, hospital, institute, parts, archive }: EnclaveStand, twist: object = {}) => {
  const [stream = ""] = parts.sources;
  const shape = { model: parts.model, archive: archive.digest, main: "main", table: "table_0", rows: 100_000 };
  const terms = { member: institute.id, receiver: institute.id, ...shape, runs: 2 };
  const expires = iso(stage.clock.now() + 30 * DAY);
  await act(stage, hospital, "source.granted", stream, { ...terms, expires, ...twist });
  return stage.world.streams.get(stream)?.head ?? "";
};

const taskUnder = (stand: EnclaveStand, grant: string, twist: Record<string, unknown> = {}) => {
  const sources = taskPayload(stand.stage, stand.parts).sources.map((source) => ({ ...source, grant }));
  return stand.newTask({ sources, ...twist });
};

/** Everybody agrees but the hospital, whose word is the grant. */
const readyUnder = async (stand: EnclaveStand, grant: string) => {
  const task = await taskUnder(stand, grant);
  await authoriseReceiver(stand.stage, stand.institute, task);
  await authoriseModel(stand.stage, stand.institute, task);
  await stand.follow();
  return task;
};

/** One line for each number in the table. */
const COUNTS = `export async function main({ tables }) {
  const counts = new Map();
  for await (const batch of tables.table_0)
    for (let i = 0; i < batch.rows; i++) {
      const v = batch.column("number").get(i);
      counts.set(v, (counts.get(v) ?? 0) + 1);
    }
  return [...counts].map(([number, count]) => ({ number, count }));
}`;
const GROUPED = { result: { columns: { number: "f64", count: "f64" }, maxRows: 1_000 } };
const GROUPS_OF_TWO = { policy: { minGroup: { size: 2, columns: [0] } } };

const attacks: AttackOn<EnclaveStand, RigOptions>[] = [
  {
    id: "A102",
    name: "Uses a consent in advance for a task of another shape",
    by: "rules",
    codes: ["task.grant"],
    stage: async (stand) => {
      const { hospital, stage, institute } = stand;
      const shapes = [
        { member: hospital.id },
        { receiver: hospital.id },
        { archive: digestOf("another model") },
        { main: "other" },
        { table: "table_1" },
        { rows: 1 },
        { parameters: { round: 1 } },
        { columns: [1] },
      ];
      const grants: string[] = [];
      for (const shape of shapes) grants.push(await granted(stand, shape));
      const otherKey = await taskUnder(stand, await granted(stand, { key: digestOf("another key") }));
      const good = await granted(stand);
      return {
        lies: [
          ...[...grants, digestOf("none")].map((grant) => ["task.grant", () => taskUnder(stand, grant)] as const),
          ["task.grant", () => authoriseReceiver(stage, institute, otherKey)],
        ],
        truth: () => taskUnder(stand, good),
      };
    },
  },
  {
    id: "A103",
    name: "Uses a consent in advance more often than was said, after its end, or after it was withdrawn",
    by: "enclave",
    codes: ["gate.budget", "enclave.grant", "enclave.stream.incomplete"],
    stage: async (stand) => {
      const { stage, hospital, parts } = stand;
      const [stream = ""] = parts.sources;
      const once = await granted(stand, { runs: 1 });
      const [first, second] = [await readyUnder(stand, once), await readyUnder(stand, once)];
      const short = await readyUnder(stand, await granted(stand, { expires: iso(stage.clock.now() + DAY) }));
      const lost = await granted(stand);
      const task = await readyUnder(stand, lost);
      const before = await stand.statements(task);
      await act(stage, hospital, "source.grant-withdrawn", stream, { grant: lost });
      await stand.follow();
      await stand.run({ task: first });
      await stand.restart();
      await stand.follow();
      const truth = await readyUnder(stand, await granted(stand));
      stage.clock.advance(2 * DAY);
      return {
        lies: [
          ["gate.budget", () => stand.run({ task: second })],
          ["enclave.grant", () => stand.run({ task: short })],
          ["enclave.grant", () => stand.run({ task })],
          ["enclave.stream.incomplete", () => stand.run({ task, statements: before })],
        ],
        takesFiles: true,
        truth: () => stand.run({ task: truth }),
      };
    },
  },
  {
    id: "A104",
    name: "Has groups told that are smaller than their owner allows, or hides that it said so",
    by: "enclave",
    codes: ["gate.group", "enclave.stream.incomplete"],
    on: { code: COUNTS, csv: "number\n1\n1\n2\n", manifest: GROUPED },
    stage: async (stand) => {
      const { stage, hospital, parts } = stand;
      const free = await stand.readyTask();
      await stand.run({ task: free });
      await stand.ready();
      const before = await stand.statements();
      await act(stage, hospital, "source.governed", parts.sources[0] ?? "", GROUPS_OF_TWO);
      await stand.follow();
      return {
        lies: [
          ["enclave.stream.incomplete", () => stand.run({ statements: before })],
          ["gate.group", () => stand.run().finally(() => stand.forgive())],
        ],
        takesFiles: true,
      };
    },
  },
  {
    id: "A105",
    name: "Spends a source's budget again, by restarts and by many tasks at once",
    by: "enclave",
    on: { source: { policy: { budget: { runs: 2 } } } },
    async holds(stand) {
      const tasks = [];
      for (let count = 0; count < 5; count++) tasks.push(await stand.readyTask());
      const outcomes = (await Promise.all(tasks.map((task) => stand.run({ task })))).map(outcomeOf);
      assert.deepEqual(outcomes.toSorted(), [...Array(3).fill("gate.budget"), "task.completed", "task.completed"]);
      await stand.restart();
      const late = await stand.readyTask();
      assert.equal(outcomeOf(await stand.run({ task: late })), "gate.budget");
      assert.equal(new Set(stand.written).size, 2);
    },
  },
];

export const consent = attacksOn(openEnclave, attacks);
