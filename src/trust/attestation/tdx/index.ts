/** Intel TDX: a virtual machine whose memory its host cannot read, and whose start the processor has measured. */
import { sha384 } from "#crypto";
import { concat, fromHex, toHex } from "../../../base/bytes.ts";
import { demand, judged, parseJson } from "../checks.ts";
import type { AttestationVerifier, Attested, Expected } from "../provider.ts";
import { attestedBy, demandAccepted, demandClosed } from "./policy.ts";
import { INTEL_ROOTS, openTdx, TdxEvidence } from "./verify.ts";

/**
 * What RTMR3 holds when the launcher has extended it once, with the measurement of the program (SHA-384, hexadecimal),
 * before it started the program. A machine that extended it with anything else, or with more, is refused.
 */
export const rtmr3Of = (measurement: string): string => toHex(sha384(concat(new Uint8Array(48), fromHex(measurement))));

/** The whole judgement. @param roots fingerprints: Intel's, except in tests of this function. @throws Doubt and others */
export const attestTdx = (
  evidence: string,
  { reportData, measurement, at }: Expected,
  roots: ReadonlySet<string>,
): Attested => {
  const machine = openTdx(parseJson(TdxEvidence, evidence, "the evidence"), { roots, at });
  demandClosed(machine.report);
  demandAccepted(machine);
  const { report } = machine;
  demand(toHex(report.reportData) === reportData, "the quote is not for these keys, this program and this nonce");
  const extended = toHex(report.rtmr[3]) === rtmr3Of(measurement);
  demand(
    extended,
    "RTMR3 is not that of this program. The image has to extend it once, with the program's measurement",
  );
  return attestedBy(machine);
};

export const tdx: AttestationVerifier = {
  id: "tdx",
  label: { en: "Intel TDX", "zh-CN": "Intel TDX" },
  hardware: true,
  closed: "memory",
  proves: {
    en: "That the keys were made in a virtual machine on a genuine Intel processor with current firmware, closed to its host and to debuggers, and that software in this machine declared this program in RTMR3 before it ran.",
    "zh-CN":
      "密钥在英特尔正品处理器的虚拟机中生成，固件为最新，宿主机和调试器均无法进入；且该虚拟机内的软件在运行前已将此程序写入 RTMR3。",
  },
  doesNotProve: {
    en: "Which image the machine was started from: an image made to lie can declare any program. Compare MRTD and RTMR0 to RTMR2 with those of an image that you have checked. Nor where the machine stands, nor that nobody with the processor in hand attacks its memory bus or its timing.",
    "zh-CN":
      "虚拟机由哪个镜像启动：蓄意造假的镜像可以声明任意程序。请将 MRTD 与 RTMR0 至 RTMR2 与您核验过的镜像比对。也不能证明机器的所在地，或无人接触处理器并攻击其内存总线或利用时序侧信道。",
  },
  identity: ["mrtd", "rtmr0", "rtmr1", "rtmr2"],
  verify: (evidence, expected) => judged(() => attestTdx(evidence, expected, INTEL_ROOTS)),
};
