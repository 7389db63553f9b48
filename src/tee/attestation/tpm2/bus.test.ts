/** Somebody sits between the enclave and its TPM: on the bus of a discrete one, or in the way of a socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { concat, toHex, u32 } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { startSwtpm } from "../../../cli/demo/machines/swtpm.ts";
import { openSwtpm } from "./provider.ts";

const MEASUREMENT = "ab".repeat(48);
const DIGEST = "11".repeat(32);

/** What is done to commands and answers on their way. */
interface Bus {
  command(bytes: Buffer): Buffer;
  answer(bytes: Buffer): Buffer;
}

/** A provider on a TPM behind a bus; undefined (and the test skipped) where there is no software TPM. */
const behind = async (t: TestContext, bus: Bus) => {
  const tpm = await startSwtpm();
  if ("skip" in tpm) {
    t.skip(tpm.skip);
    return undefined;
  }
  const device = join(tpm.directory, "bus.sock");
  const ended: Promise<unknown>[] = [];
  const server = createServer((near) => {
    const far = connect(tpm.device);
    ended.push(once(far, "close"));
    near.on("data", (bytes) => far.write(bus.command(bytes)));
    far.on("data", (bytes) => near.write(bus.answer(bytes)));
    near.on("close", () => far.destroy()).on("error", () => far.destroy());
    far.on("close", () => near.destroy()).on("error", () => near.destroy());
  }).listen(device);
  const directory = mkdtempSync(join(tpm.directory, "enclave-"));
  const provider = await openSwtpm(directory, { device, certificates: tpm.issuers });
  t.after(async () => {
    await tpm.stop();
    await Promise.all(ended);
    server.close();
  });
  /** Leaves the TPM to others. */
  const leave = async () => {
    await provider.close();
    await Promise.all(ended);
  };
  return { tpm, directory, provider, leave };
};

const same = (bytes: Buffer) => bytes;
/** TPM_CC of a command. */
const codeOf = (command: Buffer) => command.readUInt32BE(6);

test("whoever listens learns neither the sealing key nor the register's secret", async (t) => {
  const heard: Buffer[] = [];
  const listen = (bytes: Buffer) => {
    heard.push(bytes);
    return bytes;
  };
  const machine = await behind(t, { command: listen, answer: listen });
  if (!machine) return;
  const { provider, tpm, directory, leave } = machine;
  const key = toHex(await provider.sealingKey(MEASUREMENT));
  await provider.register.extend(DIGEST);
  await leave();
  const all = toHex(concat(...heard));
  assert.ok(all.includes(DIGEST), "digests of sealed state are no secret");
  assert.ok(!all.includes(key));
  // The index opens with none of what was heard after NV_DefineSpace: its first parameter was the secret.
  const define = heard.find((bytes) => bytes.length > 10 && codeOf(bytes) === 0x12a);
  const { index } = JSON.parse(readFileSync(join(directory, "tpm-register"), "utf8"));
  const at = define?.indexOf(concat(u32(index))) ?? -1;
  // TPM2B_AUTH, then the length of the public area and the area, which begins with the handle.
  const secret = define?.subarray(at - 34, at - 2);
  assert.equal(secret?.length, 32);
  assert.throws(() =>
    tpm.tool("tpm2_nvread", `0x${index.toString(16)}`, "-C", `0x${index.toString(16)}`, "-P", `hex:${toHex(secret)}`),
  );
});

for (const [what, code] of [
  ["an extension of the register", 0x136],
  ["a reading of the register", 0x14e],
  ["the derivation of the sealing key", 0x155],
] as const)
  test(`whoever changes the answer to ${what} is noticed`, async (t) => {
    let last = 0;
    let armed = false;
    const machine = await behind(t, {
      command(bytes) {
        last = codeOf(bytes);
        return bytes;
      },
      answer(bytes) {
        if (!armed || last !== code) return bytes;
        const damaged = Buffer.from(bytes);
        const place = code === 0x136 ? bytes.length - 1 : 18;
        damaged[place] = (damaged[place] ?? 0) ^ 1;
        return damaged;
      },
    });
    if (!machine) return;
    const { provider } = machine;
    armed = code === 0x155;
    const work = async () => {
      await provider.sealingKey(MEASUREMENT);
      armed = true;
      await provider.register.extend(DIGEST);
    };
    await assert.rejects(work(), (error) => error instanceof Refusal && error.code === "tpm.answer");
  });

test("whoever changes what is put into the register is refused by the TPM", async (t) => {
  const machine = await behind(t, {
    command(bytes) {
      if (codeOf(bytes) !== 0x136) return bytes;
      const damaged = Buffer.from(bytes);
      damaged[bytes.length - 1] = (damaged[bytes.length - 1] ?? 0) ^ 1;
      return damaged;
    },
    answer: same,
  });
  if (!machine) return;
  const { provider } = machine;
  await provider.sealingKey(MEASUREMENT);
  await assert.rejects(
    provider.register.extend(DIGEST),
    (error) => error instanceof Refusal && error.code === "tpm.index",
  );
});

test("an answer that is not one of a TPM is refused", async (t) => {
  let armed = false;
  const machine = await behind(t, {
    command: same,
    answer: (bytes) => (armed ? Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") : bytes),
  });
  if (!machine) return;
  armed = true;
  await assert.rejects(
    machine.provider.evidence("00".repeat(64), MEASUREMENT),
    (error) => error instanceof Refusal && error.code === "tpm.unreachable",
  );
});
