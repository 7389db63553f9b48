/** What the server shows the enclave of who agreed to what: its log's key signs any leaf it likes. */
import assert from "node:assert/strict";
import { generateKey } from "#crypto";
import { fromUtf8 } from "../../../src/base/bytes.ts";
import { DAY } from "../../../src/base/clock.ts";
import type { PlacedStatement } from "../../../src/tee/protocol/messages.ts";
import type { Leaf } from "../../../src/trust/leaf.ts";
import { parseStatement } from "../../../src/trust/statement.ts";
import { authoriseReceiver, authoriseSource, digestOfTask } from "../../support/consortium.ts";
import { createOrganisation, crlOf, issueLeaf } from "../../support/principals.ts";
import { act, found, signed } from "../../support/stage.ts";
import { type AttackOn, attacksOn, type Lie } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";

const streamOf = ({ jws }: PlacedStatement) => parseStatement(jws).statement.stream || parseStatement(jws).digest;
const kindOf = ({ jws }: PlacedStatement) => parseStatement(jws).statement.kind;

/** A statement that the server puts onto its log itself, and shows the enclave with all others. */
const inserted = async (stand: EnclaveStand, jws: string, stream = stand.task) => {
  const index = stand.ledger.size;
  const time = stand.stage.clock.now();
  const seq = stand.ledger.positions(stream).length;
  const leaf: Leaf = { seq, statement: parseStatement(jws).digest, stream, time };
  const statements = await stand.statements(stand.task, index);
  await stand.show([...stand.leaves(), leaf]);
  return [...statements, { index, time, jws }];
};

/** Something was made that the server then keeps from the enclave. */
const hidden = async (stand: EnclaveStand, kind: string): Promise<Lie> => {
  await stand.follow();
  const statements = await stand.statements();
  const shown = statements.filter((one) => kindOf(one) !== kind);
  assert.equal(shown.length, statements.length - 1);
  return ["enclave.stream.incomplete", () => stand.run({ statements: shown })];
};

const attacks: AttackOn<EnclaveStand>[] = [
  {
    id: "A28",
    name: "Forges a member's consent and puts it onto its own ledger",
    by: "enclave",
    codes: ["statement.signature", "certificate.issuer"],
    stage: async (stand) => {
      const { stage, hospital, institute, task } = stand;
      await authoriseReceiver(stage, institute, task);
      const payload = { task: digestOfTask(stage, task) };
      const consent = (twist: object) => signed(stage, hospital, "task.source-authorised", task, payload, twist);
      const forged = await inserted(stand, consent({ key: generateKey("P-256") }));
      const twin = createOrganisation(hospital.name, { at: stage.clock.now() });
      const last = forged.at(-1) as PlacedStatement;
      const instead = (jws: string) => [...forged.slice(0, -1), { ...last, jws }];
      return {
        lies: [
          ["statement.signature", () => stand.run({ statements: forged })],
          ["certificate.issuer", () => stand.run({ statements: instead(consent({ key: twin.key, leaf: twin.leaf })) })],
          [
            "certificate.issuer",
            () => stand.run({ statements: instead(consent({ key: institute.key, leaf: institute.leaf })) }),
          ],
        ],
      };
    },
  },
  {
    id: "A29",
    name: "Changes words in a statement that a member has signed",
    by: "enclave",
    codes: ["statement.signature", "stream.moved"],
    stage: async (stand) => {
      await stand.ready();
      const statements = await stand.statements();
      const edited = (kind: string, from: RegExp, to: string) =>
        statements.map((one) => (kindOf(one) === kind ? { ...one, jws: edit(one.jws, from, to) } : one));
      const last = "task.model-authorised";
      return {
        lies: [
          ["statement.signature", () => stand.run({ statements: edited(last, /"at":"(.*?)00Z"/, '"at":"$101Z"') })],
          // What others have signed after it names its digest.
          [
            "statement.signature",
            () => stand.run({ statements: edited("task.created", /"rows":100000/, '"rows":999999') }),
          ],
          ["stream.moved", () => stand.run({ statements: edited(last, /"seen":"[0-9a-f]{4}/, '"seen":"0000') })],
        ],
        truth: () => stand.run(),
      };
    },
  },
  {
    id: "A30",
    name: "Hides the revocation of a consent",
    by: "enclave",
    codes: ["enclave.stream.incomplete"],
    stage: async (stand) => {
      await stand.ready();
      await act(stand.stage, stand.hospital, "task.revoked", stand.task);
      return { lies: [await hidden(stand, "task.revoked")] };
    },
  },
  {
    id: "A31",
    name: "Hides a member's revocation list, to go on with a stolen certificate",
    by: "enclave",
    codes: ["enclave.stream.incomplete", "certificate.revoked"],
    stage: async (stand) => {
      const { stage, hospital } = stand;
      const thief = issueLeaf(hospital, { at: stage.clock.now() });
      const before = await stand.statements(hospital.id, stand.ledger.size);
      stage.clock.advance(DAY);
      const crl = crlOf(hospital, { at: stage.clock.now(), revoked: [thief.leaf] });
      await act(stage, hospital, "organisation.crl-published", hospital.id, { crl });
      await stand.ready();
      return {
        lies: [
          await hidden(stand, "organisation.crl-published"),
          ["enclave.stream.incomplete", () => stand.ask(stand.request({}, thief), { statements: before })],
          ["certificate.revoked", () => stand.ask(stand.request({}, thief))],
        ],
        truth: () => stand.run(),
      };
    },
  },
  {
    id: "A32",
    name: "Hides that a source or a model was withdrawn",
    by: "enclave",
    codes: ["enclave.stream.incomplete", "enclave.withdrawn"],
    stage: async (stand) => {
      await stand.ready();
      await stand.withdrawSource();
      const source = await hidden(stand, "source.withdrawn");
      await act(stand.stage, stand.institute, "model.withdrawn", stand.parts.model);
      const model = await hidden(stand, "model.withdrawn");
      return { lies: [source, model, ["enclave.withdrawn", () => stand.run()]] };
    },
  },
  {
    id: "A33",
    name: "Leaves out a whole stream that the task rests on",
    by: "enclave",
    codes: ["enclave.task.state", "member.required", "resource.not-shared", "statement.principal"],
    stage: async (stand) => {
      await stand.ready();
      const statements = await stand.statements();
      const without = (stream: string) => () =>
        stand.run({ statements: statements.filter((one) => streamOf(one) !== stream) });
      const { alliance, model, sources } = stand.parts;
      return {
        lies: [
          ["statement.principal", without(stand.hospital.id)],
          ["statement.principal", without(stand.institute.id)],
          ["member.required", without(alliance)],
          ["resource.not-shared", without(model)],
          ["resource.not-shared", without(sources[0] ?? "")],
          ["enclave.task.state", without(stand.task)],
        ],
        truth: () => stand.run(),
      };
    },
  },
  {
    id: "A34",
    name: "Shows statements in another order, twice, or at other places and times",
    by: "enclave",
    codes: ["enclave.statement.hidden", "enclave.stream.incomplete"],
    stage: async (stand) => {
      await stand.ready();
      const statements = await stand.statements();
      const last = statements.at(-1) as PlacedStatement;
      const reordered = [...statements.slice(0, 1), ...statements.slice(1, 3).toReversed(), ...statements.slice(3)];
      const moved = (twist: Partial<PlacedStatement>) => [...statements.slice(0, -1), { ...last, ...twist }];
      const shown = (all: PlacedStatement[]) => () => stand.run({ statements: all });
      return {
        lies: [
          ["enclave.statement.hidden", shown(reordered)],
          ["enclave.statement.hidden", shown([...statements, last])],
          ["enclave.statement.hidden", shown(moved({ time: last.time - 1 }))],
          ["enclave.stream.incomplete", shown(moved({ time: last.time + 1 }))],
          ["enclave.stream.incomplete", shown(moved({ index: last.index + 1 }))],
        ],
        truth: () => stand.run(),
      };
    },
  },
  {
    id: "A35",
    name: "Replays a consent to one task as consent to another",
    by: "enclave",
    codes: ["stream.unknown", "stream.moved", "enclave.stream.incomplete"],
    stage: async (stand) => {
      const { stage, institute, hospital } = stand;
      const agreed = await stand.newTask();
      for (const task of [agreed, stand.task]) await authoriseReceiver(stage, institute, task);
      await authoriseSource(stage, hospital, agreed);
      const both = await stand.statements(agreed, stand.ledger.size);
      const consent = both.find((one) => kindOf(one) === "task.source-authorised")?.jws ?? "";
      // The server's ledger says that it belongs to the other task.
      const shown = await inserted(stand, consent);
      const last = shown.at(-1) as PlacedStatement;
      const own = shown.slice(0, -1);
      const merged = [...new Map([...own, ...both, last].map((one) => [one.index, one])).values()];
      const renamed = { ...last, jws: edit(consent, new RegExp(agreed), stand.task) };
      return {
        lies: [
          ["stream.unknown", () => stand.run({ statements: shown })],
          ["stream.moved", () => stand.run({ statements: sorted(merged) })],
          ["stream.moved", () => stand.run({ statements: [...own, renamed] })],
          // And the statements of the other task alone are the whole of nothing.
          ["enclave.stream.incomplete", () => stand.run({ statements: both.filter((one) => one.jws !== consent) })],
        ],
      };
    },
  },
  {
    id: "A36",
    name: "Shows statements that are on no ledger, or of another one",
    by: "enclave",
    codes: ["enclave.stream.incomplete"],
    stage: async (stand) => {
      await stand.ready();
      const crowd = createOrganisation("外人", { at: stand.stage.clock.now() });
      const statements = await stand.statements();
      const extra = { index: stand.ledger.size, time: stand.stage.clock.now(), jws: crowd.founding };
      const shown = () => stand.run({ statements: [...statements, extra] });
      return { lies: [["enclave.stream.incomplete", shown]], truth: () => stand.run() };
    },
  },
  {
    id: "A37",
    name: "Merges streams that have nothing to do with the task into its receipt",
    by: "enclave",
    codes: ["enclave.stream.stray"],
    stage: async (stand) => {
      const crowd = createOrganisation("外人", { at: stand.stage.clock.now() });
      await found(stand.stage, crowd);
      const other = await stand.newTask();
      await stand.ready();
      const statements = await stand.statements();
      const with_ = async (stream: string) => {
        const all = [...statements, ...(await stand.statements(stream))];
        return sorted([...new Map(all.map((one) => [one.index, one])).values()]);
      };
      const [crowded, both] = [await with_(crowd.id), await with_(other)];
      return {
        lies: [
          ["enclave.stream.stray", () => stand.run({ statements: crowded })],
          ["enclave.stream.stray", () => stand.run({ statements: both })],
          ["enclave.stream.stray", () => stand.ask(stand.request(), { statements: crowdedOwner(crowded, stand) })],
        ],
        truth: () => stand.run(),
      };
    },
  },
];

/** Everything of the two organisations, where the owner's own stream was asked for. */
const crowdedOwner = (all: PlacedStatement[], { hospital, institute }: EnclaveStand) =>
  all.filter((one) => [hospital.id, institute.id].includes(streamOf(one)));

const sorted = (all: readonly PlacedStatement[]) => all.toSorted((a, b) => a.index - b.index);

/** The JWS with other words in its payload, under the old signature. */
const edit = (jws: string, from: RegExp, to: string): string => {
  const [header, payload = "", signature] = jws.split(".");
  const text = fromUtf8(Buffer.from(payload, "base64url"));
  const changed = text.replace(from, to);
  return [header, Buffer.from(changed).toString("base64url"), signature].join(".");
};

export const statements = attacksOn(openEnclave, attacks);
