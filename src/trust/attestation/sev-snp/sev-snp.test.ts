/** SEV-SNP reports: such as are made here under a root of the test's own, and a real one where it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flipped, haveSamples, type MadeSnp, madeSnp, NOW, realSnp } from "../../../../test/support/samples.ts";
import { toHex } from "../../../base/bytes.ts";
import { DAY } from "../../../base/clock.ts";
import { Doubt, judged } from "../checks.ts";
import { verifyAttestation } from "../verify.ts";
import { attestSnp, hostDataOf, sevSnp } from "./index.ts";
import { attestedBy, demandGuest, SNP_POLICY } from "./policy.ts";
import { AMD_ROOTS, openSnp, type SnpEvidence } from "./verify.ts";

const measurement = "3c".repeat(48);
const reportData = "9e".repeat(64);
const expected = { reportData, measurement, at: NOW };
const bound = { reportData, hostData: hostDataOf(measurement) };

const judge = (like: MadeSnp, over: Partial<typeof expected> = {}) => {
  const { evidence, roots } = madeSnp({ ...bound, ...like });
  return judged(() => attestSnp(JSON.stringify(evidence), { ...expected, ...over }, roots));
};
const refused = (like: MadeSnp, reason: RegExp, over: Partial<typeof expected> = {}) => {
  const verdict = judge(like, over);
  assert.equal(verdict.ok, false, `accepted, but expected ${reason}`);
  assert.match(verdict.reason, reason);
};

test("a report for these keys and this program holds, and says what the guest is", () => {
  const verdict = judge({});
  assert.ok(verdict.ok, JSON.stringify(verdict));
  assert.equal(verdict.platform?.product, "Milan");
  assert.equal(verdict.platform?.measurement, "6e".repeat(48));
  assert.equal(verdict.platform?.chipId, "c4".repeat(64));
  assert.equal(verdict.platform?.reportedTcb, "bootLoader 4, tee 0, snp 24, microcode 219");
  assert.equal(verdict.collateralUntil, NOW + 20 * DAY);
});

test("another key, nonce or program is refused", () => {
  refused({}, /not for these keys/, { reportData: "9f".repeat(64) });
  refused({}, /HOST_DATA/, { measurement: "3d".repeat(48) });
  refused({ hostData: "00".repeat(32) }, /HOST_DATA/);
});

test("a guest that lets somebody in is refused", () => {
  refused({ policy: 0xb0000 }, /DEBUG/);
  refused({ policy: 0x70000 }, /MIGRATE_MA/);
  refused({ policy: 0x10000 }, /malformed/);
  refused({ vmpl: 1 }, /privilege level 1/);
});

test("firmware below the lowest is refused by name, now and at the guest's start", () => {
  refused({ tcb: [4, 0, 24, 218] }, /microcode is 218 now, 219 is the lowest/);
  refused({ tcb: [4, 0, 5, 219] }, /snp is 5 now/);
  refused({ launchTcb: [3, 0, 24, 219] }, /bootLoader is 3 at the guest's start/);
  assert.ok(judge({ tcb: [5, 0, 30, 220] }).ok);
});

test("the key has to be that of the chip and the firmware that the report names", () => {
  refused({ keyTcb: [4, 0, 24, 218] }, /for microcode 218, the report says 219/);
  refused({ chipId: "c5".repeat(64) }, /another chip/);
  refused({ keys: 0b10 }, /masked/);
  refused({ keys: 0b100 }, /not signed with the chip's own key/);
});

test("a revoked key is refused, and so is evidence that leaves the list out", () => {
  refused({ revoked: true }, /SEV-Test \(010001\) is revoked by ARK-Test/);
  refused({ withoutCrl: true }, /no list of revoked keys/);
});

test("certificates and list count between their dates", () => {
  refused({}, /was to be renewed by/, { at: NOW + 21 * DAY });
  refused({}, /later than/, { at: NOW - 11 * DAY });
  refused({}, /valid from/, { at: NOW + 901 * DAY });
});

test("only AMD's root counts", () => {
  const evidence = JSON.stringify(madeSnp(bound).evidence);
  const verdict = sevSnp.verify(evidence, expected);
  assert.ok(!verdict.ok && /root that is not the maker's/.test(verdict.reason));
  const claims = { signingKey: "", encryptionKey: "", measurement, ledger: "", isolation: "quickjs", nonce: "" };
  assert.ok(!verifyAttestation({ provider: "sev-snp", evidence }, claims, NOW).ok);
});

test("whatever is not evidence is refused, not thrown", () => {
  const { evidence } = madeSnp(bound);
  const parts = [
    { report: "AAAA" },
    { vcek: "MAA=" },
    { ask: evidence.ark },
    { ark: evidence.ask },
    { crl: "MAA=" },
    { more: "" },
  ];
  for (const part of parts) assert.equal(sevSnp.verify(JSON.stringify({ ...evidence, ...part }), expected).ok, false);
  for (const text of ["", "[]", "{}"]) assert.equal(sevSnp.verify(text, expected).ok, false);
});

/** Every part of the evidence with a flipped bit. */
const everyFlip = (evidence: SnpEvidence, holds: (damaged: SnpEvidence) => boolean, step: number): string[] => {
  const accepted: string[] = [];
  for (const [part, encoded] of Object.entries(evidence))
    for (const { at, damaged } of flipped(encoded, step))
      if (holds({ ...evidence, [part]: damaged })) accepted.push(`${part} ${at}`);
  return accepted;
};

test("a flipped bit anywhere is refused", () => {
  const { evidence, roots } = madeSnp(bound);
  const holds = (damaged: SnpEvidence) => judged(() => attestSnp(JSON.stringify(damaged), expected, roots)).ok;
  assert.ok(holds(evidence));
  assert.deepEqual(everyFlip(evidence, holds, 3), []);
});

if (haveSamples) {
  const at = Date.parse("2024-01-01T00:00:00Z");
  const open = (evidence: SnpEvidence) => openSnp(evidence, { roots: AMD_ROOTS, at });

  test("a real report of a Milan processor holds under AMD's root", () => {
    const { platform, collateralUntil } = attestedBy(open(realSnp()));
    assert.match(platform?.measurement ?? "", /^b07af9620f3b839b47996422ddec6058/);
    assert.match(platform?.chipId ?? "", /^3ac3fe21e13fb0990eb28a802e3fb6a2/);
    assert.equal(platform?.reportedTcb, "bootLoader 2, tee 0, snp 5, microcode 68");
    assert.equal(collateralUntil, Date.parse("2029-09-24T00:55:28Z"));
  });

  test("the real report is refused: open to debuggers, old firmware, no list, other keys", () => {
    const guest = open(realSnp());
    assert.throws(() => demandGuest(guest), /DEBUG/);
    const lenient = { ...SNP_POLICY, debug: true, withoutCrl: true };
    assert.throws(() => demandGuest(guest, { ...lenient, withoutCrl: false }), /no list/);
    assert.throws(() => demandGuest(guest, lenient), /bootLoader is 2 now/);
    demandGuest(guest, { ...lenient, minimum: { Milan: guest.report.reportedTcb } });
    const own = toHex(guest.report.reportData);
    assert.equal(sevSnp.verify(JSON.stringify(realSnp()), { reportData: own, measurement, at }).ok, false);
  });

  test("the real report is refused under another root, with another's chain, and out of its time", () => {
    const { evidence, roots } = madeSnp();
    assert.throws(() => openSnp(realSnp(), { roots, at }), /root that is not/);
    assert.throws(() => open({ ...realSnp(), vcek: evidence.vcek }), Doubt);
    assert.throws(() => openSnp(realSnp(), { roots: AMD_ROOTS, at: Date.parse("2029-10-01") }), /valid from/);
  });

  test("a flipped bit anywhere in the real report and its chain is refused", () => {
    const holds = (damaged: SnpEvidence) => judged(() => attestedBy(open(damaged))).ok;
    assert.ok(holds(realSnp()));
    assert.deepEqual(everyFlip(realSnp(), holds, 7), []);
  });
}
