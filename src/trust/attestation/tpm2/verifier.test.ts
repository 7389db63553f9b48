import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromBase64, toBase64, toHex } from "../../../base/bytes.ts";
import { canonical } from "../../../base/canonical.ts";
import { pemBlocks } from "../../pem.ts";
import { isSignedBy, parseTpmCertificate } from "./certificate.ts";
import type { TpmEvidence } from "./evidence.ts";
import { MANUFACTURER_ROOTS } from "./roots.ts";
import { swtpm, tpm2, tpm2With } from "./verifier.ts";

const vector = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../test/vectors/${name}.json`, import.meta.url), "utf8"));

const { measurement, reportData, at, root, evidence, another } = vector("tpm2-evidence") as {
  measurement: string;
  reportData: string;
  at: number;
  root: string;
  evidence: TpmEvidence;
  another: TpmEvidence;
};
const expected = { measurement, reportData, at };
const verifier = tpm2With(new Map([[root, "an authority of the test's own"]]));

const reasonOf = (changed: object, against = expected): string => {
  const verdict = verifier.verify(canonical(changed), against);
  return verdict.ok ? "" : verdict.reason;
};

test("evidence of a TPM whose manufacturer is trusted holds, and says which machine it is", () => {
  const verdict = verifier.verify(canonical(evidence), expected);
  assert.ok(verdict.ok);
  const { platform = {} } = verdict;
  assert.deepEqual(Object.keys(platform).sort(), [
    "attestationKey",
    "boot",
    "endorsementKey",
    "firmware",
    "resets",
    "root",
    "tpm",
  ]);
  assert.equal(platform.tpm, "id:00001014 swtpm id:20191023");
  assert.equal(platform.root, "an authority of the test's own");
  assert.match(platform.attestationKey ?? "", /^000b[0-9a-f]{64}$/);
});

test("a software TPM is no TPM of a manufacturer, and is called simulated in both languages", () => {
  const verdict = tpm2.verify(canonical(evidence), expected);
  assert.ok(!verdict.ok);
  assert.match(verdict.reason, /swtpm-localca-rootca .* is no root of a TPM manufacturer/);
  assert.ok(swtpm.verify(canonical(evidence), expected).ok);
  assert.ok(swtpm.verify(canonical({ ...evidence, certificates: [] }), expected).ok);
  assert.equal(swtpm.hardware, false);
  assert.match(swtpm.label.en, /simulated/);
  assert.match(swtpm.label["zh-CN"], /模拟/);
  assert.match(swtpm.doesNotProve.en, /simulated/);
  assert.match(swtpm.doesNotProve["zh-CN"], /模拟/);
});

test("other keys, another program, or a time outside the certificates is refused", () => {
  const year = 365 * 86_400_000;
  const other = (length: number) => "0".repeat(length);
  assert.match(reasonOf(evidence, { ...expected, reportData: other(128) }), /not for these keys/);
  assert.match(reasonOf(evidence, { ...expected, measurement: other(96) }), /did not measure the program 0{96}/);
  assert.match(reasonOf(evidence, { ...expected, at: at - 100 * year }), /is valid from/);
  assert.match(reasonOf(evidence, { ...expected, at: Date.UTC(9999, 11, 31) + year }), /ended on/);
});

test("parts of two TPMs do not go together", () => {
  const { certificates, endorsementKey, attestationKey, quote, signature } = another;
  assert.match(reasonOf({ ...evidence, certificates }), /is for another key/);
  assert.match(reasonOf(another), /no root of a TPM manufacturer/);
  const [leaf = ""] = certificates;
  assert.match(reasonOf({ ...evidence, certificates: [leaf, ...evidence.certificates.slice(1)] }), /signature of/);
  assert.match(reasonOf({ ...evidence, endorsementKey }), /is for another key/);
  assert.match(reasonOf({ ...evidence, attestationKey }), /did not sign/);
  assert.match(reasonOf({ ...evidence, quote }), /did not sign/);
  assert.match(reasonOf({ ...evidence, signature }), /did not sign/);
  assert.match(reasonOf({ ...evidence, certificates: [] }), /no endorsement certificate/);
  assert.match(
    reasonOf({ ...evidence, certificates: evidence.certificates.slice(1) }),
    /not one of an endorsement key/,
  );
  assert.match(reasonOf({ ...evidence, certificates: evidence.certificates.slice(0, 1) }), /no root of a TPM/);
});

test("registers that were not quoted, or hold something else, are refused", () => {
  const { boot, bank } = evidence;
  const { "9": dropped, ...fewer } = boot;
  assert.match(reasonOf({ ...evidence, boot: fewer }), /over other registers/);
  assert.match(reasonOf({ ...evidence, boot: { ...boot, "1": dropped } }), /over other registers/);
  assert.match(reasonOf({ ...evidence, program: 14 }), /over other registers/);
  assert.match(reasonOf({ ...evidence, bank: bank === "sha384" ? "sha256" : "sha384" }), /longer or shorter/);
  assert.match(reasonOf({ ...evidence, boot: { ...boot, "9": "ff".repeat(48) } }), /do not hold/);
  assert.match(reasonOf({ ...evidence, boot: { ...boot, "13": dropped } }), /one of the boot/);
  // A register that can be reset proves nothing of what was in it before.
  assert.match(reasonOf({ ...evidence, program: 23 }), /not that of a TPM/);
});

test("another form of the same evidence is refused", () => {
  assert.ok(!verifier.verify(JSON.stringify(evidence, null, 1), expected).ok);
  assert.ok(!verifier.verify("", expected).ok);
  assert.ok(!verifier.verify("[]", expected).ok);
  assert.match(reasonOf({ ...evidence, more: 1 }), /not that of a TPM/);
  for (const name of Object.keys(evidence))
    assert.match(reasonOf({ ...evidence, [name]: undefined }), /not that of a TPM/, name);
});

/** The bytes with one bit turned over: of those that `bits` names, in every `step`th byte. */
function* flips(bytes: Uint8Array, bits: readonly number[], step = 1) {
  for (let i = 0; i < bytes.length; i += step)
    for (const bit of bits) {
      const damaged = bytes.slice();
      damaged[i] = (damaged[i] ?? 0) ^ (1 << bit);
      yield toBase64(damaged);
    }
}
const EVERY_BIT = [0, 1, 2, 3, 4, 5, 6, 7];

for (const part of ["quote", "signature", "attestationKey", "endorsementKey"] as const)
  test(`${part} with any bit turned over is refused`, () => {
    const accepted = [...flips(fromBase64(evidence[part]), EVERY_BIT)].filter(
      (text) => verifier.verify(canonical({ ...evidence, [part]: text }), expected).ok,
    );
    assert.deepEqual(accepted, []);
  });

test("a certificate with a bit turned over is refused", () => {
  const accepted = evidence.certificates.flatMap((certificate, i) =>
    [...flips(fromBase64(certificate), [i], 5)].filter((text) => {
      const certificates = evidence.certificates.with(i, text);
      return verifier.verify(canonical({ ...evidence, certificates }), expected).ok;
    }),
  );
  assert.deepEqual(accepted, []);
});

test("manufacturers' own certificates are read and verified: RSA and P-384, under roots that are pinned", () => {
  const { certificates } = vector("tpm-authorities") as { certificates: Record<string, string> };
  const read = (name: string) => parseTpmCertificate(pemBlocks(certificates[name] ?? "")[0]?.der ?? new Uint8Array());
  for (const [issued, issuer] of [
    ["IFX_ECC_034", "INF_ECC_010RT"],
    ["IFX_RSA_034", "INF_RSA_010RT"],
    ["STM_RSA_05I", "STM_RSA_RT"],
    ["STM_RSA_RT", "GS_TPM_RT"],
    ["NUVO_1111", "NUVO_1111"],
  ] as const) {
    const [below, above] = [read(issued), read(issuer)];
    assert.ok(above.isCa, issuer);
    assert.equal(toHex(below.issuer), toHex(above.subject));
    assert.ok(isSignedBy(below.signed, above.spki), issued);
    assert.ok(!isSignedBy({ ...below.signed, tbs: above.signed.tbs.with(9, 1) }, above.spki), issued);
  }
  for (const name of ["INF_ECC_010RT", "INF_RSA_010RT", "GS_TPM_RT", "NUVO_1111"])
    assert.ok(MANUFACTURER_ROOTS.has(read(name).fingerprint), name);
  assert.equal(MANUFACTURER_ROOTS.has(read("IFX_RSA_034").fingerprint), false);
});
