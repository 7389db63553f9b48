/** Another program on the same data is another enclave: what was sealed to the former one moves there by its owners' word. */
import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join as path } from "node:path";
import { after, before, test } from "node:test";
import { sign } from "#crypto";
import { found as foundParty, signUp } from "../../src/cli/demo/parties.ts";
import { runCommandLine } from "../../src/cli/run.ts";
import type { PlatformOptions } from "../../src/compose.ts";
import { createFormerPrograms } from "../../src/compute/former-programs.ts";
import { verifyBundle } from "../../src/evidence/verify.ts";
import { openEvidenceLedger } from "../../src/ledger/engines/evidence/index.ts";
import { createBlobs } from "../../src/platform/blobs.ts";
import {
  governSource,
  moveToEnclave,
  openResult,
  planMove,
  type VerifiedEnclave,
} from "../../src/sdk/workflows/index.ts";
import { rawFromPublicKey } from "../../src/trust/crypto/encoding.ts";
import { keyFromPem } from "../../src/trust/keys.ts";
import { createNoteSigner } from "../../src/trust/log/note.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import {
  addModel,
  addTable,
  addTask,
  ally,
  authorise,
  ended,
  join,
  type Member,
  newReceiverKey,
} from "../support/members.ts";

let platform: TestPlatform;
let hospital: Member;
let institute: Member;
let alliance = "";
let table = "";
let model = "";
let first: VerifiedEnclave;
const key = newReceiverKey();

before(async () => {
  platform = await openPlatform();
  first = platform.enclave;
  [hospital, institute] = [await join(platform, "医院"), await join(platform, "研究所")];
  alliance = await ally(platform, [institute, hospital]);
  table = (await addTable(platform, hospital)).id;
  model = (await addModel(platform, institute)).id;
});
after(() => platform?.stop());

/** The enclave program with a constant more. */
const changedProgram = (): Partial<PlatformOptions> => {
  const [node = "", program = ""] = platform.options.enclaveCommand;
  const folder = path(platform.data, "changed");
  mkdirSync(folder, { recursive: true });
  const changed = path(folder, "enclave.mjs");
  copyFileSync(program, changed);
  appendFileSync(changed, "\nconst NEWER = true;\n");
  try {
    symlinkSync(path(import.meta.dirname, "../../node_modules"), path(folder, "node_modules"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return { enclaveCommand: [node, changed] };
};
const OTHER_LIMITS = { "enclave-memory": "900MiB" };

const move = async (member: Member, to = platform.enclave) => {
  const plan = await planMove(member.client, to, { me: member.id });
  await moveToEnclave(member.client, to, plan);
  return plan;
};

const sumOf = async (): Promise<string> => {
  const { id } = await addTask(institute, { alliance, receiver: institute.id, model, sources: [table] });
  for (const member of [institute, hospital, institute]) await authorise(member, id, key.publicPem);
  const { failure } = await ended(institute, id);
  assert.equal(failure, null);
  const { task } = verifyBundle(await (await institute.client.tasks.bundle({ id })).bytes());
  assert.equal(task.definition.enclave, platform.enclave.id);
  return openResult(institute.client, id, key.privatePem, { me: institute.id });
};

test("a task runs in the new program over a table and a model that were sealed to the former one", async () => {
  assert.match(await sumOf(), /6/);
  await platform.halt();
  await platform.start({}, changedProgram());
  const second = platform.enclave;
  assert.notEqual(second.measurement, first.measurement);
  const { items } = await hospital.client.enclaves.list();
  assert.deepEqual(
    items.map(({ id, running }) => [id, running]),
    [
      [second.id, true],
      [first.id, false],
    ],
  );

  const plan = await move(hospital);
  assert.deepEqual(
    plan.items.map(({ kind, id, from }) => [kind, id, from]),
    [["source", table, first.id]],
  );
  assert.deepEqual(
    plan.former.map(({ measurement, differs }) => [measurement, differs]),
    [[first.measurement, ["program"]]],
  );
  assert.deepEqual(
    (await move(institute)).items.map(({ kind }) => kind),
    ["model", "alliance"],
  );
  const { enclave, sealedTo } = await hospital.client.sources.get({ id: table });
  assert.deepEqual([enclave, sealedTo], [second.id, first.id]);
  assert.match(await sumOf(), /6/);
  assert.deepEqual((await planMove(hospital.client, second, { me: hospital.id })).items, []);
});

test("what was moved and not handed over when the server stopped is handed over when it starts", async () => {
  await platform.halt();
  await platform.start(OTHER_LIMITS);
  await move(hospital);
  await move(institute);
  await governSource(hospital.client, table, { maxRows: 1 });
  await platform.halt();
  await platform.start(OTHER_LIMITS);
  assert.match(await sumOf(), /6/);
});

test("on the command line it is shown first, for a new enclave that was pinned, and signed when that is said", async () => {
  const profiles = path(platform.data, "profiles");
  const particulars = {
    legalName: "药厂",
    registrationNumber: "1",
    contact: "药厂",
    phone: "+65 5555 0100",
    country: "SG",
  };
  const signedUp = await signUp({ url: platform.url, profiles, name: "pharma", nickname: "药厂", particulars });
  await platform.office.accounts.review({ id: signedUp.account.id, decision: "approved" });
  const { client, identity, member } = await foundParty(platform.url, signedUp);
  const own = await addTable(platform, { id: member, client, identity } as Member, { name: "药厂数据" });
  const entente = async (...words: string[]) => {
    const said: string[] = [];
    const terminal = { out: (line: string) => said.push(line), error: (line: string) => said.push(line) };
    const at = ["--profiles", profiles, "--profile", "pharma", "--url", platform.url, "--lang", "en"];
    const status = await runCommandLine([...words, ...at], terminal);
    return { status, said: said.join("\n") };
  };
  const before = platform.enclave;
  const unnamed = await entente("enclaves", "move", "--yes");
  assert.deepEqual([unnamed.status, /--to/.test(unnamed.said)], [2, true], "nothing is pinned, and none was named");
  await entente("enclaves", "verify", "--pin");
  await platform.halt();
  await platform.start({ "enclave-memory": "800MiB" });
  const there = async () => (await entente("sources", "get", own.id, "--json")).said;

  const untrusted = await entente("enclaves", "move", "--yes");
  assert.deepEqual([untrusted.status, /enclave\.untrusted/.test(untrusted.said)], [1, true]);
  await entente("enclaves", "verify", "--pin");
  const shown = await entente("enclaves", "move");
  for (const text of [before.measurement, platform.enclave.measurement, "different: configuration", own.id, "--yes"])
    assert.ok(shown.said.includes(text), `${text}: ${shown.said}`);
  assert.equal(JSON.parse(await there()).enclave, before.id);
  assert.equal((await entente("enclaves", "move", "--yes")).status, 0);
  const moved = JSON.parse(await there());
  assert.deepEqual([moved.enclave, moved.sealedTo], [platform.enclave.id, before.id]);
});

test("nothing is signed for an enclave that says something else of itself than a moment ago", async () => {
  const lied = { ...platform.enclave, measurement: first.measurement };
  await assert.rejects(planMove(hospital.client, lied, { me: hospital.id }), { code: "enclave.statement" });
});

test("a former program that is not as it was measured is not believed, and it is said what differs", async () => {
  await platform.halt();
  const { name, pem } = JSON.parse(readFileSync(path(platform.data, "ledger", "key.json"), "utf8"));
  const ledgerKey = keyFromPem(pem, { accept: ["Ed25519"] });
  const publicKey = rawFromPublicKey(ledgerKey.publicKey);
  const signer = createNoteSigner({ name, publicKey, sign: (message) => sign(ledgerKey, message) });
  const ledger = await openEvidenceLedger({ directory: path(platform.data, "ledger"), clock: platform.clock, signer });
  const open = () =>
    createFormerPrograms({
      ...{ ledger, data: platform.data, maxResult: 1 << 20, log: () => undefined },
      blobs: createBlobs({ dataDir: platform.data }),
    }).open(first.id);
  const record = path(platform.data, "enclave-programs", `${first.id}.json`);
  const kept = readFileSync(record, "utf8");
  try {
    const good = await open();
    assert.equal(await good.start(), first.id);
    await good.stop();
    const size = ledger.size;
    writeFileSync(record, kept.replace(/"seconds":\d+/, '"seconds":1'));
    const changed = await open();
    await assert.rejects(changed.start(), {
      code: "enclave.former",
      details: { enclave: first.id, components: "configuration" },
    });
    await changed.stop();
    assert.equal(ledger.size, size, "it is not founded");
    writeFileSync(record, kept);
    const folder = path(platform.data, "enclave-programs");
    const [program = ""] = readdirSync(folder).filter((name) => name === JSON.parse(kept).program.slice(0, 32));
    appendFileSync(path(folder, program, "enclave.mjs"), "\n");
    const other = await open();
    await assert.rejects(other.start(), {
      code: "enclave.former",
      details: { enclave: first.id, components: "program" },
    });
    await other.stop();
  } finally {
    await ledger.close();
  }
});
