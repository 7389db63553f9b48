/** Another computation than the one that was agreed to. */
import { generateKey } from "#crypto";
import { utf8 } from "../../../src/base/bytes.ts";
import { canonical } from "../../../src/base/canonical.ts";
import { DatabaseConnection } from "../../../src/rules/connection.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { destinationContext, sourceContext } from "../../../src/trust/envelope/contexts.ts";
import { enclaveKey } from "../../../src/trust/envelope/recipient.ts";
import { publicKeyToPem } from "../../../src/trust/keys.ts";
import * as c from "../../support/consortium.ts";
import { type RigOptions, SUM } from "../../support/hostile-host.ts";
import { createEnclave, SALT } from "../../support/principals.ts";
import { act, found } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";
import { openRules, type RulesStand } from "../stands/rules.ts";

const onRules: AttackOn<RulesStand>[] = [
  {
    id: "A47",
    name: "Brings a stranger, or a foreign alliance, into a task",
    by: "rules",
    codes: ["member.required", "resource.not-shared", "enclave.mismatch", "enclave.unknown"],
    stage: async ({ stage, institute, hospitals, stranger, enclave, parts }) => {
      const foreign = await c.alliance(stage, enclave, [institute, stranger]);
      const other = createEnclave({ at: stage.clock.now() });
      await found(stage, other);
      const create =
        (over: Partial<c.Parts>, twist = {}, by = institute) =>
        () =>
          c.task(stage, by, { ...parts, ...over }, twist);
      return {
        lies: [
          ["member.required", create({}, {}, stranger)],
          ["member.required", create({ alliance: digestOf("none") })],
          ["resource.not-shared", create({ receiver: stranger })],
          // An alliance in which the owners of the tables are not.
          ["resource.not-shared", create({ alliance: foreign })],
          ["enclave.mismatch", create({ enclave: other })],
          ["enclave.unknown", create({}, { measurement: "00".repeat(48) })],
        ],
        truth: create({ receiver: hospitals[0] }),
      };
    },
  },
  {
    id: "A48",
    name: "Names a foreign model or table, one that is not shared, or an older version",
    by: "rules",
    codes: ["resource.not-shared", "resource.changed", "resource.withdrawn"],
    stage: async ({ stage, institute, hospitals: [hospital], stranger, enclave, parts }) => {
      const nobody = { permission: { kind: "private" } };
      const foreign = await c.model(stage, stranger, enclave);
      const kept = await c.source(stage, hospital, enclave, nobody);
      const withdrawn = await c.source(stage, hospital, enclave);
      await act(stage, hospital, "source.withdrawn", withdrawn);
      const { model } = c.taskPayload(stage, parts);
      const create =
        (over: Partial<c.Parts>, twist = {}) =>
        () =>
          c.task(stage, institute, { ...parts, ...over }, twist);
      return {
        lies: [
          ["resource.not-shared", create({ model: foreign })],
          ["resource.not-shared", create({ sources: [kept] })],
          ["resource.not-shared", create({ sources: [digestOf("none")] })],
          ["resource.changed", create({}, { model: { ...model, archive: digestOf("older") } })],
          ["resource.changed", create({}, { model: { ...model, runner: "python" } })],
          ["resource.withdrawn", create({ sources: [withdrawn] })],
        ],
        truth: create({}),
      };
    },
  },
  {
    id: "A49",
    name: "Carries a consent over to other terms: key, destination, parameters",
    by: "rules",
    codes: ["task.digest", "task.party", "task.decided", "task.state"],
    stage: async ({ stage, institute, hospitals: [first, second], taskUpTo }) => {
      const [task, other] = [await taskUpTo("created"), await taskUpTo("receiver", { parameters: { folds: 6 } })];
      const key = publicKeyToPem(generateKey("P-256").publicKey);
      await c.authoriseReceiver(stage, institute, task);
      const agreed = c.digestOfTask(stage, task);
      await c.authoriseSource(stage, first, task);
      const mine = { ...c.DELIVERY, key };
      const fresh = await taskUpTo("created");
      return {
        lies: [
          // What the receiver signed for is another key, another task.
          ["task.digest", () => c.authoriseReceiver(stage, institute, fresh, { delivery: mine, task: agreed })],
          ["task.digest", () => c.authoriseSource(stage, first, other, agreed)],
          ["task.party", () => c.authoriseReceiver(stage, first, fresh, { delivery: mine })],
          ["task.state", () => c.authoriseReceiver(stage, institute, task, { delivery: mine })],
          ["task.decided", () => c.authoriseSource(stage, first, task)],
        ],
        truth: () => c.authoriseSource(stage, second, task),
      };
    },
  },
];

/** Reads a column beside the one that its task allows. */
const WIDER = { tables: { table_0: { columns: { number: "f64", name: "utf8" } } } };
const TWO_COLUMNS = "number,name\n1,a\n2,b\n";

/** Tells as many rows as it is asked for, with a column more where it is asked for that. */
const TALKATIVE = `export const main = async ({ parameters: { rows, more } }) =>
  Array.from({ length: rows }, () => more ? { v: 1, patient: "Wang Fang" } : { v: 1 });`;

const onEnclave: AttackOn<EnclaveStand, RigOptions>[] = [
  {
    id: "A50",
    name: "Has a task run that not everybody has agreed to, that has ended, or that never was",
    by: "enclave",
    codes: ["enclave.task.state"],
    stage: async (stand) => {
      const { stage, institute, hospital } = stand;
      const [half, refused, revoked] = [await stand.newTask(), await stand.newTask(), await stand.newTask()];
      await c.authoriseReceiver(stage, institute, half);
      await act(stage, institute, "task.refused", refused);
      await stand.ready(revoked);
      await act(stage, hospital, "task.revoked", revoked);
      await stand.ready();
      const statements = await stand.statements();
      const run = (task: string) => () => stand.run({ task });
      return {
        lies: [
          ...[half, refused, revoked].map((task) => ["enclave.task.state", run(task)] as const),
          ...[stand.parts.alliance, hospital.id, digestOf("none"), ""].map(
            (task) => ["enclave.task.state", () => stand.run({ task, statements })] as const,
          ),
        ],
        truth: () => stand.run(),
      };
    },
  },
  {
    id: "A51",
    name: "Gives an enclave the task of another",
    by: "enclave",
    codes: ["enclave.task.enclave"],
    stage: async (stand) => {
      const { stage, institute, hospital, archive, envelope, described } = stand;
      // Of the same program, so that only the identity tells them apart.
      const other = createEnclave({ at: stage.clock.now(), components: stand.components });
      await found(stage, other);
      const task = await stand.readyTask({
        alliance: await c.alliance(stage, other, [institute, hospital]),
        enclave: other,
        model: await c.model(stage, institute, other, { archive }),
        sources: [await c.source(stage, hospital, other, { envelope, ...described })],
      });
      await stand.ready();
      return { lies: [["enclave.task.enclave", () => stand.run({ task })]], truth: () => stand.run() };
    },
  },
  {
    id: "A52",
    name: "Exchanges the model's archive, by another version of it for instance",
    by: "enclave",
    codes: ["enclave.file"],
    stage: async (stand) => {
      await stand.ready();
      const other = await stand.pack(SUM.replace("v: sum", "v: 666"));
      const later = { ...c.modelPayload(stand.enclave, { archive: stand.put(other) }) };
      const { version, runner, main, enclave, archive } = { ...later, version: "1.0.1" };
      await act(stand.stage, stand.institute, "model.revised", stand.parts.model, {
        ...{ version, runner, main, enclave, archive },
      });
      await stand.follow();
      const swapped = (bytes: Uint8Array) => () => {
        stand.swap(stand.archive.digest, () => bytes);
        return stand.run();
      };
      return {
        lies: [
          ["enclave.file", swapped(other)],
          ["enclave.file", swapped(utf8("{}"))],
        ],
        takesFiles: true,
        truth: stand.truth,
      };
    },
  },
  {
    id: "A53",
    name: "Has a model run by another runner than the task names",
    by: "enclave",
    codes: ["enclave.manifest"],
    on: { manifest: { runner: "python" } },
    stage: async (stand) => {
      await stand.ready();
      return { lies: [["enclave.manifest", () => stand.run()]], takesFiles: true };
    },
  },
  {
    id: "A54",
    name: "Has a model read columns that the task does not let it read",
    by: "enclave",
    codes: ["enclave.columns"],
    on: { csv: TWO_COLUMNS, manifest: WIDER },
    stage: async (stand) => {
      const { stage, hospital, enclave, envelope } = stand;
      const described = stand.describing([
        { name: "number", type: "f64", description: "" },
        { name: "name", type: "utf8", description: "" },
      ]);
      const sources = [await c.source(stage, hospital, enclave, { envelope, ...described })];
      const [named] = c.taskPayload(stage, { ...stand.parts, sources }).sources;
      const narrow = await stand.readyTask({ sources }, { sources: [{ ...named, columns: [0] }] });
      const wide = await stand.readyTask({ sources });
      return {
        lies: [["enclave.columns", () => stand.run({ task: narrow })]],
        takesFiles: true,
        truth: () => stand.run({ task: wide }),
      };
    },
  },
  {
    id: "A55",
    name: "Shows the enclave another description of a table than the one that was signed",
    by: "enclave",
    codes: ["enclave.file", "enclave.structure"],
    stage: async (stand) => {
      const { stage, hospital, enclave, envelope, described, detail } = stand;
      const key = described.detail;
      const other = { ...detail, columns: [{ name: "number", type: "utf8", description: "" }] };
      // Or a description that its owner signed, which is not of the structure that was authorised.
      const unfit = { envelope, structure: described.structure, detail: digestOf(other) };
      const sources = [await c.source(stage, hospital, enclave, unfit)];
      const misfit = await stand.readyTask({ sources });
      await stand.ready();
      const shown = (details: Record<string, unknown>) => () => stand.run({ details });
      return {
        lies: [
          ["enclave.file", shown({})],
          ["enclave.file", shown({ [key]: other })],
          ["enclave.file", shown({ [key]: { ...detail, salt: SALT.replace("A", "B") } })],
          ["enclave.structure", () => stand.run({ task: misfit, details: { [digestOf(other)]: other } })],
        ],
        truth: () => stand.run(),
      };
    },
  },
  {
    id: "A56",
    name: "Sends the result to another database: of another receiver, enclave, kind, or file",
    by: "enclave",
    codes: ["envelope.context", "envelope.recipient", "enclave.file"],
    stage: async (stand) => {
      const { institute, hospital, enclave } = stand;
      const connection = DatabaseConnection.parse({
        ...{ host: "127.0.0.1", port: 1, database: "d", table: "t", username: "u", password: "p" },
        rootCertificate: "-",
      });
      const sealed = (owner: string, id = enclave.id, type = "postgresql", to?: Parameters<typeof stand.seal>[2]) =>
        stand.seal(canonical(connection), destinationContext(owner, id, type), to);
      const stranger = enclaveKey(generateKey("X25519").publicKey.spki);
      const good = await sealed(institute.id);
      const envelopes = [
        await sealed(hospital.id),
        await sealed(institute.id, digestOf("another enclave")),
        await sealed(institute.id, enclave.id, "mysql"),
        await stand.seal(canonical(connection), sourceContext(institute.id, enclave.id, "postgresql")),
        await sealed(institute.id, enclave.id, "postgresql", stranger),
      ];
      const to = async (envelope: Uint8Array) => {
        const { digest: destination } = stand.put(envelope);
        return stand.readyTask({}, {}, { ...c.DELIVERY, sink: "postgresql", destination });
      };
      const tasks: string[] = [];
      for (const envelope of envelopes) tasks.push(await to(envelope));
      const swapped = await to(good);
      await stand.ready();
      const codes = [
        "envelope.context",
        "envelope.context",
        "envelope.context",
        "envelope.context",
        "envelope.recipient",
      ];
      return {
        lies: [
          ...tasks.map((task, i) => [codes[i] ?? "", () => stand.run({ task })] as const),
          [
            "enclave.file",
            () => {
              stand.swap(stand.put(good).digest, () => envelopes[0] ?? good);
              return stand.run({ task: swapped });
            },
          ],
        ],
        takesFiles: true,
        truth: stand.truth,
      };
    },
  },
  {
    id: "A57",
    name: "Gives a model parameters that it does not declare, or more rows to tell than was agreed",
    by: "enclave",
    codes: ["model.parameter", "model.result-rows", "model.result-schema"],
    on: {
      code: TALKATIVE,
      manifest: { parameters: { rows: { type: "number" }, more: { type: "boolean", default: false } } },
    },
    stage: async (stand) => {
      const asking = (parameters: Record<string, unknown>) => stand.readyTask({}, { parameters, limits: { rows: 2 } });
      const [alien, many, wide, fair] = [
        await asking({ rows: 1, leak: true }),
        await asking({ rows: 3 }),
        await asking({ rows: 1, more: true }),
        await asking({ rows: 2 }),
      ];
      return {
        lies: [
          ["model.parameter", () => stand.run({ task: alien })],
          ["model.result-rows", () => forgiving(stand, many)],
          ["model.result-schema", () => forgiving(stand, wide)],
        ],
        takesFiles: true,
        truth: () => stand.run({ task: fair }),
      };
    },
  },
];

/** The model may read its tables; what it tells must not leave. */
const forgiving = async (stand: EnclaveStand, task: string) => {
  const statement = await stand.run({ task });
  stand.forgive();
  return statement;
};

export const tasks = [...attacksOn(openRules, onRules), ...attacksOn(openEnclave, onEnclave)];
