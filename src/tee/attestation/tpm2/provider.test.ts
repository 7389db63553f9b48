import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fromBase64, fromHex, toHex } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { hasTools, type SoftwareTpm, startSwtpm } from "../../../cli/demo/machines/swtpm.ts";
import { readEndorsement } from "../../../trust/attestation/tpm2/endorsement.ts";
import { evidenceText, parseEvidence, qualifyingData } from "../../../trust/attestation/tpm2/evidence.ts";
import { attestationKey } from "../../../trust/attestation/tpm2/templates.ts";
import { challengeTpm, swtpm, tpm2With } from "../../../trust/attestation/tpm2/verifier.ts";
import { publicKeyToPem } from "../../../trust/keys.ts";
import { openSwtpm, openTpm2, type TpmProvider } from "./provider.ts";

const MEASUREMENT = "ab".repeat(48);
const ANOTHER = "ba".repeat(48);
const REPORT_DATA = "cd".repeat(64);

const holds = (evidence: string, measurement = MEASUREMENT) =>
  swtpm.verify(evidence, { reportData: REPORT_DATA, measurement, at: Date.now() });

const refusedAs =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Refusal, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };

/** A software TPM, gone after the test; undefined (and the test skipped) where there is none. */
const tpmFor = async (t: TestContext, options = {}): Promise<SoftwareTpm | undefined> => {
  const tpm = await startSwtpm(options);
  if ("skip" in tpm) {
    t.skip(tpm.skip);
    return undefined;
  }
  t.after(() => tpm.stop());
  return tpm;
};

/** What a provider is opened with: a new enclave's directory, and which TPM. */
type Enclave = Parameters<typeof openSwtpm>;
const enclaveOn = (tpm: SoftwareTpm): Enclave => {
  const options = { device: tpm.device, ...(tpm.issuers && { certificates: tpm.issuers }) };
  return [mkdtempSync(join(tpm.directory, "enclave-")), options];
};

/** Opens the provider, works with it, and leaves the TPM to others. */
const using = async <T>(enclave: Enclave, work: (provider: TpmProvider) => Promise<T>): Promise<T> => {
  const provider = await openSwtpm(...enclave);
  try {
    return await work(provider);
  } finally {
    await provider.close();
  }
};

test("evidence holds, and tpm2-tools agree with every part of it", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  const evidence = await using(enclaveOn(tpm), (provider) => provider.evidence(REPORT_DATA, MEASUREMENT));
  assert.deepEqual(Object.keys(holds(evidence)), ["ok", "platform"]);
  if (!hasTools()) return;

  const { bank, quote, signature, ...parts } = parseEvidence(evidence);
  assert.equal(bank, "sha384");
  writeFileSync(join(tpm.directory, "ak.pem"), publicKeyToPem(attestationKey(fromBase64(parts.attestationKey))));
  writeFileSync(join(tpm.directory, "quote"), fromBase64(quote));
  writeFileSync(join(tpm.directory, "signature"), fromBase64(signature));
  const nonce = toHex(qualifyingData(REPORT_DATA));
  tpm.tool("tpm2_checkquote", "-u", "ak.pem", "-m", "quote", "-s", "signature", "-g", "sha256", "-q", nonce);
  assert.throws(() =>
    tpm.tool(
      "tpm2_checkquote",
      "-u",
      "ak.pem",
      "-m",
      "quote",
      "-s",
      "signature",
      "-g",
      "sha256",
      "-q",
      "00".repeat(32),
    ),
  );
  // The same register from the program's own extension, made by the tool in the other bank's stead.
  const before = tpm.tool("tpm2_pcrread", "sha384:13");
  await tpm.restart();
  writeFileSync(join(tpm.directory, "measurement"), fromHex(MEASUREMENT));
  tpm.tool("tpm2_startup", "-c");
  tpm.tool("tpm2_pcrevent", "13", "measurement");
  assert.equal(tpm.tool("tpm2_pcrread", "sha384:13"), before);
});

test("where the TPM has no bank with SHA-384, SHA-256 serves", async (t) => {
  const tpm = await tpmFor(t, { banks: "sha256" });
  if (!tpm) return;
  const evidence = await using(enclaveOn(tpm), (provider) => provider.evidence(REPORT_DATA, MEASUREMENT));
  assert.equal(parseEvidence(evidence).bank, "sha256");
  assert.ok(holds(evidence).ok);
});

test("a register holds one program, measured once since the machine started", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  const enclave = enclaveOn(tpm);
  await using(enclave, (provider) => provider.evidence(REPORT_DATA, MEASUREMENT));
  await using(enclave, async (provider) => {
    assert.ok(holds(await provider.evidence(REPORT_DATA, MEASUREMENT)).ok, "the same program, started again");
    await assert.rejects(provider.evidence(REPORT_DATA, ANOTHER), refusedAs("tpm.register"));
    await assert.rejects(provider.sealingKey(ANOTHER), refusedAs("tpm.register"));
  });
  if (!hasTools()) return;
  tpm.tool("tpm2_pcrextend", `13:sha384=${MEASUREMENT}`);
  await using(enclave, (again) =>
    assert.rejects(again.evidence(REPORT_DATA, MEASUREMENT), refusedAs("tpm.register"), "extended twice"),
  );
});

test("a quote over a register that was extended twice is refused by whoever checks it", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  if (!hasTools()) return t.skip("tpm2-tools are not installed (Debian: tpm2-tools)");
  const enclave = enclaveOn(tpm);
  const good = parseEvidence(await using(enclave, (provider) => provider.evidence(REPORT_DATA, MEASUREMENT)));
  tpm.tool("tpm2_pcrextend", `13:sha384=${MEASUREMENT}`);
  // The key of the evidence, made again by the tool from the same template.
  const attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign";
  tpm.tool(
    "tpm2_createprimary",
    "-C",
    "e",
    "-g",
    "sha256",
    "-G",
    "ecc256:ecdsa-sha256:null",
    "-a",
    attributes,
    "-u",
    "/dev/null",
    "-c",
    "ak",
  );
  const nonce = toHex(qualifyingData(REPORT_DATA));
  tpm.tool(
    "tpm2_quote",
    "-c",
    "ak",
    "-l",
    "sha384:0,2,4,7,8,9,13",
    "-q",
    nonce,
    "-m",
    "quote",
    "-s",
    "signature",
    "-g",
    "sha256",
  );
  const file = (name: string) => readFileSync(join(tpm.directory, name)).toString("base64");
  const { use, ...rest } = good;
  const verdict = holds(evidenceText({ ...rest, quote: file("quote"), signature: file("signature") }));
  assert.ok(!verdict.ok);
  assert.match(verdict.reason, /did not measure the program .* into register 13, once/);
});

test("what one program sealed, another does not open; a restart of the machine changes nothing", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  const enclave = enclaveOn(tpm);
  const key = (measurement: string) => using(enclave, async (one) => toHex(await one.sealingKey(measurement)));
  const sealed = await key(MEASUREMENT);
  assert.match(sealed, /^[0-9a-f]{64}$/);
  assert.equal(await key(MEASUREMENT), sealed);
  await tpm.restart({ hard: true });
  assert.equal(await key(MEASUREMENT), sealed);
  await tpm.restart();
  assert.notEqual(await key(ANOTHER), sealed);
  await assert.rejects(key(MEASUREMENT), refusedAs("tpm.register"));
  assert.notEqual(
    await using(enclaveOn(tpm), async (one) => toHex(await one.sealingKey(ANOTHER))),
    await key(ANOTHER),
    "two enclaves of one program have keys of their own",
  );
});

test("another boot does not open what was sealed", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  if (!hasTools()) return t.skip("tpm2-tools are not installed (Debian: tpm2-tools)");
  const enclave = enclaveOn(tpm);
  const key = () => using(enclave, async (one) => toHex(await one.sealingKey(MEASUREMENT)));
  const [before, platform] = [await key(), await bootOf(enclave)];
  await tpm.restart();
  tpm.tool("tpm2_startup", "-c");
  tpm.tool("tpm2_pcrextend", `4:sha384=${ANOTHER}`);
  assert.notEqual(await key(), before);
  assert.notEqual(await bootOf(enclave), platform);
});

const bootOf = (enclave: Enclave) =>
  using(enclave, async (one) => {
    const verdict = holds(await one.evidence(REPORT_DATA, MEASUREMENT));
    assert.ok(verdict.ok);
    return verdict.platform?.boot;
  });

test("a challenge is answered by the TPM it was made for, whatever its endorsement key, and by no other", async (t) => {
  const [certified, bare] = [await tpmFor(t), await tpmFor(t, { certified: false })];
  if (!certified || !bare) return;
  const [rsa, ecc] = [await openSwtpm(...enclaveOn(certified)), await openSwtpm(...enclaveOn(bare))];
  const challengeOf = async (one: TpmProvider) => challengeTpm(await one.evidence(REPORT_DATA, MEASUREMENT));
  for (const [one, other] of [
    [rsa, ecc],
    [ecc, rsa],
  ] as const) {
    const { challenge, answer } = await challengeOf(one);
    assert.equal(await one.answer(challenge), answer);
    await assert.rejects(other.answer(challenge), refusedAs("tpm.command"));
  }
  // Keys of two TPMs named in one evidence: neither of them can answer.
  const [a, b] = [await rsa.evidence(REPORT_DATA, MEASUREMENT), await ecc.evidence(REPORT_DATA, MEASUREMENT)];
  const mixed = a.replace(parseEvidence(a).attestationKey, parseEvidence(b).attestationKey);
  const { challenge } = challengeTpm(mixed);
  for (const one of [rsa, ecc]) await assert.rejects(one.answer(challenge), refusedAs("tpm.command"));
  await Promise.all([rsa.close(), ecc.close()]);
});

test("challenges that come at once are all answered, and a bad one among them harms no other", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  await using(enclaveOn(tpm), async (provider) => {
    const evidence = await provider.evidence(REPORT_DATA, MEASUREMENT);
    const asked = Array.from({ length: 24 }, () => challengeTpm(evidence));
    const forNobody = JSON.stringify({ blob: "AAAA", secret: "AAAA" });
    const [fresh, key, ...answers] = await Promise.allSettled([
      provider.evidence(REPORT_DATA, MEASUREMENT),
      provider.sealingKey(MEASUREMENT),
      ...asked.flatMap(({ challenge }) => [provider.answer(forNobody), provider.answer(challenge)]),
    ]);
    assert.ok(fresh.status === "fulfilled" && holds(fresh.value).ok);
    assert.equal(key.status, "fulfilled");
    for (const [i, { answer }] of asked.entries()) {
      const bad = answers[2 * i];
      assert.ok(bad?.status === "rejected" && refusedAs("tpm.command")(bad.reason));
      assert.deepEqual(answers[2 * i + 1], { status: "fulfilled", value: answer });
    }
  });
});

test("tpm2 wants a manufacturer's word; a software TPM is told to call itself one", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  const enclave = enclaveOn(tpm);
  await assert.rejects(openTpm2(...enclave), refusedAs("tpm.manufacturer"));
  const evidence = await using(enclave, (provider) => provider.evidence(REPORT_DATA, MEASUREMENT));
  const { root } = readEndorsement(parseEvidence(evidence).certificates.map(fromBase64));
  const roots = new Map([[root.fingerprint, root.name]]);
  const provider = await openTpm2(...enclave, roots);
  assert.equal(provider.id, "tpm2");
  const fresh = await provider.evidence(REPORT_DATA, MEASUREMENT);
  assert.ok(tpm2With(roots).verify(fresh, { reportData: REPORT_DATA, measurement: MEASUREMENT, at: Date.now() }).ok);
  await provider.close();
});

test("clients that are killed at any moment leave the TPM usable", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  const enclave = enclaveOn(tpm);
  const program = fileURLToPath(new URL("../../../../test/support/tpm-client.ts", import.meta.url));
  for (let kill = 0; kill < 8; kill++) {
    const child = fork(program, [JSON.stringify(enclave), MEASUREMENT], { stdio: "ignore" });
    await once(child, "message");
    await new Promise((resolve) => setTimeout(resolve, kill * 7));
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await using(enclave, async (provider) => {
    assert.ok(holds(await provider.evidence(REPORT_DATA, MEASUREMENT)).ok);
    await provider.sealingKey(MEASUREMENT);
  });
  if (hasTools()) assert.equal(tpm.tool("tpm2_getcap", "handles-transient").trim(), "");
});

test("settings and a device that do not work are refused with what to do", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  const [directory, options = {}] = enclaveOn(tpm);
  const refused = (changed: Record<string, string>, code: string) =>
    assert.rejects(openSwtpm(directory, { ...options, ...changed }), refusedAs(code));
  await refused({ program: "23" }, "tpm.settings");
  await refused({ program: "7" }, "tpm.settings");
  await refused({ boot: "0,13" }, "tpm.settings");
  await refused({ boot: "0;1" }, "tpm.settings");
  await refused({ unknown: "" }, "tpm.settings");
  await refused({ certificates: "/nonexistent" }, "tpm.settings");
  await refused({ device: "/nonexistent" }, "tpm.unreachable");
  await refused({ device: "127.0.0.1:1" }, "tpm.unreachable");
  const provider = await openSwtpm(directory, { ...options, program: "15", boot: "" });
  const { boot, program } = parseEvidence(await provider.evidence(REPORT_DATA, MEASUREMENT));
  assert.deepEqual([boot, program], [{}, 15]);
  await tpm.restart({ hard: true });
  await assert.rejects(provider.evidence(REPORT_DATA, MEASUREMENT), refusedAs("tpm.unreachable"));
});

test("however many ask for evidence at once, what has to be durable waits for few of them", async (t) => {
  const tpm = await tpmFor(t);
  if (!tpm) return;
  await using(enclaveOn(tpm), async (provider) => {
    await provider.sealingKey(MEASUREMENT);
    await provider.register.extend("11".repeat(32));
    let answered = 0;
    const asked = Array.from({ length: 200 }, () =>
      provider.evidence(REPORT_DATA, MEASUREMENT).then(() => {
        answered++;
      }),
    );
    await provider.register.extend("22".repeat(32));
    assert.ok(answered < 20, `${answered} were answered first`);
    await Promise.all(asked);
  });
});
