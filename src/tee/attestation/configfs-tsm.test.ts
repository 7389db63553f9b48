/** Attesting guests of TDX and SEV-SNP over a kernel that is played here; what they give is verified for real. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { madeSnp, madeTdx, NOW } from "../../../test/support/samples.ts";
import { concat, fromBase64, fromHex, toHex } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { judged } from "../../trust/attestation/checks.ts";
import { attestSnp, hostDataOf } from "../../trust/attestation/sev-snp/index.ts";
import { attestTdx, rtmr3Of } from "../../trust/attestation/tdx/index.ts";
import { toPem } from "../../trust/pem.ts";
import { askTsm, type Guest, linuxGuest, openGuestMemory, type TsmFiles } from "./configfs-tsm.ts";
import { EMPTY_REGISTER, extended } from "./provider.ts";
import { openSnpGuest } from "./sev-snp.ts";
import { openTdxGuest } from "./tdx.ts";

const measurement = "3c".repeat(48);
const reportData = "9e".repeat(64);

const made: string[] = [];
after(() => Promise.all(made.map((directory) => rm(directory, { recursive: true, force: true }))));
const temporary = async (parent = tmpdir()) => {
  const directory = await mkdtemp(join(parent, "entente-tsm-"));
  made.push(directory);
  return directory;
};

const TMPFS = 0x01021994;
/** tmpfs on every Linux; elsewhere there is nothing to attest with either. */
const SHARED_MEMORY = "/dev/shm";
const haveMemory = (await statfs(SHARED_MEMORY).catch(() => undefined))?.type === TMPFS;
const testInMemory = (name: string, run: () => Promise<void>) =>
  test(name, { skip: haveMemory ? false : `${SHARED_MEMORY} is not a tmpfs` }, run);

interface Kernel {
  readonly provider: string;
  quote(reportData: string): Uint8Array;
  readonly extra?: Uint8Array;
  /** Somebody else writes as well. */
  readonly disturbed?: boolean;
}

/** What the kernel does in `report/`: attributes appear with a directory, and go with it. */
const kernelFiles = ({ provider, quote, extra, disturbed }: Kernel): TsmFiles => {
  const entries = new Map<string, { inblob: Uint8Array; writes: number }>();
  const entryOf = (path: string) => entries.get(dirname(path)) ?? assert.fail(`no entry for ${path}`);
  const missing = () => Object.assign(new Error("no such attribute"), { code: "ENOENT", syscall: "open" });
  return {
    mkdir: async (path) => entries.set(path, { inblob: new Uint8Array(), writes: 0 }),
    write: async (path, bytes) => {
      assert.equal(basename(path), "inblob");
      entries.set(dirname(path), { inblob: bytes, writes: entryOf(path).writes + (disturbed ? 2 : 1) });
    },
    read: async (path) => {
      const { inblob, writes } = entryOf(path);
      if (basename(path) === "provider") return Buffer.from(`${provider}\n`);
      if (basename(path) === "generation") return Buffer.from(`${writes}\n`);
      if (basename(path) === "outblob") return quote(toHex(inblob));
      if (basename(path) === "auxblob" && extra) return extra;
      throw missing();
    },
    rmdir: async (path) => {
      assert.ok(entries.delete(path));
    },
  };
};

const guestOf = async (kernel: Kernel, swaps = "Filename Type Size Used Priority\n"): Promise<Guest> => {
  const directory = await temporary();
  await writeFile(join(directory, "swaps"), swaps);
  return { reports: directory, files: kernelFiles(kernel), swaps: join(directory, "swaps") };
};

const refusedAs = (code: string, text?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.code, code, error.message);
  if (text) assert.match(error.message, text);
  return true;
};

const tdxQuote = (data: string) =>
  fromBase64(madeTdx({ reportData: data, rtmr3: rtmr3Of(measurement) }).evidence.quote);
const tdxKernel: Kernel = { provider: "tdx_guest", quote: tdxQuote };

/** A directory with what the operator fetched from Intel. */
const tdxDirectory = async () => {
  const directory = await temporary();
  const { collateral } = madeTdx().evidence;
  await mkdir(join(directory, "collateral"));
  const put = (name: string, content: string | Uint8Array) => writeFile(join(directory, "collateral", name), content);
  await put("tcb-info.json", collateral.tcbInfo);
  await put("qe-identity.json", collateral.qeIdentity);
  await put("issuer-chain.pem", toPem("CERTIFICATE", fromBase64(collateral.signer)));
  await put("pck.crl", fromBase64(collateral.pckCrl));
  await put("root.crl", fromBase64(collateral.rootCrl));
  return directory;
};

testInMemory("a TDX guest's evidence, collateral included, holds where it is verified", async () => {
  const directory = await tdxDirectory();
  const memory = await temporary(SHARED_MEMORY);
  const provider = await openTdxGuest(directory, { memory }, await guestOf(tdxKernel));
  const evidence = await provider.evidence(reportData, measurement);
  const verdict = judged(() => attestTdx(evidence, { reportData, measurement, at: NOW }, madeTdx().roots));
  assert.ok(verdict.ok, JSON.stringify(verdict));
  assert.ok(evidence.length < 32_768, `${evidence.length} characters`);
});

testInMemory("collateral that is missing is named, with where to get it; what is replaced counts at once", async () => {
  const directory = await tdxDirectory();
  const provider = await openTdxGuest(directory, { memory: await temporary(SHARED_MEMORY) }, await guestOf(tdxKernel));
  const list = join(directory, "collateral", "pck.crl");
  const kept = await readFile(list);
  await rm(list);
  await assert.rejects(
    provider.evidence(reportData, measurement),
    refusedAs("attestation.collateral", /pckcrl\?ca=platform/),
  );
  await writeFile(list, kept);
  await provider.evidence(reportData, measurement);
});

const snpKernel = (extra?: Uint8Array): Kernel => ({
  provider: "sev_guest",
  quote: (data) => fromBase64(madeSnp({ reportData: data, hostData: hostDataOf(measurement) }).evidence.report),
  ...(extra && { extra }),
});

const snpDirectory = async () => {
  const directory = await temporary();
  const { ask, ark, crl = "", vcek } = madeSnp().evidence;
  await mkdir(join(directory, "collateral"));
  const chain = [ask, ark].map((der) => toPem("CERTIFICATE", fromBase64(der))).join("");
  await writeFile(join(directory, "collateral", "chain.pem"), chain);
  await writeFile(join(directory, "collateral", "crl.der"), fromBase64(crl));
  return { directory, vcek: fromBase64(vcek) };
};

testInMemory("an SEV-SNP guest's evidence holds, with the chip's key from the host or from the operator", async () => {
  const { directory, vcek } = await snpDirectory();
  const holds = async (kernel: Kernel) => {
    const memory = await temporary(SHARED_MEMORY);
    const provider = await openSnpGuest(directory, { memory }, await guestOf(kernel));
    const evidence = await provider.evidence(reportData, measurement);
    const verdict = judged(() => attestSnp(evidence, { reportData, measurement, at: NOW }, madeSnp().roots));
    assert.ok(verdict.ok, JSON.stringify(verdict));
  };
  await assert.rejects(holds(snpKernel()), refusedAs("attestation.collateral", /vcek\.der/));
  const number = (n: number) => Uint8Array.of(n, n >> 8, 0, 0);
  const entry = concat(fromHex("63da758de6644564adc5f4b93be8accd"), number(48), number(vcek.length));
  await holds(snpKernel(concat(entry, new Uint8Array(24), vcek)));
  await writeFile(join(directory, "collateral", "vcek.der"), vcek);
  await holds(snpKernel());
  await holds(snpKernel(new Uint8Array(24)));
});

test("a quote is taken only from the right kernel, over what was asked, and nothing is left behind", async () => {
  const ask = async (kernel: Kernel) => askTsm(fromHex(reportData), "tdx_guest", await guestOf(kernel));
  await assert.rejects(ask({ ...tdxKernel, provider: "sev_guest" }), refusedAs("attestation.machine", /sev_guest/));
  await assert.rejects(ask({ ...tdxKernel, disturbed: true }), refusedAs("attestation.quote", /generation 2/));
  await assert.rejects(ask({ ...tdxKernel, quote: () => new Uint8Array() }), refusedAs("attestation.quote", /empty/));
  const busy = () => {
    throw Object.assign(new Error("EBUSY: resource busy"), { code: "EBUSY", syscall: "read" });
  };
  await assert.rejects(ask({ ...tdxKernel, quote: busy }), refusedAs("attestation.quote", /EBUSY/));
});

test("a machine that is no such guest is refused before anything is made", async () => {
  const directory = await temporary();
  const guest = { ...linuxGuest, reports: join(directory, "tsm") };
  await assert.rejects(openTdxGuest(directory, {}, guest), refusedAs("attestation.machine", /tdx_guest/));
  await assert.rejects(openSnpGuest(directory, {}, guest), refusedAs("attestation.machine", /sev_guest/));
  assert.deepEqual(await readdir(directory), []);
});

testInMemory("key and register outlive the program; the key is of one program and one enclave", async () => {
  const [directory, other, memory] = [await temporary(), await temporary(), await temporary(SHARED_MEMORY)];
  const guest = await guestOf(tdxKernel);
  const first = await openGuestMemory(directory, { memory }, guest);
  assert.equal(await first.register.read(), EMPTY_REGISTER);
  const one = await first.register.extend("11".repeat(32));
  assert.equal(one, extended(EMPTY_REGISTER, "11".repeat(32)));
  const again = await openGuestMemory(directory, { memory }, guest);
  assert.equal(await again.register.read(), one);
  const key = await first.sealingKey(measurement);
  assert.equal(key.length, 32);
  assert.deepEqual(await again.sealingKey(measurement), key);
  assert.notDeepEqual(await first.sealingKey("3d".repeat(48)), key);
  assert.notDeepEqual(await (await openGuestMemory(other, { memory }, guest)).sealingKey(measurement), key);
});

testInMemory(
  "of copies that extend the register at once, each finds every digest or a value it did not expect",
  async () => {
    const [directory, memory] = [await temporary(), await temporary(SHARED_MEMORY)];
    const copies = await Promise.all(
      Array.from({ length: 8 }, async () => openGuestMemory(directory, { memory }, await guestOf(tdxKernel))),
    );
    let value = EMPTY_REGISTER;
    for (let round = 0; round < 20; round++) {
      const digests = copies.map((_, i) => toHex(new Uint8Array(32).fill(16 * round + i)));
      const before = value;
      const values = await Promise.all(copies.map(({ register }, i) => register.extend(digests[i] ?? "")));
      const first = digests.map((digest) => extended(before, digest));
      const satisfied = values.filter((one, i) => one === first[i]);
      assert.ok(satisfied.length <= 1, `${satisfied.length} copies took themselves for the only one`);
      value = (await copies[0]?.register.read()) ?? "";
    }
  },
);

testInMemory("with the machine's memory the key is gone, and that is said before a new one is made", async () => {
  const [directory, memory] = [await temporary(), await temporary(SHARED_MEMORY)];
  await writeFile(join(directory, "sealed-state"), "sealed under a key that is gone");
  const open = openGuestMemory(directory, { memory }, await guestOf(tdxKernel));
  await assert.rejects(open, refusedAs("attestation.key-lost"));
  await assert.rejects(
    openGuestMemory(directory, { memory }, await guestOf(tdxKernel)),
    refusedAs("attestation.key-lost"),
  );
});

testInMemory("secrets are kept in memory that is not swapped, or not at all", async () => {
  const directory = await temporary();
  const swapping = "Filename Type Size Used Priority\n/dev/vda2 partition 1048572 0 -2\n";
  const memory = await temporary(SHARED_MEMORY);
  const swapped = openGuestMemory(directory, { memory }, await guestOf(tdxKernel, swapping));
  await assert.rejects(swapped, refusedAs("attestation.memory", /\/dev\/vda2/));
  const disk = await temporary();
  if ((await statfs(disk)).type === TMPFS) return;
  const onDisk = openGuestMemory(directory, { memory: disk }, await guestOf(tdxKernel));
  await assert.rejects(onDisk, refusedAs("attestation.memory", /not a memory file system/));
});
