/** A provider agrees in advance, through the public API: to this model, these columns, so often. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, iso } from "../../src/base/clock.ts";
import { authoriseTask, createTask, dryRunTask, governSource, grantSource } from "../../src/sdk/workflows/index.ts";
import { addModel, addTable, authorise, ended, newReceiverKey, openAlliance } from "../support/members.ts";

const { platform, alliance, institute, hospital } = await openAlliance({
  institute: "预授权研究所",
  hospital: "预授权医院",
});
const key = newReceiverKey();
const ANY = { enclaves: "any" } as const;

const grantWords = (model: string, twist: object = {}) => ({
  member: institute.id,
  receiver: institute.id,
  model,
  table: "a",
  columns: ["number"],
  rows: 10_000,
  runs: 2,
  expires: iso(platform.clock.now() + 30 * DAY),
  ...twist,
});

const grantedTask = async (model: string, source: string, grant: string) => {
  const sources = [{ id: source, table: "a", columns: ["number"], grant }];
  const wanted = { name: "预授权", alliance, receiver: institute.id, model, sources };
  return (await createTask(institute.client, wanted, ANY)).resource;
};

test("a grant stands for its owner's word, as often as it says; the rest is asked as ever", async () => {
  const source = await addTable(platform, hospital, { name: "预授权表" });
  const model = await addModel(platform, institute, { open: true });
  const reviewed: unknown[] = [];
  await grantSource(hospital.client, source.id, grantWords(model.id), (terms, shown) => {
    reviewed.push(terms.archive, shown.model, shown.author.id, shown.columns);
  });
  assert.deepEqual(reviewed, [model.archive.digest, model.id, institute.id, ["number"]]);
  const { grants } = await institute.client.sources.get({ id: source.id });
  const grant = grants[0]?.grant ?? "";
  const outcomes: (string | undefined)[] = [];
  for (let count = 0; count < 3; count++) {
    const task = await grantedTask(model.id, source.id, grant);
    await authoriseTask(institute.client, task.id, { me: institute.id, key: key.publicPem, ...ANY });
    await authorise(institute, task.id);
    const { state, failure } = await ended(institute, task.id);
    outcomes.push(failure?.code ?? state);
  }
  assert.deepEqual(outcomes, ["succeeded", "succeeded", "gate.budget"]);
  await hospital.client.sources.withdrawGrant(source.id, { grant });
  await assert.rejects(grantedTask(model.id, source.id, grant), { code: "task.grant" });
});

test("a model whose stream does not bear what the platform shows is not agreed to", async () => {
  const source = await addTable(platform, hospital, { name: "核对表" });
  const [shown, meant] = [await addModel(platform, institute), await addModel(platform, institute)];
  const { client } = hospital;
  const lying = {
    ...client,
    models: { ...client.models, get: async () => ({ ...shown, id: meant.id }) },
  };
  await assert.rejects(grantSource(lying, source.id, grantWords(meant.id)), { code: "server.history" });
  const forging = {
    ...client,
    streams: {
      ...client.streams,
      get: async (input: { id: string; start?: number }) => {
        const page = await client.streams.get(input);
        const forge = (statement: string) => statement.slice(0, -4) + (statement.endsWith("AAAA") ? "BBBB" : "AAAA");
        const items = page.items.map((item) =>
          input.id === meant.stream ? { ...item, statement: forge(item.statement) } : item,
        );
        return { ...page, items };
      },
    },
  };
  await assert.rejects(grantSource(forging, source.id, grantWords(meant.id)), { name: "Refusal" });
});

test("a policy with names of columns, a dry run before anybody agrees, and a receiver that confirms", async () => {
  const source = await addTable(platform, hospital, { name: "策略表", content: "number,city\n1,a\n2,a\n3,b\n" });
  await governSource(hospital.client, source.id, { minGroup: { size: 3, columns: ["city"] }, budget: { runs: 1 } });
  const { policy } = await hospital.client.sources.get({ id: source.id });
  assert.deepEqual(policy, { minGroup: { size: 3, columns: [1] }, budget: { runs: 1 } });
  await assert.rejects(governSource(hospital.client, source.id, { minGroup: { size: 2, columns: ["street"] } }), {
    code: "source.column-unknown",
  });
  const model = await addModel(platform, institute, { open: true });
  const sources = [{ id: source.id, table: "a" }];
  const wanted = { name: "策略任务", alliance, receiver: institute.id, model: model.id, sources };
  const { resource: task } = await createTask(institute.client, wanted, ANY);
  const tried = await dryRunTask(hospital.client, task.id, ANY);
  assert.deepEqual([tried.failure, tried.rows], [null, 1]);
  await authoriseTask(institute.client, task.id, { me: institute.id, key: key.publicPem, ...ANY });
  await authorise(hospital, task.id);
  await authorise(institute, task.id);
  const { state, result } = await ended(institute, task.id);
  assert.equal(state, "succeeded");
  await institute.client.tasks.acknowledge(task.id, { result: result?.digest ?? "" });
  assert.ok((await hospital.client.tasks.get({ id: task.id })).acknowledgedAt);
  await assert.rejects(hospital.client.tasks.acknowledge(task.id, { result: result?.digest ?? "" }), {
    code: "task.party",
  });
});
