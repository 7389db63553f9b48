/** Attestation for machines without a trusted execution environment. It proves nothing, and says so. */
import { canonical } from "../../base/canonical.ts";
import type { AttestationVerifier } from "./provider.ts";

/** The evidence: what real evidence would carry, signed by nobody. */
export const simulatedEvidence = (claim: { reportData: string; measurement: string }): string =>
  canonical({ simulated: true, ...claim });

export const simulated: AttestationVerifier = {
  id: "simulated",
  label: { en: "simulated (no hardware)", "zh-CN": "模拟（无硬件保护）" },
  hardware: false,
  closed: "nothing",
  proves: {
    en: "That the same keys and program are named everywhere.",
    "zh-CN": "各处声明的密钥与程序一致。",
  },
  doesNotProve: {
    en: "That the program runs in protected hardware: whoever runs the machine can read its memory and forge this evidence.",
    "zh-CN": "程序运行在受保护的硬件中：机器的运营者可以读取其内存，也可以伪造该证明。",
  },
  identity: [],
  verify: (evidence, { reportData, measurement }) =>
    evidence === simulatedEvidence({ reportData, measurement })
      ? { ok: true }
      : { ok: false, reason: "the simulated evidence is not for these keys, this measurement and this nonce" },
};
