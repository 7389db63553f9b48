/** TDX quotes: such as are made here under a root of the test's own, and real ones where they are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha384 } from "#crypto";
import { flipped, haveSamples, type MadeTdx, madeTdx, NOW, realTdx } from "../../../../test/support/samples.ts";
import { concat, fromBase64, fromHex, toBase64, toHex } from "../../../base/bytes.ts";
import { DAY } from "../../../base/clock.ts";
import { makerCertificates } from "../certificates.ts";
import { judged } from "../checks.ts";
import { demandNotRevoked, parseMakerCrl } from "../revocations.ts";
import { verifyAttestation } from "../verify.ts";
import { attestTdx, rtmr3Of, tdx } from "./index.ts";
import { attestedBy, demandAccepted, demandClosed } from "./policy.ts";
import { parseQuote } from "./quote.ts";
import { INTEL_ROOTS, openTdx, type TdxEvidence } from "./verify.ts";

const measurement = "3c".repeat(48);
const reportData = "9e".repeat(64);
const expected = { reportData, measurement, at: NOW };
const bound = { reportData, rtmr3: rtmr3Of(measurement) };

const judge = (like: MadeTdx, over: Partial<typeof expected> = {}) => {
  const { evidence, roots } = madeTdx({ ...bound, ...like });
  return judged(() => attestTdx(JSON.stringify(evidence), { ...expected, ...over }, roots));
};
const refused = (like: MadeTdx, reason: RegExp, over: Partial<typeof expected> = {}) => {
  const verdict = judge(like, over);
  assert.equal(verdict.ok, false, `accepted, but expected ${reason}`);
  assert.match(verdict.reason, reason);
};

for (const version of [4, 5] as const)
  test(`a quote of version ${version} for these keys and this program holds, and says what the machine is`, () => {
    const verdict = judge({ version });
    assert.ok(verdict.ok, JSON.stringify(verdict));
    assert.equal(verdict.status, "UpToDate");
    assert.equal(verdict.collateralUntil, NOW + 20 * DAY);
    assert.equal(verdict.platform?.mrtd, "7d".repeat(48));
    assert.equal(verdict.platform?.rtmr2, "a2".repeat(48));
    assert.equal(verdict.platform?.ppid, "11".repeat(16));
  });

test("another key, nonce or program is refused", () => {
  refused({}, /not for these keys/, { reportData: "9f".repeat(64) });
  refused({}, /RTMR3/, { measurement: "3d".repeat(48) });
  refused({ rtmr3: "00".repeat(48) }, /RTMR3/);
  const twice = toHex(sha384(concat(fromHex(bound.rtmr3), fromHex(measurement))));
  refused({ rtmr3: twice }, /RTMR3/);
});

test("firmware that is not up to date is refused by its status and advisories, in whichever part", () => {
  const good = "UpToDate";
  const advisories = ["INTEL-SA-00615", "INTEL-SA-00837"];
  refused(
    { statuses: ["SWHardeningNeeded", good, good], advisories },
    /processor is SWHardeningNeeded \(INTEL-SA-00615, INTEL-SA-00837\)/,
  );
  refused({ statuses: [good, "OutOfDate", good], advisories }, /TDX module is OutOfDate \(INTEL-SA-00615/);
  refused({ statuses: [good, good, "ConfigurationNeeded"] }, /quoting enclave is ConfigurationNeeded/);
  refused({ statuses: ["Revoked", good, good] }, /processor is Revoked/);
});

test("versions decide the level", () => {
  refused({ teeTcbSvn: `0301${"02".repeat(14)}` }, /processor is OutOfDate \(INTEL-SA-00001\)/);
  refused({ teeTcbSvn: `0301${"01".repeat(14)}` }, /below every level/);
  refused({ teeTcbSvn: `0201${"03".repeat(14)}` }, /TDX module TDX_01 is of version 2/);
  refused({ teeTcbSvn: `0304${"03".repeat(14)}` }, /no TDX module TDX_04/);
  refused({ fmspc: "00906ed50001" }, /for processors 00906ed50001, not 00906ed50000/);
});

test("revoked certificates are refused, whichever of them", () => {
  refused({ revoked: "pck" }, /Test SGX PCK Certificate \(04\) is revoked/);
  refused({ revoked: "ca" }, /Test SGX PCK Platform CA \(02\) is revoked/);
  refused({ revoked: "signer" }, /Intel SGX TCB Signing \(03\) is revoked/);
});

test("collateral counts between its dates, at the time that is asked about", () => {
  refused({}, /was to be renewed by/, { at: NOW + 21 * DAY });
  refused({}, /later than/, { at: NOW - 11 * DAY });
  refused({}, /valid from/, { at: NOW + 901 * DAY });
  assert.ok(judge({ nextUpdate: NOW + 400 * DAY }, { at: NOW + 19 * DAY }).ok);
  refused({ nextUpdate: NOW - DAY }, /revocation list of Test SGX PCK|TCB info was to be renewed/);
});

test("a machine that lets somebody in is refused", () => {
  refused({ tdAttributes: "0100001000000000" }, /DEBUG/);
  refused({ tdAttributes: "0000000000000000" }, /SEPT_VE_DISABLE/);
  refused({ tdAttributes: "0000003000000000" }, /migrated/);
  refused({ tdAttributes: "0000011000000000" }, /bit 16/);
  refused({ qeAttributes: `17${"00".repeat(15)}` }, /debuggers|attributes/);
});

test("only Intel's root counts, and only Intel's signer may judge", () => {
  const { evidence } = madeTdx(bound);
  const verdict = tdx.verify(JSON.stringify(evidence), expected);
  assert.ok(!verdict.ok && /root that is not the maker's/.test(verdict.reason));
  refused({ signer: "pck" }, /not issued by|may not sign/);
});

test("the registry takes nothing that these tests make", () => {
  const claims = { signingKey: "", encryptionKey: "", measurement, ledger: "", isolation: "quickjs", nonce: "" };
  const evidence = JSON.stringify(madeTdx(bound).evidence);
  const verdict = verifyAttestation({ provider: "tdx", evidence }, claims, NOW);
  assert.ok(!verdict.ok && /ends in a root/.test(verdict.reason));
});

test("whatever is not evidence is refused, not thrown", () => {
  const { evidence } = madeTdx(bound);
  const broken = [
    "",
    "{}",
    JSON.stringify({ ...evidence, quote: "" }),
    JSON.stringify({ ...evidence, quote: "AAAA" }),
    JSON.stringify({ ...evidence, quote: "not base64" }),
    JSON.stringify({ ...evidence, more: 1 }),
    JSON.stringify({ ...evidence, collateral: { ...evidence.collateral, pckCrl: "MAA=" } }),
    JSON.stringify({ ...evidence, collateral: { ...evidence.collateral, tcbInfo: "{}" } }),
    JSON.stringify({ ...evidence, collateral: { ...evidence.collateral, signer: "MAA=" } }),
  ];
  for (const text of broken) assert.equal(tdx.verify(text, expected).ok, false);
});

/** Every part of the evidence with a flipped bit. */
const everyFlip = (evidence: TdxEvidence, holds: (damaged: TdxEvidence) => boolean, step: number) => {
  const accepted: string[] = [];
  for (const { at, damaged } of flipped(evidence.quote, step))
    if (holds({ ...evidence, quote: damaged })) accepted.push(`quote ${at}`);
  for (const name of ["signer", "rootCrl", "pckCrl"] as const)
    for (const { at, damaged } of flipped(evidence.collateral[name], step))
      if (holds({ ...evidence, collateral: { ...evidence.collateral, [name]: damaged } }))
        accepted.push(`${name} ${at}`);
  for (const name of ["tcbInfo", "qeIdentity"] as const) {
    const text = toBase64(Buffer.from(evidence.collateral[name]));
    for (const { at, damaged } of flipped(text, step)) {
      const changed = Buffer.from(damaged, "base64").toString();
      if (holds({ ...evidence, collateral: { ...evidence.collateral, [name]: changed } }))
        accepted.push(`${name} ${at}`);
    }
  }
  return accepted;
};

test("a flipped bit anywhere is refused", () => {
  const { evidence, roots } = madeTdx(bound);
  const holds = (damaged: TdxEvidence) => judged(() => attestTdx(JSON.stringify(damaged), expected, roots)).ok;
  assert.ok(holds(evidence));
  assert.deepEqual(everyFlip(evidence, holds, 5), []);
});

if (haveSamples) {
  const at = Date.parse("2025-06-20T00:00:00Z");
  const open = (evidence: TdxEvidence, when = at) =>
    judged(() => attestedBy(openTdx(evidence, { roots: INTEL_ROOTS, at: when })));

  test("a real quote holds under Intel's root, is up to date and closed", () => {
    const machine = openTdx(realTdx("tdx_quote"), { roots: INTEL_ROOTS, at });
    demandClosed(machine.report);
    demandAccepted(machine);
    const { platform, status, collateralUntil } = attestedBy(machine);
    assert.equal(status, "UpToDate");
    assert.equal(collateralUntil, Date.parse("2025-07-19T10:00:35Z"));
    assert.equal(platform?.fmspc, "b0c06f000000");
    assert.match(platform?.mrtd ?? "", /^91eb2b44d141d4ece09f0c75c2c53d24/);
  });

  test("a real quote is refused for other keys, and for a program that its RTMR3 does not name", () => {
    const evidence = realTdx("tdx_quote");
    const own = toHex(parseQuote(fromBase64(evidence.quote)).report.reportData);
    const reasonOf = (data: string) => {
      const verdict = tdx.verify(JSON.stringify(evidence), { reportData: data, measurement, at });
      return verdict.ok ? "" : verdict.reason;
    };
    assert.match(reasonOf(reportData), /not for these keys/);
    assert.match(reasonOf(own), /RTMR3/);
  });

  test("a real quote of outdated firmware is refused", () => {
    const verdict = open(realTdx("tdx_quote_outdated"), Date.parse("2026-03-01T00:00:00Z"));
    assert.ok(!verdict.ok && /below every level/.test(verdict.reason), JSON.stringify(verdict));
  });

  test("real collateral is refused after its time and before it", () => {
    const evidence = realTdx("tdx_quote");
    for (const when of ["2025-07-20", "2025-06-18"]) assert.equal(open(evidence, Date.parse(when)).ok, false, when);
  });

  test("a certificate that Intel's real list names is revoked", () => {
    const { quote, collateral } = realTdx("tdx_quote");
    const [pck, ca] = makerCertificates(parseQuote(fromBase64(quote)).certificates);
    const list = parseMakerCrl(fromBase64(collateral.pckCrl));
    const [serial] = list.revoked;
    assert.ok(pck && ca && serial);
    demandNotRevoked(list, ca, [pck], at);
    assert.throws(() => demandNotRevoked(list, ca, [{ ...pck, serial }], at), /is revoked/);
  });

  test("a real quote is refused under another root, and with another processor's collateral", () => {
    const evidence = realTdx("tdx_quote");
    assert.throws(() => openTdx(evidence, { roots: madeTdx().roots, at }), /root that is not/);
    const { collateral } = realTdx("tdx_quote_outdated");
    const foreign = { quote: evidence.quote, collateral };
    const verdict = open(foreign, Date.parse("2026-03-01T00:00:00Z"));
    assert.ok(
      !verdict.ok && /for processors 90c06f000000, not b0c06f000000/.test(verdict.reason),
      JSON.stringify(verdict),
    );
  });

  test("a flipped bit anywhere in a real quote and its collateral is refused", () => {
    const evidence = realTdx("tdx_quote");
    assert.deepEqual(
      everyFlip(evidence, (damaged) => open(damaged).ok, 13),
      [],
    );
  });
}
