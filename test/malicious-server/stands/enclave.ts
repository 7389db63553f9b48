/** The enclave in the server's hands, with an eye on what reaches the model and what leaves. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { fromBase64, utf8 } from "../../../src/base/bytes.ts";
import { canonical } from "../../../src/base/canonical.ts";
import { iso } from "../../../src/base/clock.ts";
import type { AgentOptions } from "../../../src/enclave/agent/agent.ts";
import { pack } from "../../../src/enclave/archive.ts";
import type { Batch } from "../../../src/enclave/columns/batch.ts";
import type { Runner } from "../../../src/enclave/runners/runner.ts";
import { type Column, structureDigest } from "../../../src/rules/source.ts";
import { STRUCTURE_REQUEST } from "../../../src/rules/structure-request.ts";
import type { Delivery } from "../../../src/rules/task-definition.ts";
import { type AttestationProvider, extended } from "../../../src/tee/attestation/provider.ts";
import { openSimulated } from "../../../src/tee/attestation/simulated.ts";
import type { PlacedStatement } from "../../../src/tee/protocol/messages.ts";
import { digestOf } from "../../../src/trust/digest.ts";
import { sealBytes } from "../../../src/trust/envelope/envelope.ts";
import type { Context } from "../../../src/trust/envelope/header.ts";
import { enclaveKey } from "../../../src/trust/envelope/recipient.ts";
import { signJws } from "../../../src/trust/jws.ts";
import { parseStatement } from "../../../src/trust/statement.ts";
import * as c from "../../support/consortium.ts";
import { chunked, openRig, type RigOptions } from "../../support/hostile-host.ts";
import type { Organisation } from "../../support/principals.ts";
import { act } from "../../support/stage.ts";
import type { Staged, Stand } from "../harness.ts";

/** A runner that tells how many batches of tables its models were given. */
const watched = (runner: Runner): Runner & { given: number; onGiven: () => void } => {
  const watching = {
    ...runner,
    given: 0,
    onGiven: (): void => undefined,
    async start(limits: Parameters<Runner["start"]>[0]) {
      const run = await runner.start(limits);
      async function* counted(batches: AsyncIterable<Batch>) {
        for await (const batch of batches) {
          watching.given++;
          watching.onGiven();
          yield batch;
        }
      }
      return {
        ...run,
        table: (name, schema, batches) => run.table(name, schema, counted(batches)),
      } satisfies typeof run;
    },
  };
  return watching;
};

/** A register as hardware has it: out of reach of whoever owns the disk. `before` comes before each change of it. */
const hardware = async (directory: string) => {
  const provider = await openSimulated(directory);
  let value = await provider.register.read();
  const hooks = { before: async (): Promise<void> => undefined };
  const register: AttestationProvider["register"] = {
    read: async () => value,
    async extend(digest) {
      await hooks.before();
      value = extended(value, digest);
      return value;
    },
  };
  return { provider: { ...provider, register }, hooks };
};

const MANIFEST = JSON.stringify({
  runner: "javascript",
  entry: "index.js",
  tables: { table_0: { columns: { number: "f64" } } },
  result: { columns: { v: "f64" }, maxRows: 100_000 },
});

/** A hospital's sealed table, an institute's model and their task, not yet authorised. */
export const openEnclave = async (t: TestContext, options: RigOptions = {}) => {
  const rig = await openRig(t, options);
  const runner = watched(rig.runner);
  const { encryptionKey } = parseStatement(rig.enclave.founding).statement.payload as { encryptionKey: string };
  const recipient = enclaveKey(fromBase64(encryptionKey));
  const { stage, institute, hospital } = rig;
  const restart = (twist: Partial<AgentOptions> = {}) => rig.restart({ runners: { javascript: runner }, ...twist });
  await restart();

  const stand = {
    ...rig,
    restart,
    /** The same with what a test of hardware has: a register that no file takes back. */
    async restartOnHardware() {
      const made = await hardware(rig.state);
      await restart({ provider: made.provider });
      return made;
    },
    /** Everybody has agreed, and the enclave has seen it. */
    async ready(task = rig.task, delivery?: Delivery) {
      if (delivery) {
        await c.authoriseReceiver(stage, institute, task, { delivery });
        await c.authoriseSource(stage, hospital, task);
        await c.authoriseModel(stage, institute, task);
      } else await rig.authorise(task);
      await stand.follow();
    },
    /** A task of its own on other parts, agreed to by everybody. */
    async readyTask(parts: Partial<c.Parts> = {}, twist: Record<string, unknown> = {}, delivery?: Delivery) {
      const task = await rig.newTask(twist, { ...rig.parts, ...parts });
      await stand.ready(task, delivery);
      return task;
    },
    /** A model's archive whose manifest is the one that it should be. */
    pack: (code: string) =>
      pack(
        new Map(
          [...Object.entries({ "index.js": code, "entente.json": MANIFEST })].map(([name, text]) => [name, utf8(text)]),
        ),
      ),
    /** What a source's owner signs of its columns; the server has the words. */
    describing(columns: Column[]) {
      const detail = { ...rig.detail, columns };
      rig.details[digestOf(detail)] = detail;
      return { structure: structureDigest(columns), detail: digestOf(detail) };
    },
    seal: (text: string, context: Context, to = recipient) => sealBytes(utf8(text), { to, context }),
    /** What the owner signs to have an envelope looked into, but for `twist`. */
    request: (twist: Record<string, unknown> = {}, { key, leaf }: Pick<Organisation, "key" | "leaf"> = hospital) =>
      signJws({
        key,
        typ: STRUCTURE_REQUEST,
        x5c: [leaf.der],
        payload: canonical({
          use: "entente/structure/1",
          by: hospital.id,
          enclave: rig.enclave.id,
          envelope: rig.envelope.digest,
          type: "csv",
          at: iso(stage.clock.now()),
          ...twist,
        }),
      }),
    async ask(
      request: string,
      { method = "describe" as "describe" | "test", owner = hospital.id, statements = [] as PlacedStatement[] } = {},
    ) {
      return rig.call(method, { request }, statements.length > 0 ? statements : await rig.statements(owner));
    },
    /** The server answers with other bytes for one file. */
    swap(digest: string, change: (honest: Uint8Array) => Uint8Array) {
      rig.tricks.read = (asked, honest) => chunked(asked === digest ? change(honest()) : honest());
    },
    withdrawSource: () => act(stage, hospital, "source.withdrawn", rig.parts.sources[0] ?? ""),
    /** Lie and truth of a task: without the trick its run comes to an end. */
    async truth() {
      rig.tricks.read = undefined;
      return rig.run();
    },
    /** Rows that the model was given so far were its to see. */
    forgive() {
      runner.given = 0;
    },
    /** Called before each batch that a model is given. */
    onGiven(call: () => void) {
      runner.onGiven = call;
    },
    watch({ takesFiles = false }: Staged) {
      runner.given = 0;
      const before = { written: rig.written.length, read: rig.reads.length };
      return () => {
        assert.equal(runner.given, 0, "no row reached the model");
        assert.equal(rig.written.length, before.written, "no result was handed over");
        if (!takesFiles) assert.equal(rig.reads.length, before.read, "no file was asked for");
      };
    },
  };
  return stand satisfies Stand;
};
export type EnclaveStand = Awaited<ReturnType<typeof openEnclave>>;
