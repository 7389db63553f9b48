/**
 * The enclave's agent with a host that is out to cheat it: the operator's whole power (the log's key, every file, the
 * state directory, the clock, restarts) in a test's hands. Ledger, rules, envelopes and sandbox are the real ones.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { generateKey, sha256Hex, sha384, sign } from "#crypto";
import { concat, fromBase64, fromUtf8, toHex, utf8 } from "../../src/base/bytes.ts";
import { type AgentOptions, createAgent } from "../../src/enclave/agent/agent.ts";
import { pack } from "../../src/enclave/archive.ts";
import type { EnclaveMethods } from "../../src/enclave/protocol/messages.ts";
import { createJavascriptRunner } from "../../src/enclave/runners/javascript/index.ts";
import { createQuickjsRunner } from "../../src/enclave/runners/quickjs/index.ts";
import { replayable } from "../../src/evidence/export.ts";
import { openEvidenceLedger } from "../../src/ledger/engines/evidence/index.ts";
import { structureDigest } from "../../src/rules/source.ts";
import { openSimulated } from "../../src/tee/attestation/simulated.ts";
import type { PlacedStatement } from "../../src/tee/protocol/messages.ts";
import { encodeStatements } from "../../src/tee/protocol/statements.ts";
import { rawFromPublicKey } from "../../src/trust/crypto/encoding.ts";
import { digestOf } from "../../src/trust/digest.ts";
import { resultContext, sourceContext } from "../../src/trust/envelope/contexts.ts";
import { openBytes, sealBytes } from "../../src/trust/envelope/envelope.ts";
import { enclaveKey, receiverKey } from "../../src/trust/envelope/recipient.ts";
import { publicKeyToPem } from "../../src/trust/keys.ts";
import { type Leaf, leafBytes } from "../../src/trust/leaf.ts";
import { signCheckpoint } from "../../src/trust/log/checkpoint.ts";
import { appendLeaf, EMPTY_FRONTIER, type Frontier, frontierRoot } from "../../src/trust/log/frontier.ts";
import { leafHash } from "../../src/trust/log/merkle.ts";
import { createNoteSigner } from "../../src/trust/log/note.ts";
import { parseStatement } from "../../src/trust/statement.ts";
import * as c from "./consortium.ts";
import { createOrganisation, SALT } from "./principals.ts";
import { found, ledgerStage, movableClock } from "./stage.ts";

/** Adds the numbers of its table. */
export const SUM = `export async function main({ tables }) {
  let sum = 0;
  for await (const batch of tables.table_0) for (let i = 0; i < batch.rows; i++) sum += batch.column("number").get(i);
  return [{ v: sum }];
}`;
const COLUMNS = [{ name: "number", type: "f64", description: "" }];
const ORIGIN = "entente/hostile";
const CHUNK = 1 << 20;

export const sha384Hex = (text: string): string => toHex(sha384(utf8(text)));

export async function* chunked(bytes: Uint8Array, size = CHUNK): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What the host does other than it should. Each may be replaced while a test goes on. */
export interface Tricks {
  read?: (digest: string, honest: () => Uint8Array) => AsyncIterable<Uint8Array>;
  write?: (content: AsyncIterable<Uint8Array>) => Promise<void>;
}

export interface RigOptions {
  /** The model's code. */
  readonly code?: string;
  /** The hospital's table. */
  readonly csv?: string;
  readonly seconds?: number;
  /** What the source is registered with besides. */
  readonly source?: Record<string, unknown>;
  /** What the archive's manifest has other than it should. */
  readonly manifest?: Record<string, unknown>;
}

const openLedger = async (directory: string) => {
  const clock = movableClock();
  const key = generateKey("Ed25519");
  const signer = createNoteSigner({
    name: ORIGIN,
    publicKey: rawFromPublicKey(key.publicKey),
    sign: (message) => sign(key, message),
  });
  const ledger = await openEvidenceLedger({ directory, clock, signer });
  return { ledger, signer, stage: ledgerStage(ledger, clock) };
};

/** Bubblewrap, or QuickJS on a machine without it. */
const bestRunner = async () => {
  const bubblewrap = createJavascriptRunner();
  return (await bubblewrap.available()) === true ? bubblewrap : createQuickjsRunner();
};

const archiveOf = (code: string, manifest: Record<string, unknown>) =>
  pack(
    new Map([
      ["index.js", utf8(code)],
      [
        "entente.json",
        utf8(
          JSON.stringify({
            runner: "javascript",
            entry: "index.js",
            tables: { table_0: { columns: { number: "f64" } } },
            result: { columns: { v: "f64" }, maxRows: 100_000 },
            ...manifest,
          }),
        ),
      ],
    ]),
  );

/** A hospital's sealed table, an institute's model and their task, not yet authorised. */
export const openRig = async (
  t: TestContext,
  { code = SUM, csv = "number\n1\n2\n3\n", ...options }: RigOptions = {},
) => {
  const directory = mkdtempSync(join(tmpdir(), "entente-hostile-"));
  const state = join(directory, "state");
  const { ledger, signer, stage } = await openLedger(directory);
  const runner = await bestRunner();
  t.after(async () => {
    await ledger.close();
    rmSync(directory, { recursive: true });
  });
  const files = new Map<string, Uint8Array>();
  const put = (bytes: Uint8Array) => {
    const digest = sha256Hex(bytes);
    files.set(digest, bytes);
    return { digest, size: bytes.length };
  };
  const components = { program: sha384Hex("program") };
  const tricks: Tricks = {};
  /** Digests that the enclave asked for. */
  const reads: string[] = [];
  /** Digests of what the enclave wrote. */
  const written: string[] = [];
  const agentOptions = async (): Promise<AgentOptions> => ({
    components,
    directory: state,
    provider: await openSimulated(state),
    ledger: ledger.verifierKey,
    isolation: runner.isolation,
    runners: { javascript: runner },
    limits: { seconds: 60, memory: 512 << 20, output: 64 << 20 },
    clock: stage.clock,
    read(digest) {
      reads.push(digest);
      const honest = () => files.get(digest) ?? new Uint8Array();
      return tricks.read?.(digest, honest) ?? chunked(honest());
    },
    async write(content) {
      if (tricks.write) return tricks.write(content);
      written.push(put(concat(...(await Array.fromAsync(content)))).digest);
    },
  });
  const start = async (twist: Partial<AgentOptions> = {}) => createAgent({ ...(await agentOptions()), ...twist });
  let agent = await start();
  const call = async <M extends keyof EnclaveMethods>(
    method: M,
    params: object,
    statements: readonly PlacedStatement[] = [],
  ) => (await agent[method](params, encodeStatements(statements))).result as EnclaveMethods[M]["result"];

  const { stream: id, statement: founding } = await call("identify", {});
  await stage.submit(founding);
  const { measurement, encryptionKey } = parseStatement(founding).statement.payload as Record<string, string>;
  const recipient = enclaveKey(fromBase64(encryptionKey ?? ""));
  // Its key stays inside: whatever is signed as this enclave came out of the agent.
  const enclave = { id, founding, key: generateKey("P-256"), measurement: measurement ?? "" };

  const at = stage.clock.now();
  const [hospital, institute] = [createOrganisation("医院", { at }), createOrganisation("研究所", { at })];
  await found(stage, hospital, institute);
  const sealFor = (text: string, owner = hospital.id, type = "csv") =>
    sealBytes(utf8(text), { to: recipient, context: sourceContext(owner, id, type) });
  const archive = put(await archiveOf(code, options.manifest ?? {}));
  const envelope = put(await sealFor(csv));
  const detail = { salt: SALT, name: "表", description: "", columns: COLUMNS };
  const details = { [digestOf(detail)]: detail };
  const described = { structure: structureDigest(COLUMNS), detail: digestOf(detail) };
  const parts: c.Parts = {
    alliance: await c.alliance(stage, enclave, [institute, hospital]),
    receiver: institute,
    enclave,
    model: await c.model(stage, institute, enclave, { archive }),
    sources: [await c.source(stage, hospital, enclave, { envelope, ...described, ...options.source })],
  };
  const limits = { rows: 100_000, seconds: options.seconds ?? 30, memory: 256 };
  const newTask = (twist: Record<string, unknown> = {}, on = parts) =>
    c.task(stage, institute, on, { parameters: {}, limits, ...twist });
  const task = await newTask();
  const receiver = generateKey("P-256");
  const delivery = { ...c.DELIVERY, key: publicKeyToPem(receiver.publicKey) };

  let followed = 0;
  /** Signs a checkpoint over any leaves at all: the log's key is the operator's. */
  const show = (leaves: readonly Leaf[], from = 0, before: Frontier = EMPTY_FRONTIER) => {
    const end = leaves.reduce((frontier, leaf) => appendLeaf(frontier, leafHash(leafBytes(leaf))), before);
    const checkpoint = signCheckpoint({ origin: ORIGIN, size: end.size, root: frontierRoot(end) }, signer);
    return call("follow", { from, leaves, checkpoint });
  };
  return {
    ...{
      components,
      ledger,
      signer,
      stage,
      files,
      put,
      tricks,
      reads,
      written,
      call,
      show,
      state,
      runner,
      agentOptions,
    },
    ...{ enclave, hospital, institute, parts, envelope, archive, detail, details, described, sealFor, newTask, task },
    /** Everybody agrees to a task. */
    async authorise(id = task) {
      await c.authoriseReceiver(stage, institute, id, { delivery });
      await c.authoriseSource(stage, hospital, id);
      await c.authoriseModel(stage, institute, id);
    },
    leaves: (to = ledger.size, from = 0): Leaf[] => [...ledger.leaves(from, to)],
    /** Shows the ledger honestly, up to a size. */
    async follow(to = ledger.size) {
      if (to <= followed) return;
      await call("follow", { from: followed, leaves: ledger.leaves(followed, to), checkpoint: ledger.checkpoint(to) });
      followed = to;
    },
    statements: (stream = task, until = followed) => replayable(ledger, stream, until),
    /** Runs the task honestly, but for `twist`. @returns the enclave's statement */
    async run(twist: { task?: string; statements?: PlacedStatement[]; details?: Record<string, unknown> } = {}) {
      const { task: id = task, statements = await replayable(ledger, id, followed), details: shown = details } = twist;
      const { statement } = await call("run", { task: id, details: shown }, statements);
      return statement;
    },
    /** The same program again, which has been shown nothing yet. */
    async restart(twist: Partial<AgentOptions> = {}) {
      agent = await start(twist);
      followed = 0;
    },
    /** What the receiver reads in a result of the task. */
    async resultIn(envelope: Uint8Array, id = task) {
      return fromUtf8(await openBytes(envelope, { key: receiver, context: resultContext(c.digestOfTask(stage, id)) }));
    },
    sealResult: (text: string, id = task) =>
      sealBytes(utf8(text), { to: receiverKey(delivery.key), context: resultContext(c.digestOfTask(stage, id)) }),
  };
};
export type Rig = Awaited<ReturnType<typeof openRig>>;

/** What an enclave's statement says: `task.completed`, or the code of `task.failed`. */
export const outcomeOf = (jws: string): string => {
  const { kind, payload } = parseStatement(jws).statement;
  return kind === "task.failed" ? String((payload as { code: string }).code) : kind;
};
