import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../base/refusal.ts";
import type { Policy } from "../../rules/policy.ts";
import { type Batch, rowsOf, type Schema, schemaOf, type Value } from "../columns/batch.ts";
import { batchOf } from "../columns/build.ts";
import { createRandom } from "../synthesis/random.ts";
import type { NoiseByColumn } from "./declaration.ts";
import { type GateOptions, openGate } from "./gate.ts";

type Row = Record<string, Value>;
const PATIENTS: Schema = [
  { name: "id", type: "utf8" },
  { name: "city", type: "utf8" },
  { name: "sex", type: "i32" },
  { name: "weight", type: "f64" },
];
const COUNTS: Schema = [
  { name: "city", type: "utf8" },
  { name: "n", type: "i64" },
];
const A = "a".repeat(64);
const B = "b".repeat(64);

const refused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;
const seededBytes = (seed = "gate") => {
  const random = createRandom(seed);
  return (length: number) => Uint8Array.from({ length }, () => random.whole(0, 255));
};
/** `many` patients of a city. */
const patients = (many: number, city: string | null = "南京", rest: Row = {}): Row[] =>
  Array.from({ length: many }, (_, i) => ({ id: `${city}-${i}`, city, sex: i % 2, weight: 50 + i, ...rest }));

interface Given {
  readonly policy?: Policy;
  readonly rows: readonly Row[];
  readonly stream?: string;
  readonly structure?: Schema;
  readonly reads?: readonly string[];
  /** Batches that the model takes; all where it is absent. */
  readonly takes?: number;
}
async function* inBatches(schema: Schema, rows: readonly Row[]): AsyncGenerator<Batch> {
  for (let at = 0; at < rows.length; at += 4) yield batchOf(schema, rows.slice(at, at + 4));
}
/** A run: sources are read, and the result asks to leave. */
const through = async (
  given: readonly Given[],
  schema: Schema,
  rows: readonly Row[],
  more: Partial<Pick<GateOptions, "noise" | "room">> = {},
) => {
  const sources = given.map(({ stream = A, policy, structure = PATIENTS, reads }) => ({
    stream,
    policy,
    structure,
    reads: reads ?? structure.map(({ name }) => name),
  }));
  const gate = openGate({ sources, result: schema, noise: {}, random: seededBytes(), ...more });
  for (const [i, { rows: read, structure = PATIENTS, takes }] of given.entries()) {
    let taken = 0;
    for await (const _ of gate.watch(i, inBatches(structure, read))) if (++taken === takes) break;
  }
  const batches = await Array.fromAsync(inBatches(schema, rows));
  return gate.release({ schema, batches, rows: rows.length, log: "" });
};
const grouped = (size: number, columns: number[] = [1], distinct?: number): Policy => ({
  minGroup: { size, columns, ...(distinct === undefined ? {} : { distinct }) },
});
const one = (city: Value, n = 1n): Row => ({ city, n });

test("a group of k - 1 stays, one of k or more leaves", async () => {
  const policy = grouped(5);
  for (const many of [1, 4])
    await assert.rejects(through([{ policy, rows: patients(many) }], COUNTS, [one("南京")]), refused("gate.group"));
  for (const many of [5, 6, 50]) {
    const { result } = await through([{ policy, rows: patients(many) }], COUNTS, [one("南京", 7n)]);
    assert.deepEqual(result.batches.flatMap(rowsOf), [one("南京", 7n)]);
  }
});

test("one small group among large ones refuses the whole result", async () => {
  const rows = [...patients(9, "南京"), ...patients(9, "苏州"), ...patients(2, "镇江")];
  const result = ["南京", "苏州", "镇江"].map((city) => one(city));
  const source = { policy: grouped(5), rows };
  await assert.rejects(through([source], COUNTS, result), refused("gate.group"));
  assert.equal((await through([source], COUNTS, result.slice(0, 2))).result.rows, 2);
});

test("a group that the source does not have does not leave: it could be any text", async () => {
  const source = { policy: grouped(2), rows: patients(9) };
  await assert.rejects(through([source], COUNTS, [one("Alice is ill")]), refused("gate.group"));
  await assert.rejects(through([source], COUNTS, [one("南京 ")]), refused("gate.group"));
  await assert.rejects(through([source], COUNTS, [one(null)]), refused("gate.group"));
});

test("NULL is a group like another", async () => {
  const some = { policy: grouped(3), rows: [...patients(3, null), ...patients(5)] };
  assert.equal((await through([some], COUNTS, [one(null), one("南京")])).result.rows, 2);
  const few = { policy: grouped(3), rows: [...patients(2, null), ...patients(5)] };
  await assert.rejects(through([few], COUNTS, [one(null), one("南京")]), refused("gate.group"));
});

test("two rows about one group do not leave: the second would be about a part of it", async () => {
  const source = { policy: grouped(2), rows: patients(9) };
  const twice = [one("南京", 1n), one("南京", 2n)];
  await assert.rejects(through([source], COUNTS, twice), refused("gate.group-repeated"));
  // Also by a column that the policy does not let results be grouped by.
  const schema: Schema = [...COUNTS, { name: "sex", type: "i32" }];
  const bySex = [0, 1].map((sex) => ({ ...one("南京"), sex }));
  await assert.rejects(through([source], schema, bySex), refused("gate.group-repeated"));
});

test("a result by several columns is judged by their combinations", async () => {
  const schema: Schema = [{ name: "sex", type: "i64" }, ...COUNTS];
  const rows = [
    ...patients(6, "南京", { sex: 0 }),
    ...patients(6, "苏州", { sex: 1 }),
    ...patients(1, "苏州", { sex: 0 }),
  ];
  const source = { policy: grouped(4, [1, 2]), rows };
  const row = (city: string, sex: bigint) => ({ ...one(city), sex });
  assert.equal((await through([source], schema, [row("南京", 0n), row("苏州", 1n)])).result.rows, 2);
  for (const absent of [row("南京", 1n), row("苏州", 0n)])
    await assert.rejects(through([source], schema, [absent]), refused("gate.group"));
});

test("grouped by nothing, a result has one row, about enough rows", async () => {
  const schema: Schema = [{ name: "mean", type: "f64" }];
  const policy = grouped(5);
  assert.equal((await through([{ policy, rows: patients(5) }], schema, [{ mean: 1 }])).result.rows, 1);
  const two = [{ mean: 1 }, { mean: 2 }];
  await assert.rejects(through([{ policy, rows: patients(5) }], schema, two), refused("gate.group-repeated"));
  await assert.rejects(through([{ policy, rows: patients(4) }], schema, [{ mean: 1 }]), refused("gate.group"));
  await assert.rejects(through([{ policy, rows: [] }], schema, [{ mean: 1 }]), refused("gate.group"));
  assert.equal((await through([{ policy, rows: [] }], schema, [])).result.rows, 0, "nothing says nothing of anybody");
});

test("a column is no key under another name or type, nor where the model does not read it: then one row is all", async () => {
  const rows = patients(9);
  const two = (name: string, values: Value[]) => values.map((value) => ({ [name]: value }));
  const cases: [Schema, Row[], string[] | undefined][] = [
    [[{ name: "town", type: "utf8" }], two("town", ["南京", "苏州"]), undefined],
    [[{ name: "city", type: "binary" }], two("city", [new Uint8Array(1), new Uint8Array(2)]), undefined],
    [[{ name: "city", type: "utf8" }], two("city", ["南京", "苏州"]), ["id"]],
  ];
  for (const [schema, result, reads] of cases)
    await assert.rejects(
      through([{ policy: grouped(2), rows, reads }], schema, result),
      refused("gate.group-repeated"),
    );
});

test("what the model did not read counts for nothing", async () => {
  const source = { policy: grouped(8), rows: patients(12) };
  assert.equal((await through([{ ...source, takes: 2 }], COUNTS, [one("南京")])).result.rows, 1);
  await assert.rejects(through([{ ...source, takes: 1 }], COUNTS, [one("南京")]), refused("gate.group"));
});

test("where persons have several rows, different values of their column are counted, NULL not", async () => {
  const rows = [
    ...patients(20, "南京", { id: "one person" }),
    ...patients(3, "苏州"),
    ...patients(9, "镇江", { id: null }),
  ];
  const source = { policy: grouped(3, [1], 0), rows };
  assert.equal((await through([source], COUNTS, [one("苏州")])).result.rows, 1);
  for (const city of ["南京", "镇江"])
    await assert.rejects(through([source], COUNTS, [one(city)]), refused("gate.group"), city);
  const half = [...patients(1, "扬州"), ...patients(5, "扬州", { id: null })];
  await assert.rejects(
    through([{ policy: grouped(2, [1], 0), rows: half }], COUNTS, [one("扬州")]),
    refused("gate.group"),
  );
  // The same person in two cities is one in each.
  const moved = [..."abc", ..."abc"].map((id, i) => ({ id, city: i < 3 ? "南京" : "苏州", sex: 0, weight: 1 }));
  assert.equal((await through([{ ...source, rows: moved }], COUNTS, [one("南京"), one("苏州")])).result.rows, 2);
});

test("the column that tells persons apart is read for the gate, and the model does not get it", async () => {
  const policy = grouped(3, [1], 0);
  const sources = [{ stream: A, policy, structure: PATIENTS, reads: ["city", "weight"] }];
  const gate = openGate({ sources, result: COUNTS, noise: {}, random: seededBytes() });
  assert.deepEqual(gate.columns(0), ["city", "weight", "id"]);
  const read = batchOf(
    PATIENTS.filter(({ name }) => gate.columns(0).includes(name)),
    patients(3),
  );
  const seen = await Array.fromAsync(
    gate.watch(
      0,
      (async function* () {
        yield read;
      })(),
    ),
  );
  assert.deepEqual(
    seen.map((batch) => schemaOf(batch).map(({ name }) => name)),
    [["city", "weight"]],
  );
  const made = { schema: COUNTS, batches: [batchOf(COUNTS, [one("南京")])], rows: 1, log: "" };
  assert.equal(gate.release(made).result.rows, 1);
});

test("each source has its own k, and no other's word for it", async () => {
  const north = { stream: A, policy: grouped(5), rows: [...patients(5, "南京"), ...patients(9, "苏州")] };
  const south = { stream: B, policy: grouped(2), rows: [...patients(2, "南京"), ...patients(9, "无锡")] };
  assert.equal((await through([north, south], COUNTS, [one("南京")])).result.rows, 1);
  const fewer = { ...south, rows: [...patients(1, "南京"), ...patients(9, "无锡")] };
  await assert.rejects(through([north, fewer], COUNTS, [one("南京")]), (error) => {
    return refused("gate.group")(error) && (error as Refusal).details.source === B;
  });
  // A table that was made for the purpose has as many of each as is wanted.
  for (const city of ["苏州", "无锡"])
    await assert.rejects(through([north, south], COUNTS, [one(city)]), refused("gate.group"));
  await assert.rejects(through([north, south], COUNTS, [one("南京"), one("南京", 2n)]), refused("gate.group-repeated"));
});

test("a source that is grouped by other columns vouches for nothing but these", async () => {
  const schema: Schema = [...COUNTS, { name: "sex", type: "i32" }];
  const byCity = { policy: grouped(2), rows: patients(9, "南京") };
  const bySex = { stream: B, policy: grouped(2, [2]), rows: patients(9, "苏州") };
  assert.equal((await through([byCity, bySex], schema, [{ ...one("南京"), sex: 1 }])).result.rows, 1);
  await assert.rejects(through([byCity, bySex], schema, [{ ...one("苏州"), sex: 1 }]), refused("gate.group"));
});

test("a column with noise is no key: nothing of it leaves as it is", async () => {
  const schema: Schema = [{ name: "weight", type: "f64" }];
  const rows = [...patients(3, "南京", { weight: 60 }), ...patients(3, "苏州", { weight: 70 })];
  const result = [{ weight: 60 }, { weight: 70 }];
  const source = { policy: grouped(2, [3]), rows };
  assert.equal((await through([source], schema, result)).result.rows, 2);
  const noise = { weight: { epsilon: 1, sensitivity: 1 } };
  await assert.rejects(through([source], schema, result, { noise }), refused("gate.group-repeated"));
});

test("a source that the result is not grouped by gives one row, whatever the others allow", async () => {
  const diagnoses: Schema = [{ name: "diagnosis", type: "utf8" }];
  const rows = Array.from({ length: 9 }, () => ({ diagnosis: "benign" }));
  const joined = { stream: B, structure: diagnoses, policy: grouped(2, [0]), rows };
  const labelled = { policy: grouped(2), rows: [...patients(4, "南京"), ...patients(4, "苏州")] };
  await assert.rejects(
    through([labelled, joined], COUNTS, [one("南京"), one("苏州")]),
    (error) => refused("gate.group-repeated")(error) && (error as Refusal).details.source === B,
  );
  assert.equal((await through([labelled, joined], COUNTS, [one("南京")])).result.rows, 1);
});

test("too many groups end the reading", async () => {
  const rows = patients(40).map((row, i) => ({ ...row, city: `${i}` }));
  const room = { groups: 39, words: 1_000 };
  await assert.rejects(through([{ policy: grouped(2), rows }], COUNTS, [], { room }), refused("gate.groups"));
  await through([{ policy: grouped(2), rows }], COUNTS, [], { room: { ...room, groups: 40 } });
  await through([{ rows }], COUNTS, [one("any")], { room });
});

test("the smallest number of rows that a source allows counts", async () => {
  const [wide, narrow] = [
    { rows: [], policy: { maxRows: 3 } },
    { rows: [], stream: B, policy: { maxRows: 2 } },
  ];
  const rows = ["a", "b"].map((city) => one(city));
  assert.equal((await through([wide, narrow], COUNTS, rows)).result.rows, 2);
  await assert.rejects(
    through([wide, narrow], COUNTS, [...rows, one("c")]),
    (error) => refused("gate.rows")(error) && (error as Refusal).details.source === B,
  );
});

test("numbers only: no text leaves but that of groups, and this is known before a row is read", async () => {
  const open = (policy: Policy, result: Schema, noise: NoiseByColumn = {}) =>
    openGate({
      sources: [{ stream: A, policy, structure: PATIENTS, reads: ["city", "sex"] }],
      result,
      noise,
      random: seededBytes(),
    });
  const numbers: Policy = { values: "numbers" };
  for (const type of ["utf8", "binary", "decimal", "date", "timestamp"] as const)
    assert.throws(() => open(numbers, [{ name: "x", type }]), refused("gate.values"), type);
  for (const type of ["bool", "i32", "i64", "f64"] as const) open(numbers, [{ name: "x", type }]);
  assert.throws(() => open(numbers, COUNTS), refused("gate.values"), "no rule vouches for the city");
  open({ ...numbers, ...grouped(2) }, COUNTS);

  const noised: Policy = { values: "noised", ...grouped(2) };
  assert.throws(() => open(noised, COUNTS), refused("gate.noise"));
  open(noised, COUNTS, { n: { epsilon: 1, sensitivity: 1 } });
  assert.throws(
    () => open({ ...noised, values: "bounded" }, COUNTS, { n: { epsilon: 1, low: 0, high: 9 } }),
    refused("gate.values"),
  );
  const alone: Schema = [{ name: "n", type: "i64" }];
  assert.throws(() => open({ values: "bounded" }, alone, { n: { epsilon: 1, sensitivity: 1 } }), refused("gate.noise"));
  open({ values: "bounded" }, alone, { n: { epsilon: 1, low: 0, high: 9 } });
  assert.throws(() => open(grouped(2, [4]), COUNTS), refused("gate.policy"));
  assert.throws(() => open(grouped(2, [1], 9), COUNTS), refused("gate.policy"));
  assert.throws(() => open({}, COUNTS, { city: { epsilon: 1, sensitivity: 1 } }), refused("gate.noise-declared"));
});

test("bounded: one row exactly, so that not even their number tells anything", async () => {
  const schema: Schema = [{ name: "n", type: "i64" }];
  const noise = { n: { epsilon: 1, low: 0, high: 9 } };
  const source = { rows: [], policy: { values: "bounded" } as const };
  for (const rows of [[], [{ n: 1n }, { n: 1n }]])
    await assert.rejects(through([source], schema, rows, { noise }), refused("gate.bounded"));
  assert.equal((await through([source], schema, [{ n: 1n }], { noise })).result.rows, 1);
});

test("groups are judged before noise, which leaves them alone and is paid by every source with a policy", async () => {
  const budget = { epsilon: 5_000_000 };
  const policy: Policy = { ...grouped(5), values: "noised", budget };
  const rows = [...patients(9, "南京"), ...patients(9, "苏州")];
  const noise = { n: { epsilon: 0.5, sensitivity: 1 } };
  const made = [one("南京", 9n), one("苏州", 9n)];
  const { result, spends } = await through(
    [
      { policy, rows },
      { stream: B, rows: [] },
    ],
    COUNTS,
    made,
    { noise },
  );
  assert.deepEqual(spends, [{ source: A, amounts: { runs: 1, rows: 2, epsilon: 1_000_000 }, budget }]);
  const left = result.batches.flatMap(rowsOf);
  assert.deepEqual(
    left.map(({ city }) => city),
    ["南京", "苏州"],
  );
  assert.notDeepEqual(left, made);
  assert.deepEqual(result.schema, COUNTS);
  await assert.rejects(
    through([{ policy, rows }], COUNTS, [{ city: "南京", n: null }], { noise }),
    refused("gate.noise-value"),
  );
});

test("a failed run costs a run and no more", () => {
  const sources = [{ stream: A, policy: { budget: { runs: 1 } }, structure: PATIENTS, reads: ["city"] }];
  const { failure } = openGate({ sources, result: COUNTS, noise: {}, random: seededBytes() });
  assert.deepEqual(failure, [{ source: A, amounts: { runs: 1, rows: 0, epsilon: 0 }, budget: { runs: 1 } }]);
});

test("random tables: what leaves is what a plain count says, for every k", async () => {
  const random = createRandom("random tables");
  for (let round = 0; round < 80; round++) {
    const rows = Array.from({ length: random.whole(0, 60) }, () => ({
      ...(patients(1)[0] as Row),
      city: random.pick(["a", "b", "", null]),
      sex: random.pick([0, 1, null]),
    }));
    const [size, columns] = [random.whole(2, 8), random.pick([[1], [2], [1, 2]])];
    const names = columns.map((i) => (PATIENTS[i] as Schema[number]).name);
    const keyOf = (row: Row) => JSON.stringify(names.map((name) => row[name]));
    const counts = Map.groupBy(rows, keyOf);
    const result = [...counts.values()].filter(() => random.oneIn(2)).map(([row]) => ({ ...(row as Row), n: 1n }));
    const schema: Schema = [...PATIENTS.filter(({ name }) => names.includes(name)), { name: "n", type: "i64" }];
    const allowed = result.every((row) => (counts.get(keyOf(row))?.length ?? 0) >= size);
    const leaving = through([{ policy: grouped(size, columns), rows }], schema, result);
    if (allowed) assert.equal((await leaving).result.rows, result.length);
    else await assert.rejects(leaving, refused("gate.group"));
  }
});
