/** Three members, an enclave, a model, sources and tasks: one helper an act, each signed as it should be. */
import { generateKey } from "#crypto";
import { type Clock, iso } from "../../src/base/clock.ts";
import { model as modelBook } from "../../src/rules/model.ts";
import { source as sourceBook, structureDigest } from "../../src/rules/source.ts";
import { task as taskBook } from "../../src/rules/task.ts";
import { type Delivery, taskDigest } from "../../src/rules/task-definition.ts";
import type { Task } from "../../src/rules/task-state.ts";
import { streamOf } from "../../src/rules/world.ts";
import { digestOf } from "../../src/trust/digest.ts";
import { publicKeyToPem } from "../../src/trust/keys.ts";
import { createEnclave, createOrganisation, type Enclave, type Organisation, SALT } from "./principals.ts";
import { act, found, type Stage, stateOf } from "./stage.ts";

/** An alliance founded by the first member, which the others have joined. */
export const alliance = async (
  stage: Stage<Clock>,
  enclave: Enclave,
  [creator, ...others]: readonly [Organisation, ...Organisation[]],
): Promise<string> => {
  const payload = {
    network: "evidence",
    enclave: enclave.id,
    detail: digestOf({ salt: SALT, members: others.length }),
  };
  const id = await act(stage, creator, "alliance.founded", "", payload);
  for (const member of others) {
    await act(stage, creator, "alliance.invited", id, { member: member.id });
    await act(stage, member, "alliance.joined", id);
  }
  return id;
};

let sequence = 0;
/** An id no other test has. @param letter M, D or T */
export const resourceId = (letter: string): string => `${letter}20260105080000${++sequence}`;

export const ARCHIVE = digestOf("the model's archive");
export const COLUMNS = [
  { name: "patient", type: "text", description: "病人编号" },
  { name: "radius_mean", type: "double", description: "" },
];

/** Payload of a model that everybody may use. */
export const modelPayload = (enclave: Enclave, twist: Record<string, unknown> = {}) => ({
  id: resourceId("M"),
  permission: { kind: "public" },
  detail: digestOf({ salt: SALT, name: "逻辑回归" }),
  version: "1.0.0",
  runner: "javascript",
  main: "main",
  archive: { digest: ARCHIVE, size: 1_024 },
  enclave: enclave.id,
  ...twist,
});

export const model = (stage: Stage<Clock>, by: Organisation, enclave: Enclave, twist: Record<string, unknown> = {}) =>
  act(stage, by, "model.published", "", modelPayload(enclave, twist));

/** Payload of a data source that everybody may use. */
export const sourcePayload = (enclave: Enclave, twist: Record<string, unknown> = {}) => {
  const id = resourceId("D");
  return {
    id,
    type: "csv",
    enclave: enclave.id,
    envelope: { digest: digestOf(`envelope of ${id}`), size: 4_096 },
    structure: structureDigest(COLUMNS),
    permission: { kind: "public" },
    detail: digestOf(sourceDetail()),
    ...twist,
  };
};
export const sourceDetail = () => ({ salt: SALT, name: "乳腺癌数据", description: "", columns: COLUMNS });

export const source = (stage: Stage<Clock>, by: Organisation, enclave: Enclave, twist: Record<string, unknown> = {}) =>
  act(stage, by, "source.registered", "", sourcePayload(enclave, twist));

/** Who and what a task brings together. Models and sources by stream id. */
export interface Parts {
  readonly alliance: string;
  readonly receiver: Organisation;
  readonly enclave: Enclave;
  readonly model: string;
  readonly sources: readonly string[];
}

/** Payload of a task on these parts as they are now. */
export const taskPayload = (stage: Stage<Clock>, parts: Parts, twist: Record<string, unknown> = {}) => {
  const code = streamOf(stage.world, modelBook, parts.model)?.state;
  const unknown = digestOf("unknown");
  const sources = parts.sources.map((stream, i) => {
    const table = streamOf(stage.world, sourceBook, stream)?.state;
    const [envelope, structure] = [table?.envelope.digest ?? unknown, table?.structure ?? unknown];
    return { stream, table: `table_${i}`, envelope, structure };
  });
  return {
    id: resourceId("T"),
    alliance: parts.alliance,
    type: "ordinary",
    receiver: parts.receiver.id,
    enclave: parts.enclave.id,
    measurement: parts.enclave.measurement,
    model: {
      stream: parts.model,
      archive: code?.archive.digest ?? ARCHIVE,
      ...(code?.envelope && { envelope: code.envelope.digest }),
      runner: code?.runner ?? "javascript",
      main: code?.main ?? "main",
    },
    sources,
    parameters: { folds: 5 },
    limits: { rows: 1_000, seconds: 60, memory: 256 },
    start: "automatic",
    detail: digestOf({ salt: SALT, name: "预测" }),
    ...twist,
  };
};

export const task = (stage: Stage<Clock>, by: Organisation, parts: Parts, twist: Record<string, unknown> = {}) =>
  act(stage, by, "task.created", "", taskPayload(stage, parts, twist));

export const taskOf = (stage: Stage<Clock>, id: string): Task => stateOf(stage, taskBook, id);

const receiverPem = publicKeyToPem(generateKey("P-256").publicKey);
export const DELIVERY: Delivery = { key: receiverPem, cipher: "A256GCM", sink: "sealed-file" };

/** The digest that authorisations of the task sign. */
export const digestOfTask = (stage: Stage<Clock>, id: string): string => {
  const { definition, delivery } = taskOf(stage, id);
  return taskDigest(id, definition, delivery ?? DELIVERY);
};

export const authoriseReceiver = (
  stage: Stage<Clock>,
  by: Organisation,
  id: string,
  { delivery = DELIVERY, task = taskDigest(id, taskOf(stage, id).definition, delivery) } = {},
) => act(stage, by, "task.receiver-authorised", id, { task, delivery });

export const authoriseSource = (stage: Stage<Clock>, by: Organisation, id: string, task = digestOfTask(stage, id)) =>
  act(stage, by, "task.source-authorised", id, { task });

export const authoriseModel = (stage: Stage<Clock>, by: Organisation, id: string, task = digestOfTask(stage, id)) =>
  act(stage, by, "task.model-authorised", id, { task });

export const RESULT = { digest: digestOf("the result"), size: 512, rows: 3 };

/** A receipt that fits the task. */
export const receiptOf = (stage: Stage<Clock>, id: string, twist: Record<string, unknown> = {}) => {
  const { measurement, model, sources } = taskOf(stage, id).definition;
  return {
    task: digestOfTask(stage, id),
    measurement,
    isolation: "bubblewrap",
    model: model.archive,
    sources: sources.map(({ stream, envelope }) => ({ stream, envelope, rows: 569 })),
    checkpoint: { size: stage.world.streams.size, root: digestOf("root") },
    heads: { [id]: stage.world.streams.get(id)?.head ?? "" },
    started: iso(stage.clock.now()),
    finished: iso(stage.clock.now()),
    ...twist,
  };
};

export const complete = (
  stage: Stage<Clock>,
  by: Enclave,
  id: string,
  { receipt = {}, result = {} }: { receipt?: Record<string, unknown>; result?: Record<string, unknown> } = {},
) =>
  act(stage, by, "task.completed", id, {
    receipt: receiptOf(stage, id, receipt),
    result: { ...RESULT, ...result },
  });

/** Two hospitals, an institute and a stranger, an enclave, an alliance of the three, a model and two sources. */
export interface Consortium {
  readonly hospitals: readonly [Organisation, Organisation];
  readonly institute: Organisation;
  /** On the ledger, but not in the alliance. */
  readonly stranger: Organisation;
  readonly enclave: Enclave;
  readonly parts: Parts;
}

/** The institute owns the model and receives the result; each hospital owns one source. */
export const consortium = async (stage: Stage<Clock>): Promise<Consortium> => {
  const at = stage.clock.now();
  const first = createOrganisation("第一医院", { at });
  const second = createOrganisation("第二医院", { at });
  const institute = createOrganisation("研究所", { at });
  const stranger = createOrganisation("陌生人", { at });
  const enclave = createEnclave({ at });
  await found(stage, first, second, institute, stranger, enclave);
  const parts = {
    alliance: await alliance(stage, enclave, [institute, first, second]),
    receiver: institute,
    enclave,
    model: await model(stage, institute, enclave),
    sources: [await source(stage, first, enclave), await source(stage, second, enclave)],
  };
  return { hospitals: [first, second], institute, stranger, enclave, parts };
};

export type Step = "created" | "receiver" | "sources" | "authorised" | "completed";

/** A task of the consortium, taken up to a step: all that come before it have been taken. */
export const taskUpTo = async (
  stage: Stage<Clock>,
  { institute, hospitals, enclave, parts }: Consortium,
  step: Step,
  twist: Record<string, unknown> = {},
): Promise<string> => {
  const id = await task(stage, institute, parts, twist);
  if (step === "created") return id;
  await authoriseReceiver(stage, institute, id);
  if (step === "receiver") return id;
  for (const hospital of hospitals) await authoriseSource(stage, hospital, id);
  if (step === "sources") return id;
  await authoriseModel(stage, institute, id);
  if (step === "authorised") return id;
  await complete(stage, enclave, id);
  return id;
};
