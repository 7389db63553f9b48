/** Several enclaves of one program, set against one another. */
import assert from "node:assert/strict";
import { toBase64, utf8 } from "../../../src/base/bytes.ts";
import { canonical } from "../../../src/base/canonical.ts";
import { delegationContext, destinationContext } from "../../../src/trust/envelope/contexts.ts";
import { sealBytes } from "../../../src/trust/envelope/envelope.ts";
import * as c from "../../support/consortium.ts";
import { openFleet } from "../../support/fleet.ts";
import { outcomeOf, type RigOptions } from "../../support/hostile-host.ts";
import { createEnclave, type Enclave } from "../../support/principals.ts";
import { act, found } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type DatabaseStand, openDatabase } from "../stands/database.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";
import { openRules, type RulesStand } from "../stands/rules.ts";

const COUNTING: RigOptions = { source: { policy: { budget: { rows: 10 } } } };

const onEnclave: AttackOn<EnclaveStand, RigOptions>[] = [
  {
    id: "A106",
    name: "Runs a task in two enclaves at once, to see two outcomes",
    by: "enclave",
    codes: ["enclave.delegation", "enclave.task.enclave"],
    stage: async (stand) => {
      const { task, second, third, delegate } = await openFleet(stand);
      const { statement } = await delegate(second.id);
      const withheld = () => stand.run({ task });
      return {
        takesFiles: true,
        lies: [
          // The ledger has not heard of it yet, and need not.
          ["enclave.delegation", withheld],
          ["enclave.delegation", () => delegate(third.id)],
          [
            "enclave.delegation",
            async () => {
              await stand.restart();
              await stand.follow();
              return withheld();
            },
          ],
          [
            "enclave.task.enclave",
            async () => {
              await stand.stage.submit(statement);
              await stand.follow();
              return withheld();
            },
          ],
        ],
      };
    },
  },
  {
    id: "A107",
    name: "Gives an enclave keys for a task that are not from the one that holds them",
    by: "enclave",
    codes: ["enclave.delegation", "enclave.task.enclave"],
    stage: async (stand) => {
      const { task, second, third, delegate } = await openFleet(stand);
      const other = await stand.newTask({ workers: [second.id] });
      await stand.authorise(other);
      const [mine, others] = [await delegate(second.id), await delegate(second.id, other)];
      await stand.stage.submit(mine.statement);
      await stand.stage.submit(others.statement);
      await second.follow();
      await third.follow();
      const context = delegationContext(task, stand.enclave.id, second.id);
      const made = toBase64(await sealBytes(utf8("{}"), { to: second.recipient, context }));
      return {
        lies: [
          ["enclave.delegation", () => second.run(task, others.keys, mine.seen)],
          ["enclave.delegation", () => second.run(task, made, mine.seen)],
          ["enclave.delegation", () => second.runAlone(task)],
          ["enclave.task.enclave", () => third.run(task, mine.keys, mine.seen)],
        ],
        truth: () => second.run(task, mine.keys, mine.seen),
      };
    },
  },
  {
    id: "A108",
    name: "Shows one enclave of a fleet another ledger than the one that handed over the keys has seen",
    by: "enclave",
    codes: ["log.consistency"],
    stage: async (stand) => {
      const { task, second, delegate } = await openFleet(stand);
      const { statement, keys, seen } = await delegate(second.id);
      await stand.stage.submit(statement);
      await second.follow();
      return {
        lies: [["log.consistency", () => second.run(task, keys, seen - 1)]],
        truth: () => second.run(task, keys, seen),
      };
    },
  },
  {
    id: "A109",
    name: "Spends a budget once in each enclave",
    by: "enclave",
    codes: ["enclave.delegation"],
    on: COUNTING,
    stage: async (stand) => {
      const { task, second, delegate } = await openFleet(stand);
      return {
        lies: [["enclave.delegation", () => delegate(second.id)]],
        truth: () => stand.run({ task }),
      };
    },
  },
];

const onDatabase: AttackOn<DatabaseStand>[] = [
  {
    id: "A114",
    name: "Says that an enclave was lost when it had delivered, to have another's result put over it",
    by: "enclave",
    async holds(stand) {
      const { server, institute, enclave } = stand;
      const connection = canonical(server.connection("results"));
      const envelope = await stand.seal(connection, destinationContext(institute.id, enclave.id, "postgresql"));
      const delivery = { ...c.DELIVERY, sink: "postgresql", destination: stand.put(envelope).digest };
      const { task, second, third, delegate } = await openFleet(stand, (id) => stand.ready(id, delivery));
      const found = () => server.psql(`select digest from results where task = '${c.digestOfTask(stand.stage, task)}'`);
      const give = async (to: string) => {
        const said = await delegate(to);
        await stand.stage.submit(said.statement);
        for (const worker of [second, third]) await worker.follow();
        return said;
      };
      const first = await give(second.id);
      assert.equal(outcomeOf(await second.run(task, first.keys, first.seen)), "task.completed");
      const delivered = found();
      assert.equal(delivered.length, 1);
      const next = await give(third.id);
      for (let again = 0; again < 2; again++)
        assert.equal(outcomeOf(await third.run(task, next.keys, next.seen)), "enclave.delivered");
      assert.deepEqual(found(), delivered);
    },
  },
  {
    id: "A115",
    name: "Has an enclave call a task failed of which it has said that it succeeded",
    by: "enclave",
    codes: ["enclave.destination"],
    stage: async (stand) => {
      const { server, institute, enclave } = stand;
      const connection = canonical(server.connection("results"));
      const envelope = await stand.seal(connection, destinationContext(institute.id, enclave.id, "postgresql"));
      const delivery = { ...c.DELIVERY, sink: "postgresql", destination: stand.put(envelope).digest };
      const { task, second, delegate } = await openFleet(stand, (id) => stand.ready(id, delivery));
      const { statement, keys, seen } = await delegate(second.id);
      await stand.stage.submit(statement);
      await second.follow();
      const run = () => second.run(task, keys, seen);
      assert.equal(outcomeOf(await run()), "task.completed");
      stand.forgive();
      const where = `where task = '${c.digestOfTask(stand.stage, task)}'`;
      const [[digest = ""] = []] = server.psql(`select digest from results ${where}`);
      const set = (to: string) => server.sql(`update results set digest = '${to}' ${where}`);
      await set("00".repeat(32));
      return {
        takesFiles: true,
        lies: [["enclave.destination", run]],
        truth: async () => {
          await set(String(digest));
          return run();
        },
      };
    },
  },
];

const onRules: AttackOn<RulesStand>[] = [
  {
    id: "A110",
    name: "Has a task run by an enclave that it does not name, or passes it round to see many outcomes",
    by: "rules",
    codes: ["task.worker", "task.party", "task.delegations", "enclave.unknown"],
    stage: async (all) => {
      const { stage, institute, enclave, parts } = all;
      const at = stage.clock.now();
      const workers = [createEnclave({ at }), createEnclave({ at })].sort((a, b) => (a.id < b.id ? -1 : 1));
      const [second, third] = workers as [Enclave, Enclave];
      const foreign = createEnclave({ at, components: { program: "0d".repeat(48) } });
      await found(stage, second, third, foreign);
      const named = { workers: workers.map(({ id }) => id) };
      const id = await c.taskUpTo(stage, all, "authorised", named);
      const delegate = (to: string, by = enclave, on = id) =>
        act(stage, by, "task.delegated", on, { task: c.digestOfTask(stage, on), enclave: to, keys: "00".repeat(32) });
      const spent = await c.taskUpTo(stage, all, "authorised", named);
      for (const { id: to } of [second, third, second, third]) await delegate(to, enclave, spent);
      return {
        lies: [
          ["task.worker", () => c.task(stage, institute, parts, { workers: [foreign.id] })],
          ["enclave.unknown", () => c.task(stage, institute, parts, { workers: ["00".repeat(32)] })],
          ["task.worker", () => delegate(foreign.id)],
          ["task.party", () => delegate(second.id, second)],
          ["task.party", () => c.complete(stage, second, id)],
          ["task.delegations", () => delegate(second.id, enclave, spent)],
        ],
        truth: () => c.complete(stage, third, spent),
      };
    },
  },
];

export const fleet = [
  ...attacksOn(openEnclave, onEnclave),
  ...attacksOn(openRules, onRules),
  ...attacksOn(openDatabase, onDatabase),
];
