/** AMD SEV-SNP: a virtual machine whose memory its host can neither read nor replace, and whose start the chip has measured. */
import { sha256 } from "#crypto";
import { fromHex, toHex } from "../../../base/bytes.ts";
import { demand, judged, parseJson } from "../checks.ts";
import type { AttestationVerifier, Attested, Expected } from "../provider.ts";
import { attestedBy, demandGuest } from "./policy.ts";
import { AMD_ROOTS, openSnp, SnpEvidence } from "./verify.ts";

/**
 * What HOST_DATA (hexadecimal) has to be: SEV-SNP has no register that software could extend, and the launch
 * measurement is over firmware and image, not over the program. So the host names the program when it starts the
 * guest, the chip writes it into every report, and the image starts no program but the one that is named there.
 * @param measurement SHA-384 (hex) of the program
 */
export const hostDataOf = (measurement: string): string => toHex(sha256(fromHex(measurement)));

/** The whole judgement. @param roots as `openSnp`: AMD's, except in tests of this function. @throws Doubt and others */
export const attestSnp = (
  evidence: string,
  { reportData, measurement, at }: Expected,
  roots: ReadonlyMap<string, string>,
): Attested => {
  const guest = openSnp(parseJson(SnpEvidence, evidence, "the evidence"), { roots, at });
  demandGuest(guest);
  const { report } = guest;
  demand(toHex(report.reportData) === reportData, "the report is not for these keys, this program and this nonce");
  const named = toHex(report.hostData) === hostDataOf(measurement);
  demand(
    named,
    "HOST_DATA is not that of this program. The guest has to be started with the SHA-256 of its measurement",
  );
  return attestedBy(guest);
};

export const sevSnp: AttestationVerifier = {
  id: "sev-snp",
  label: { en: "AMD SEV-SNP", "zh-CN": "AMD SEV-SNP" },
  hardware: true,
  closed: "memory",
  proves: {
    en: "That the keys were made in a virtual machine on a genuine AMD processor with firmware no older than the lowest that is taken, closed to its host and to debuggers, and that this machine was started for this program (HOST_DATA).",
    "zh-CN":
      "密钥在 AMD 正品处理器的虚拟机中生成，固件不低于可接受的最低版本，宿主机和调试器均无法进入；且该虚拟机启动时即指定用于此程序（HOST_DATA）。",
  },
  doesNotProve: {
    en: "Which image the machine was started from: HOST_DATA is the host's word, and only an image that holds to it makes it true. Compare the launch measurement with that of an image that you have checked. Nor where the machine stands. Researchers have published how the owner of a Milan processor can extract its key and forge reports (2026, BadFuse); no firmware version shows whether that was done.",
    "zh-CN":
      "虚拟机由哪个镜像启动：HOST_DATA 由宿主机填写，只有遵守它的镜像才使其成立。请将启动度量值与您核验过的镜像比对。也不能证明机器的所在地。研究者已公布 Milan 处理器的持有者可提取芯片密钥并伪造报告的方法（2026 年，BadFuse），固件版本无法表明是否发生过。",
  },
  identity: ["product", "measurement"],
  verify: (evidence, expected) => judged(() => attestSnp(evidence, expected, AMD_ROOTS)),
};
