/** What members are shown before they sign, and what they are told afterwards. */
import { generateKey, sha256Hex } from "#crypto";
import { toBase64, utf8 } from "../../../src/base/bytes.ts";
import { sources as sourceEndpoints } from "../../../src/contract/sources.ts";
import { structureDigest } from "../../../src/rules/source.ts";
import { type Structure, signStructure } from "../../../src/rules/structure-request.ts";
import { type Definition, taskDigest } from "../../../src/rules/task-definition.ts";
import { describeSource } from "../../../src/sdk/workflows/describe-source.ts";
import { prepareSource } from "../../../src/sdk/workflows/register-source.ts";
import type { VerifiedEnclave } from "../../../src/sdk/workflows/verify-enclave.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { publicKeyToPem } from "../../../src/trust/keys.ts";
import { signStatementWith } from "../../../src/trust/statement.ts";
import { digestOfJws } from "../../support/principals.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { answering, type ClientStand, openClient } from "../stands/client.ts";

const other = (text: string) => digestOf(`another ${text}`);

/** What is shown differs from what the digest, which the others sign, is over. */
const shownWith = (stand: ClientStand, over: Partial<Definition>) => () =>
  stand.authorise(stand.shown({ definition: stand.definition(over) }));

/** The member's own source, a statement of the member's on top of it, and a stream that belongs to a stranger. */
const streamsOf = ({ me, stranger }: ClientStand) => {
  const at = "2026-01-05T08:00:00.000Z";
  const make = (by: typeof me, kind: string, payload: object, before: string[] = []) => {
    const [stream = "", seen = ""] = [before[0], before.at(-1)].map((jws) => (jws ? sha256Hex(jws) : ""));
    return [...before, signStatementWith({ kind, stream, seen, by: by.id, at, payload }, by.key, by.leaf.der)];
  };
  const id = "D202601010000001";
  const own = make(me, "source.described", {}, make(me, "source.registered", { id }));
  return {
    id,
    own: make(me, "source.permitted", { permission: { kind: "private" } }, own),
    elsewhere: make(me, "source.registered", { id: "D202601010000002" }),
    foreign: make(stranger, "source.registered", { id }),
    mixed: make(stranger, "source.described", {}, own),
    model: make(me, "model.published", { id }),
  };
};

const ENVELOPE = utf8("sealed");
const COLUMNS = [
  { name: "patient", type: "utf8" },
  { name: "age", type: "i32" },
];

/** An owner has the enclave read its table; the server hands the question and the answer on. */
const prepare = (
  stand: ClientStand,
  { shown = {} as Partial<Structure>, said = {} as Partial<Structure>, put = {} },
) => {
  const key = generateKey("P-256");
  const stored = { digest: sha256Hex(ENVELOPE), size: ENVELOPE.length };
  const structure = { envelope: stored.digest, type: "csv", columns: COLUMNS, rows: 3 };
  const client = answering({
    blobs: { put: async () => ({ ...stored, ...put }) },
    enclaves: {
      describe: async () => ({ ...structure, ...shown, answer: signStructure({ ...structure, ...said }, key) }),
    },
  });
  return (signingKey = toBase64(key.publicKey.spki)) => {
    const enclave = { id: stand.ran.enclave.id, signingKey } as VerifiedEnclave;
    return prepareSource(client, undefined, ENVELOPE, { enclave, type: "csv", header: ["patient", "age"] });
  };
};

const attacks: AttackOn<ClientStand>[] = [
  {
    id: "A18",
    name: "Shows one model and has another signed for",
    by: "client",
    codes: ["task.shown-otherwise"],
    stage: (stand) => {
      const { model } = stand.task.definition;
      const models = [
        { ...model, archive: other("archive") },
        { ...model, envelope: other("envelope") },
        { ...model, runner: "python" },
        { ...model, main: "leak" },
      ];
      return {
        lies: models.map((one) => ["task.shown-otherwise", shownWith(stand, { model: one })] as const),
        truth: shownWith(stand, {}),
      };
    },
  },
  {
    id: "A19",
    name: "Shows other parameters, limits or columns than those that are signed",
    by: "client",
    codes: ["task.shown-otherwise", "source.structure"],
    stage: (stand) => {
      const { sources, limits } = stand.task.definition;
      const changes: Partial<Definition>[] = [
        { parameters: { folds: 6 } },
        { limits: { ...limits, rows: 10_000_000 } },
        { limits: { ...limits, seconds: 86_400 } },
        { sources: sources.map((source) => ({ ...source, columns: [0] })) },
        { sources: sources.map((source) => ({ ...source, table: "other" })) },
      ];
      const renamed = stand.shown().sources.map((source) => ({
        ...source,
        columns: source.columns.map((column) => ({ ...column, name: "harmless" })),
      }));
      return {
        lies: [
          ...changes.map((change) => ["task.shown-otherwise", shownWith(stand, change)] as const),
          // Columns are signed by their positions: other names for them are other columns.
          ["source.structure", () => stand.authorise(stand.shown({ sources: renamed }))],
        ],
        truth: shownWith(stand, {}),
      };
    },
  },
  {
    id: "A20",
    name: "Has the result sealed to a key of its own, or sent elsewhere",
    by: "client",
    codes: ["task.shown-otherwise"],
    stage: (stand) => {
      const { delivery, definition, ran } = stand;
      const key = publicKeyToPem(generateKey("P-256").publicKey);
      const elsewhere = { ...delivery, sink: "postgresql", destination: other("destination") };
      const lie = (over: Record<string, unknown>) => () => stand.authorise(stand.shown(over));
      return {
        lies: [
          ["task.shown-otherwise", lie({ delivery: { ...delivery, key } })],
          ["task.shown-otherwise", lie({ delivery: elsewhere })],
          ["task.shown-otherwise", lie({ definition: definition({ receiver: stand.stranger.id }) })],
          ["task.shown-otherwise", lie({ definition: definition({ alliance: other("alliance") }) })],
          // Or names the digest of what it wants, and shows what was agreed.
          ["task.shown-otherwise", lie({ digest: taskDigest(ran.task, stand.task.definition, { ...delivery, key }) })],
        ],
        truth: lie({}),
      };
    },
  },
  {
    id: "A21",
    name: "Shows the number and owner of one model or table, and has another signed for",
    by: "client",
    codes: ["server.history"],
    stage: (stand) => {
      const { model, sources } = stand.shown();
      const [source] = sources;
      const lie = (over: Record<string, unknown>) => () => stand.authorise(stand.shown(over));
      const stranger = { id: stand.stranger.id };
      return {
        lies: [
          ["server.history", lie({ sources: [{ ...source, id: "D202601010000001" }] })],
          ["server.history", lie({ sources: [{ ...source, owner: stranger }] })],
          ["server.history", lie({ sources: [model] })],
          ["server.history", lie({ model: source })],
          ["server.history", lie({ model: { ...model, owner: stranger } })],
        ],
        truth: lie({}),
      };
    },
  },
  {
    id: "A22",
    name: "Answers with another task than the one that was asked for",
    by: "client",
    codes: ["task.other", "task.not-yours"],
    stage: (stand) => {
      const nobody = stand.shown({ deciders: [{ id: stand.stranger.id, nickname: "", appId: "" }] });
      return {
        lies: [
          ["task.other", () => stand.authorise(stand.shown(), { id: "T202601010000009" })],
          ["task.not-yours", () => stand.authorise(nobody)],
        ],
        truth: () => stand.authorise(stand.shown()),
      };
    },
  },
  {
    id: "A23",
    name: "Has an act signed over another history: cut, reordered, or of another stream",
    by: "client",
    codes: ["server.history"],
    stage: (stand) => {
      const { id, own, elsewhere, foreign, mixed, model } = streamsOf(stand);
      const [first = "", second = "", third = ""] = own;
      const histories = [[], [first, third], [first, third, second], [second, third], elsewhere, foreign, mixed, model];
      const withdraw = (history: readonly string[]) => () => stand.act(sourceEndpoints.withdraw, id, history);
      return {
        lies: histories.map((history) => ["server.history", withdraw(history)] as const),
        truth: withdraw(own),
      };
    },
  },
  {
    id: "A24",
    name: "Confirms another act than the one that was sent",
    by: "client",
    codes: ["server.receipt"],
    // What was signed has left already; what must not happen is that the member believes that it counts.
    stage: (stand) => {
      const { id, own } = streamsOf(stand);
      const withdraw = (receipt: object) => stand.act(sourceEndpoints.withdraw, id, own, receipt);
      return {
        lies: [
          ["server.receipt", () => forgetting(stand, () => withdraw({ head: other("act") }))],
          ["server.receipt", () => forgetting(stand, () => withdraw({ stream: other("stream") }))],
        ],
        truth: () => withdraw({}),
      };
    },
  },
  {
    id: "A25",
    name: "Stores another file than the one that was uploaded",
    by: "client",
    codes: ["server.stored"],
    stage: (stand) => ({
      lies: [
        ["server.stored", () => prepare(stand, { put: { digest: other("file") } })()],
        ["server.stored", () => prepare(stand, { put: { size: 1 } })()],
      ],
      truth: () => prepare(stand, {})(),
    }),
  },
  {
    id: "A26",
    name: "Forges the enclave's answer about the structure of a table",
    by: "client",
    codes: ["structure.answer", "jws.signature", "source.structure"],
    stage: (stand) => {
      const retyped = COLUMNS.map((column) => ({ ...column, type: "utf8" }));
      const more = [...COLUMNS, { name: "address", type: "utf8" }];
      return {
        lies: [
          ["structure.answer", () => prepare(stand, { shown: { columns: retyped } })()],
          ["structure.answer", () => prepare(stand, { shown: { rows: 4 } })()],
          ["structure.answer", () => prepare(stand, { said: { envelope: other("envelope") } })()],
          ["jws.signature", () => prepare(stand, {})(toBase64(generateKey("P-256").publicKey.spki))],
          // Even signed by the enclave: the owner's own file has other columns.
          ["source.structure", () => prepare(stand, { shown: { columns: more }, said: { columns: more } })()],
        ],
        truth: () => prepare(stand, {})(),
      };
    },
  },
  {
    id: "A27",
    name: "Slips descriptions or columns of its own into what an owner signs for",
    by: "client",
    codes: ["structure.answer", "source.structure"],
    stage: (stand) => {
      const { me, signed } = stand;
      const described = COLUMNS.map((column) => ({ ...column, description: "anonymous, harmless" }));
      const registered = COLUMNS.map((column) => ({ ...column, description: "" }));
      const payload = { id: "D202601010000001", structure: structureDigest(registered) };
      const at = "2026-01-05T08:00:00.000Z";
      const founding = { kind: "source.registered", stream: "", seen: "", by: me.id, at, payload };
      const statement = signStatementWith(founding, me.key, me.leaf.der);
      const describe = (columns: object[]) => {
        const view = {
          id: payload.id,
          stream: digestOfJws(statement),
          name: "n",
          description: "",
          metadata: "",
          columns,
        };
        const client = answering({
          sources: { get: async () => view, describe: async (...sent: unknown[]) => void signed.push(sent) },
          streams: { get: async () => ({ items: [{ statement }], next: null }) },
          signer: { by: me.id },
        });
        return describeSource(client, payload.id, { descriptions: () => ({ age: "岁" }) });
      };
      return {
        lies: [
          ["structure.answer", () => prepare(stand, { shown: { columns: described } })()],
          ["source.structure", () => describe([...registered, { name: "address", type: "utf8", description: "" }])],
          ["source.structure", () => describe(registered.map((column) => ({ ...column, type: "utf8" })))],
        ],
        truth: () => describe(registered),
      };
    },
  },
];

/** The act was signed and sent, as it should be; what counts is what the member is made to believe. */
const forgetting = async ({ signed }: Pick<ClientStand, "signed">, work: () => Promise<unknown>) => {
  try {
    return await work();
  } finally {
    signed.pop();
  }
};

export const signing = attacksOn(openClient, attacks);
