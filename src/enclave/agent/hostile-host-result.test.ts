/** A host that wants another result under the enclave's signature, or a word of the model's in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256Hex } from "#crypto";
import { taskOf } from "../../../test/support/consortium.ts";
import { openRig, outcomeOf, type Rig } from "../../../test/support/hostile-host.ts";
import { concat } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { parseStatement } from "../../trust/statement.ts";

const ready = async (rig: Rig) => {
  await rig.authorise();
  await rig.follow();
  return rig;
};
const drain = async (content: AsyncIterable<Uint8Array>) => concat(...(await Array.fromAsync(content)));

test("the receipt names what the enclave sealed, whatever the server keeps instead", async (t) => {
  const rig = await ready(await openRig(t));
  const forged = await rig.sealResult("v\r\n666\r\n");
  let sealed = new Uint8Array();
  rig.tricks.write = async (content) => {
    sealed = await drain(content);
    rig.put(forged);
  };
  const statement = await rig.run();
  await rig.stage.submit(statement);
  const { result } = taskOf(rig.stage, rig.task);
  assert.deepEqual(result, { digest: sha256Hex(sealed), size: sealed.length, rows: 1 });
  assert.notEqual(result?.digest, sha256Hex(forged));
  assert.equal(await rig.resultIn(sealed), "v\r\n6\r\n");
});

test("a server that does not take the whole result gets no receipt", async (t) => {
  const rig = await ready(await openRig(t));
  rig.tricks.write = async () => undefined;
  await assert.rejects(rig.run(), { code: "enclave.host" });
  rig.tricks.write = async (content) => {
    for await (const piece of content) if (piece.length > 0) return;
  };
  await assert.rejects(rig.run(), { code: "enclave.host" });
});

test("what the server throws when it is to keep the result is not signed", async (t) => {
  const rig = await ready(await openRig(t));
  for (const code of ["hospital.cheated", "model.threw", "NOT A CODE".repeat(20)]) {
    rig.tricks.write = async () => {
      throw new Refusal(code, 400);
    };
    await assert.rejects(rig.run(), { code: "enclave.host" });
  }
  rig.tricks.write = undefined;
  assert.equal(outcomeOf(await rig.run()), "task.completed");
});

test("a result of one task is not the result of another that asks for the same", async (t) => {
  const rig = await ready(await openRig(t));
  const other = await rig.newTask();
  await rig.authorise(other);
  await rig.follow();
  await rig.run();
  const sealed = rig.files.get(rig.written[0] ?? "") ?? new Uint8Array();
  assert.equal(await rig.resultIn(sealed), "v\r\n6\r\n");
  await assert.rejects(rig.resultIn(sealed, other), { code: "envelope.context" });
});

test("a receipt is let onto the ledger once", async (t) => {
  const rig = await ready(await openRig(t));
  const [first, second] = [await rig.run(), await rig.run()];
  await rig.stage.submit(first);
  await assert.rejects(rig.stage.submit(second), { code: "stream.moved" });
  await rig.follow();
  await assert.rejects(rig.run(), { code: "enclave.task.state" });
});

test("rows and columns beyond what was agreed do not leave", async (t) => {
  const many = "export const main = async () => Array.from({ length: 100_001 }, () => ({ v: 0 }));";
  const other = "export const main = async () => [{ v: 0, patient: 'Wang Fang' }];";
  for (const code of [many, other]) {
    const rig = await ready(await openRig(t, { code }));
    assert.match(outcomeOf(await rig.run()), /^model\./);
    assert.deepEqual(rig.written, []);
  }
});

test("what a model throws, prints and exits with stays out of the statement", async (t) => {
  const says = "process.getBuiltinModule('node:fs').writeSync(2, 'bwrap: patient 4711')";
  const ways = ["throw new Error('patient 4711')", `${says}; process.exit(47)`, "throw { code: 'patient.4711' }"];
  for (const way of ways) {
    const rig = await ready(await openRig(t, { code: `export async function main() { ${way}; }` }));
    const statement = await rig.run();
    const { kind, payload } = parseStatement(statement).statement;
    assert.equal(kind, "task.failed");
    assert.doesNotMatch(JSON.stringify(payload), /4711|"47"/);
    assert.deepEqual(Object.keys(payload as object).sort(), ["code", "task"]);
    await rig.stage.submit(statement);
  }
});

test("what a model has the sandbox say before it begins stays inside too, whoever's fault it looks like", async (t) => {
  const says = "process.getBuiltinModule('node:fs').writeSync(2, 'bwrap: patient no. 4711'); process.exit(1);";
  const rig = await ready(await openRig(t, { code: `${says}\nexport async function main() { return []; }` }));
  for (let again = 0; again < 3; again++) {
    const said = await rig.run().catch((error: { message: string; details: object }) => JSON.stringify(error.details));
    assert.doesNotMatch(said, /patient|bwrap/);
    // Digests in it may have any four digits.
    assert.doesNotMatch(Buffer.from(said.split(".")[1] ?? "", "base64url").toString(), /patient|no\. /);
  }
});
