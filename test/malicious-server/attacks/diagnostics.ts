/** What a failed model said: it passed no gate, and waits inside for the word of those whose rows it may hold. */
import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "#crypto";
import { fromBase64 } from "../../../src/base/bytes.ts";
import { OPEN_FOR } from "../../../src/rules/shapes.ts";
import type { PlacedStatement } from "../../../src/tee/protocol/messages.ts";
import { publicKeyToPem } from "../../../src/trust/keys.ts";
import { taskOf } from "../../support/consortium.ts";
import type { RigOptions } from "../../support/hostile-host.ts";
import { act } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type EnclaveStand, openEnclave } from "../stands/enclave.ts";

const THROWS = {
  code: `export async function main({ log, parameters: { lines } }) {
    for (let i = 0; i < lines; i++) log("patient 4711");
    throw new Error("patient 4711");
  }`,
  manifest: { parameters: { lines: { type: "number", default: 1 } } },
};
const pem = () => publicKeyToPem(generateKey("P-256").publicKey);

const actsOn = (stand: EnclaveStand) => {
  const { stage, institute, hospital } = stand;
  const requestOf = (task: string) => taskOf(stage, task).diagnostics.at(-1)?.request ?? "";
  return {
    requestOf,
    /** A task that failed, on the ledger. */
    async failed(lines = 1) {
      const task = await stand.readyTask({}, { parameters: { lines } });
      await stage.submit(await stand.run({ task }));
      await stand.follow();
      stand.forgive();
      return task;
    },
    ask: (task: string, by = institute) => act(stage, by, "task.diagnostics-requested", task, { key: pem() }),
    agree: (task: string, request = requestOf(task), by = hospital) =>
      act(stage, by, "task.diagnostics-authorised", task, { request }),
    decline: (task: string) => act(stage, hospital, "task.diagnostics-refused", task, { request: requestOf(task) }),
    async release(task: string, statements?: PlacedStatement[]) {
      await stand.follow();
      return stand.call("diagnose", { task }, statements ?? (await stand.statements(task)));
    },
  };
};

const attacks: AttackOn<EnclaveStand, RigOptions>[] = [
  {
    id: "A111",
    name: "Has diagnostics released without the data providers' word, or after it was taken back or has run out",
    by: "enclave",
    codes: ["enclave.diagnostics-consent", "enclave.stream.incomplete", "enclave.withdrawn"],
    on: THROWS,
    stage: async (stand) => {
      const { failed, ask, agree, decline, release } = actsOn(stand);
      const [unasked, open, taken, old] = [await failed(), await failed(), await failed(), await failed()];
      for (const task of [open, taken, old]) await ask(task);
      for (const task of [taken, old]) await agree(task);
      await stand.follow();
      const before = await stand.statements(taken);
      await decline(taken);
      stand.stage.clock.advance(OPEN_FOR + 1);
      const fresh = await failed();
      await ask(fresh);
      await agree(fresh);
      await stand.follow();
      await release(fresh);
      return {
        lies: [
          ...[unasked, open, taken, old].map((task) => ["enclave.diagnostics-consent", () => release(task)] as const),
          ["enclave.stream.incomplete", () => release(taken, before)],
          ["enclave.withdrawn", () => stand.withdrawSource().then(() => release(fresh))],
        ],
      };
    },
  },
  {
    id: "A112",
    name: "Takes the word for one request for diagnostics as that for another: of another key, task or member",
    by: "rules",
    codes: ["diagnostics.request", "task.decided", "task.party"],
    on: THROWS,
    stage: async (stand) => {
      const { failed, ask, agree, decline, requestOf } = actsOn(stand);
      const [task, other] = [await failed(), await failed()];
      await ask(task);
      const first = requestOf(task);
      await decline(task);
      await ask(task);
      await ask(other);
      const done = await failed();
      await ask(done);
      await agree(done);
      return {
        lies: [
          ["diagnostics.request", () => agree(task, first)],
          ["diagnostics.request", () => agree(task, requestOf(other))],
          ["task.party", () => agree(task, requestOf(task), stand.institute)],
          ["task.decided", () => agree(done)],
        ],
        truth: () => agree(task),
      };
    },
  },
  {
    id: "A113",
    name: "Reads off the size of what is kept or released whether a failed model said much",
    by: "enclave",
    on: THROWS,
    async holds(stand) {
      const { failed, ask, agree, release } = actsOn(stand);
      const results = join(stand.state, "results");
      const sizes = new Set<string>();
      for (const lines of [0, 1, 3_000]) {
        const known = new Set(await readdir(results));
        const task = await failed(lines);
        const [fresh = "", ...others] = (await readdir(results)).filter((name) => !known.has(name));
        assert.deepEqual(others, []);
        await ask(task);
        await agree(task);
        const { envelope } = await release(task);
        sizes.add(`${(await stat(join(results, fresh))).size} ${fromBase64(envelope).length}`);
      }
      assert.equal(sizes.size, 1, [...sizes].join(", "));
    },
  },
];

export const diagnostics = attacksOn(openEnclave, attacks);
