import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { toHex } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { hasTools, type SoftwareTpm, startSwtpm } from "../../../cli/demo/machines/swtpm.ts";
import { openSealed } from "../../sealed-state.ts";
import { EMPTY_REGISTER, extended } from "../provider.ts";
import { openSwtpm, type TpmProvider } from "./provider.ts";

const MEASUREMENT = "ab".repeat(48);
const [ONE, TWO] = ["11".repeat(32), "22".repeat(32)];
const AFTER_BOTH = extended(extended(EMPTY_REGISTER, ONE), TWO);

const refusedAs =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Refusal, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };

interface Machine {
  readonly tpm: SoftwareTpm;
  readonly directory: string;
  /** Opens the provider for the program, works with it, and leaves the TPM to others. */
  using<T>(work: (provider: TpmProvider) => Promise<T>, measurement?: string): Promise<T>;
  /** The NV index, as tools write it. */
  index(): string;
}

const machineFor = async (t: TestContext): Promise<Machine | undefined> => {
  const tpm = await startSwtpm({ certified: false });
  if ("skip" in tpm) {
    t.skip(tpm.skip);
    return undefined;
  }
  t.after(() => tpm.stop());
  const directory = mkdtempSync(join(tpm.directory, "enclave-"));
  return {
    tpm,
    directory,
    async using(work, measurement = MEASUREMENT) {
      const provider = await openSwtpm(directory, { device: tpm.device });
      try {
        await provider.sealingKey(measurement);
        return await work(provider);
      } finally {
        await provider.close();
      }
    },
    index: () => `0x${JSON.parse(readFileSync(join(directory, "tpm-register"), "utf8")).index.toString(16)}`,
  };
};

const read = ({ register }: TpmProvider) => register.read();
const fill = async ({ register }: TpmProvider) => {
  assert.equal(await register.extend(ONE), extended(EMPTY_REGISTER, ONE));
  return await register.extend(TWO);
};

test("what was put in stays in, over every end of the TPM, and tpm2-tools read the same", async (t) => {
  const machine = await machineFor(t);
  if (!machine) return;
  const { tpm, using, index } = machine;
  assert.equal(await using(read), EMPTY_REGISTER);
  assert.equal(await using(fill), AFTER_BOTH);
  await tpm.restart({ hard: true });
  assert.equal(await using(read), AFTER_BOTH);
  await tpm.restart();
  assert.equal(await using(({ register }) => register.extend(ONE)), extended(AFTER_BOTH, ONE));
  await tpm.restart({ hard: true });
  assert.equal(await using(read), extended(AFTER_BOTH, ONE));
  if (!hasTools()) return;
  tpm.tool("tpm2_nvread", index(), "-C", "o", "-o", "value");
  assert.equal(toHex(readFileSync(join(tpm.directory, "value"))), extended(AFTER_BOTH, ONE));
  // TPM_NT_EXTEND, written; owner and secret read, the secret alone writes.
  assert.match(tpm.tool("tpm2_nvreadpublic", index()), /value: 0x22060044/);
});

test("nobody else writes into the register, nor another program reads it", async (t) => {
  const machine = await machineFor(t);
  if (!machine) return;
  const { tpm, using, index } = machine;
  await using(fill);
  if (hasTools()) {
    writeFileSync(join(tpm.directory, "digest"), new Uint8Array(32));
    assert.throws(() => tpm.tool("tpm2_nvextend", index(), "-i", "digest"));
    assert.throws(() => tpm.tool("tpm2_nvextend", index(), "-C", "o", "-i", "digest"));
  }
  await tpm.restart();
  await assert.rejects(using(read, "ba".repeat(48)), refusedAs("tpm.index"));
  await tpm.restart();
  assert.equal(await using(read), AFTER_BOTH);
});

test("an index that was made anew is empty, and a foreign one in its place is refused", async (t) => {
  const machine = await machineFor(t);
  if (!machine) return;
  if (!hasTools()) return t.skip("tpm2-tools are not installed (Debian: tpm2-tools)");
  const { tpm, using, index } = machine;
  await using(fill);
  // The machine's owner knows all that was put in, and makes an index that holds the same.
  const attributes = "authread|authwrite|ownerread|no_da";
  const define = (kind: string) => {
    tpm.tool("tpm2_nvundefine", index(), "-C", "o");
    tpm.tool("tpm2_nvdefine", index(), "-C", "o", "-s", "32", "-g", "sha256", "-a", `${attributes}${kind}`);
  };
  define("|nt=extend");
  for (const digest of [ONE, TWO]) {
    writeFileSync(join(tpm.directory, "digest"), Buffer.from(digest, "hex"));
    tpm.tool("tpm2_nvextend", index(), "-i", "digest");
  }
  tpm.tool("tpm2_nvread", index(), "-C", "o", "-o", "value");
  assert.equal(toHex(readFileSync(join(tpm.directory, "value"))), AFTER_BOTH);
  await assert.rejects(using(read), refusedAs("tpm.index"));
  define("");
  writeFileSync(join(tpm.directory, "value"), Buffer.from(AFTER_BOTH, "hex"));
  tpm.tool("tpm2_nvwrite", index(), "-i", "value");
  await assert.rejects(using(read), refusedAs("tpm.index"));
  tpm.tool("tpm2_nvundefine", index(), "-C", "o");
  assert.equal(await using(read), EMPTY_REGISTER);
  writeFileSync(join(machine.directory, "tpm-register"), "{}");
  await assert.rejects(using(read), refusedAs("tpm.index"));
});

const CODEC = { use: "entente/test-state/1", encode: (state: State) => state, decode: (state: State) => state };
interface State {
  readonly ledger: string;
}

test("an older copy of the enclave's state is noticed, whatever is done to the register", async (t) => {
  const machine = await machineFor(t);
  if (!machine) return;
  const { directory, using, tpm, index } = machine;
  const file = join(directory, "sealed-state");
  const state = { ledger: "a ledger" };
  const open = () => using((provider) => openSealed(directory, provider, MEASUREMENT, CODEC));
  await using(async (provider) => {
    const store = await openSealed(directory, provider, MEASUREMENT, CODEC);
    assert.equal(store.loaded, undefined);
    await store.save(state);
    copyFileSync(file, `${file}.older`);
    await store.save({ ...state, ledger: "the same, later" });
  });
  await tpm.restart({ hard: true });
  assert.equal((await open()).loaded?.ledger, "the same, later");
  copyFileSync(`${file}.older`, file);
  await assert.rejects(open(), refusedAs("enclave.state.rolled-back"));
  if (hasTools()) {
    tpm.tool("tpm2_nvundefine", index(), "-C", "o");
    await assert.rejects(open(), refusedAs("enclave.state.rolled-back"));
  }
  // Another index is another sealing key.
  rmSync(join(directory, "tpm-register"));
  await assert.rejects(open(), refusedAs("enclave.state.unreadable"));
  rmSync(file);
  assert.equal((await open()).loaded, undefined, "a new enclave may be founded");
});

test("a copy of the enclave that runs beside it is noticed", async (t) => {
  const machine = await machineFor(t);
  if (!machine) return;
  await machine.using(async (provider) => {
    const [one, other] = [
      await openSealed(machine.directory, provider, MEASUREMENT, CODEC),
      await openSealed(machine.directory, provider, MEASUREMENT, CODEC),
    ];
    const state = { ledger: "" };
    await one.save(state);
    await assert.rejects(other.save(state), refusedAs("enclave.state.copied"));
  });
});
