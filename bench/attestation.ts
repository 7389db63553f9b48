/**
 * Verifying hardware attestation, collateral and all: TDX beside @phala/dcap-qvl, and SEV-SNP, in one process, as
 * a client does it. On real samples where they are there, otherwise on such as are made here.
 */

import type { Collateral } from "@phala/dcap-qvl";
import { attestedBy as snpAttested } from "../src/trust/attestation/sev-snp/policy.ts";
import { AMD_ROOTS, openSnp } from "../src/trust/attestation/sev-snp/verify.ts";
import { attestedBy, demandAccepted, demandClosed } from "../src/trust/attestation/tdx/policy.ts";
import { INTEL_ROOTS, openTdx } from "../src/trust/attestation/tdx/verify.ts";
import { haveSamples, madeSnp, madeTdx, NOW, realSnp, realTdx, realTdxRaw } from "../test/support/samples.ts";
import { median, percentile, report } from "./support.ts";

const RUNS = 200;
const WARM_UP = 20;

const times = (work: () => unknown): number[] => {
  const all: number[] = [];
  for (let run = 0; run < RUNS + WARM_UP; run++) {
    const began = performance.now();
    work();
    if (run >= WARM_UP) all.push(performance.now() - began);
  }
  return all;
};
const first = (work: () => unknown): number => {
  const began = performance.now();
  work();
  return performance.now() - began;
};

const note = haveSamples ? "real samples" : "samples made here, shorter lists";
const bench = "attestation";

const tdx = haveSamples
  ? { evidence: realTdx("tdx_quote"), roots: INTEL_ROOTS, at: Date.parse("2025-06-20") }
  : { ...madeTdx(), at: NOW };
const verifyTdx = () => {
  const machine = openTdx(tdx.evidence, tdx);
  demandClosed(machine.report);
  demandAccepted(machine);
  return attestedBy(machine);
};
const tdxFirst = first(verifyTdx);
const tdxTimes = times(verifyTdx);

/** Verifies the same quote with the same collateral; only there where the samples are. */
const peerTimes = async (): Promise<number[] | undefined> => {
  if (!haveSamples) return undefined;
  const { verify } = await import("@phala/dcap-qvl");
  const { quote, collateral } = realTdxRaw("tdx_quote");
  const parsed = JSON.parse(collateral) as Collateral;
  return times(() => verify(quote, parsed, tdx.at / 1000));
};
const peer = await peerTimes();
const tdxPeer = peer && { peer: { name: "@phala/dcap-qvl", value: median(peer) } };

const snp = haveSamples
  ? { evidence: realSnp(), roots: AMD_ROOTS, at: Date.parse("2024-01-01") }
  : { ...madeSnp(), at: NOW };
const verifySnp = () => snpAttested(openSnp(snp.evidence, snp));
const snpFirst = first(verifySnp);
const snpTimes = times(verifySnp);

report({
  bench,
  metric: "TDX verify, p50",
  value: median(tdxTimes),
  unit: "ms",
  target: 12,
  atMost: true,
  ...tdxPeer,
  note,
});
report({ bench, metric: "TDX verify, p95", value: percentile(tdxTimes, 0.95), unit: "ms", note });
report({ bench, metric: "TDX verify, first of a process", value: tdxFirst, unit: "ms", note });
report({ bench, metric: "TDX evidence", value: JSON.stringify(tdx.evidence).length, unit: "characters", note });
report({ bench, metric: "SEV-SNP verify, p50", value: median(snpTimes), unit: "ms", target: 2, atMost: true, note });
report({ bench, metric: "SEV-SNP verify, p95", value: percentile(snpTimes, 0.95), unit: "ms", note });
report({ bench, metric: "SEV-SNP verify, first of a process", value: snpFirst, unit: "ms", note });
report({ bench, metric: "SEV-SNP evidence", value: JSON.stringify(snp.evidence).length, unit: "characters", note });
