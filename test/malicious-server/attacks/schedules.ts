/** One consent for many runs: sooner, more often, or longer than was said. */
import { DAY, HOUR, iso } from "../../../src/base/clock.ts";
import { parseStatement } from "../../../src/trust/statement.ts";
import { complete, taskOf } from "../../support/consortium.ts";
import { rewritten } from "../../support/rewritten.ts";
import { act } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";
import { openRules, type RulesStand } from "../stands/rules.ts";

const DAILY = { every: 86_400, runs: 5 };

const onRules: AttackOn<RulesStand>[] = [
  {
    id: "A131",
    name: "Puts runs of a scheduled task onto the ledger that are not due, of another's making, or after a revocation",
    by: "rules",
    codes: ["task.not-due", "task.party", "statement.principal", "id.taken", "task.state", "task.scheduled"],
    stage: async ({ stage, institute, hospitals: [hospital], stranger, enclave, taskUpTo }) => {
      const schedule = { ...DAILY, first: iso(stage.clock.now() + HOUR) };
      const [of, soon, revoked] = [
        await taskUpTo("authorised", { schedule: DAILY }),
        await taskUpTo("authorised", { schedule }),
        await taskUpTo("authorised", { schedule: DAILY }),
      ];
      const payload = (series: string, number: number) => {
        const id = `${taskOf(stage, series).id}-${number}`;
        return { id, of: series, number };
      };
      const recur = (series: string, number: number, by = enclave) =>
        act(stage, by, "task.recurred", "", payload(series, number));
      await recur(of, 1);
      const under = await recur(revoked, 1);
      await act(stage, hospital, "task.revoked", revoked);
      return {
        lies: [
          ["task.not-due", () => recur(soon, 1)],
          ["task.not-due", () => recur(of, 2)],
          ["id.taken", () => recur(of, 1)],
          ["statement.principal", () => act(stage, institute, "task.recurred", "", payload(of, 2))],
          ["task.party", () => act(stage, stranger, "task.revoked", of)],
          ["task.state", () => recur(revoked, 1)],
          ["task.state", () => complete(stage, enclave, under)],
          ["task.state", () => complete(stage, enclave, of)],
          ["task.scheduled", () => act(stage, institute, "task.run-requested", of)],
        ],
        truth: () => {
          stage.clock.advance(DAY);
          return recur(of, 2);
        },
      };
    },
  },
];

const streamOf = (jws: string): string => parseStatement(jws).digest;

/** A task that runs daily, agreed to by everybody and shown. */
const daily = async (stand: EnclaveStand, schedule: object = DAILY) => stand.readyTask({}, { schedule });
const recur = async (stand: EnclaveStand, of: string) =>
  (await stand.call("recur", { task: of }, await stand.statements(of))).statement;
/** The run that is due, founded and shown. @returns its stream */
const founded = async (stand: EnclaveStand, of: string) => {
  const jws = await recur(stand, of);
  await stand.stage.submit(jws);
  await stand.follow();
  return streamOf(jws);
};

const onEnclave: AttackOn<EnclaveStand>[] = [
  {
    id: "A132",
    name: "Has a scheduled task run before it is due, or one of its runs twice",
    by: "enclave",
    codes: ["enclave.not-due", "enclave.occurrence", "enclave.task.state", "statement.signature"],
    stage: async (stand) => {
      const { stage, ledger } = stand;
      const soon = await daily(stand, { ...DAILY, first: iso(stage.clock.now() + 10 * DAY) });
      const of = await daily(stand);
      const old = await founded(stand, of);
      stage.clock.advance(DAY);
      const jws = await recur(stand, of);
      await stage.submit(jws);
      // The ledger's key is the server's: its ledger may have the same run again, under the twin of its signature.
      const [index, time] = [ledger.size, stage.clock.now()];
      const twin = { index, time, jws: rewritten(jws) };
      const task = streamOf(twin.jws);
      await stand.restart();
      await stand.show([...stand.leaves(), { seq: 0, statement: task, stream: task, time }]);
      const shown = (stream: string) => stand.statements(stream, index);
      const backwards = async () => {
        stage.clock.advance(-DAY);
        const statements = await shown(of);
        return stand.call("recur", { task: of }, statements).finally(() => stage.clock.advance(DAY));
      };
      return {
        lies: [
          ["enclave.not-due", async () => stand.call("recur", { task: soon }, await shown(soon))],
          ["enclave.not-due", backwards],
          ["statement.signature", async () => stand.run({ task, statements: [...(await shown(of)), twin] })],
          ["enclave.occurrence", async () => stand.run({ task: old, statements: await shown(old) })],
          ["enclave.task.state", async () => stand.run({ task: of, statements: await shown(of) })],
        ],
        truth: async () => stand.run({ task: streamOf(jws), statements: await shown(streamOf(jws)) }),
      };
    },
  },
  {
    id: "A133",
    name: "Goes on with a scheduled task that a party has revoked",
    by: "enclave",
    codes: ["enclave.task.state", "enclave.stream.incomplete", "enclave.series"],
    stage: async (stand) => {
      const { stage, hospital } = stand;
      const [of, other] = [await daily(stand), await daily(stand)];
      const run = await founded(stand, of);
      const [series, begun] = [await stand.statements(of), await stand.statements(run)];
      await act(stage, hospital, "task.revoked", of);
      await stand.follow();
      stage.clock.advance(DAY);
      return {
        lies: [
          ["enclave.task.state", () => recur(stand, of)],
          ["enclave.stream.incomplete", () => stand.call("recur", { task: of }, series)],
          ["enclave.stream.incomplete", () => stand.run({ task: run, statements: begun })],
          ["enclave.series", () => stand.run({ task: run })],
        ],
        truth: async () => stand.run({ task: await founded(stand, other) }),
      };
    },
  },
];

export const schedules = [...attacksOn(openRules, onRules), ...attacksOn(openEnclave, onEnclave)];
