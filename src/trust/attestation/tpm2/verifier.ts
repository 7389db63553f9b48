/** The two verifiers for TPM 2.0 evidence: one believes manufacturers only, the other anybody, and says so. */
import { randomBytes } from "#crypto";
import { fromBase64, toBase64 } from "../../../base/bytes.ts";
import { canonical } from "../../../base/canonical.ts";
import { demand, judged } from "../checks.ts";
import type { AttestationVerifier, Expected, Verdict } from "../provider.ts";
import { makeCredential } from "./credential.ts";
import { demandValid, isOf, readEndorsement } from "./endorsement.ts";
import { judgeQuote, parseEvidence, type TpmEvidence } from "./evidence.ts";
import { MANUFACTURER_ROOTS } from "./roots.ts";
import { nameOf } from "./structures.ts";
import { endorsementKey } from "./templates.ts";

/** Fingerprints (SHA-256, hex) of root certificates, with the names they are known by. */
type Roots = ReadonlyMap<string, string>;

/**
 * Judges evidence of a TPM.
 * @param roots that the endorsement chain must end in; where none are given, any chain will do, or none
 */
export const verifyTpm = (text: string, expected: Expected, roots?: Roots): Verdict =>
  judged(() => {
    const evidence = parseEvidence(text);
    const platform = judgeQuote(evidence, expected);
    return { platform: { ...platform, ...judgeEndorsement(evidence, expected.at, roots) } };
  });

const judgeEndorsement = (evidence: TpmEvidence, at: number, roots?: Roots): Record<string, string> => {
  if (evidence.certificates.length === 0 && !roots) return {};
  const endorsement = readEndorsement(evidence.certificates.map(fromBase64));
  demandValid(endorsement, at);
  demand(
    isOf(endorsement, endorsementKey(fromBase64(evidence.endorsementKey))),
    "the endorsement certificate is for another key",
  );
  const { fingerprint, name } = endorsement.root;
  demand(
    !roots || roots.has(fingerprint),
    `the endorsement chain ends in ${name || "a certificate"} (${fingerprint}), which is no root of a TPM manufacturer known here. A software TPM is attested as swtpm`,
  );
  return { tpm: endorsement.tpm, root: roots?.get(fingerprint) ?? name };
};

/** What an asker sends to the enclave, and the answer that only the right TPM can give. */
export interface Challenge {
  readonly challenge: string;
  readonly answer: string;
}

/**
 * Asks whether the two keys of this evidence live in one TPM: whoever answers holds both. To be made for evidence
 * that was verified; worth as much as the endorsement chain.
 * @throws Doubt, SyntaxError when the evidence is malformed
 */
export const challengeTpm = (text: string): Challenge => {
  const evidence = parseEvidence(text);
  const credential = randomBytes(32);
  const name = nameOf(fromBase64(evidence.attestationKey));
  const { blob, secret } = makeCredential(fromBase64(evidence.endorsementKey), name, credential);
  return { challenge: canonical({ blob: toBase64(blob), secret: toBase64(secret) }), answer: toBase64(credential) };
};

/** Takes roots from the caller: a cloud's own, or those of a manufacturer that is not listed here. */
export const tpm2With = (roots: Roots): AttestationVerifier => ({
  id: "tpm2",
  label: { en: "TPM 2.0", "zh-CN": "TPM 2.0" },
  hardware: true,
  closed: "program",
  proves: {
    en: "That a key signed these keys and the program register, together with the registers of the boot, as a TPM signs quotes; that the program was measured into that register once; and that the endorsement key named beside it is in a TPM of a known manufacturer. A member that has challenged the machine (credential activation) knows that both keys live in that TPM.",
    "zh-CN":
      "某个密钥按 TPM 报价的格式对所声明的密钥、程序寄存器及启动寄存器进行了签名；该程序仅被度量一次；所附背书密钥位于已知厂商的 TPM 中。成员完成凭据激活质询后，即可确认两个密钥同在该 TPM 内。",
  },
  doesNotProve: {
    en: "That the signing key lives in that TPM: without a challenge, or a pin of platform.attestationKey after one, a machine's owner can make both up from any TPM's certificate. That whoever measured the program runs it, and it alone: that follows from the boot only where members pin platform.boot of a system that starts nothing else. A TPM doesn't encrypt memory: whoever is administrator of the machine, or holds it open in hand, can read what the program reads. Withdrawn endorsement certificates are not noticed.",
    "zh-CN":
      "无法证明签名密钥位于该 TPM 内：未经质询（或质询后未固定 platform.attestationKey），机器所有者可借用任意 TPM 的证书伪造。无法证明度量程序者即运行该程序且仅运行该程序：只有成员固定了不启动其他程序的系统的 platform.boot 时才成立。TPM 不加密内存：机器管理员或能物理接触机器的人可以读取程序读到的数据。不检查背书证书是否已被吊销。",
  },
  verify: (evidence, expected) => verifyTpm(evidence, expected, roots),
  identity: ["boot", "endorsementKey", "attestationKey"],
  challenge: challengeTpm,
});

export const tpm2: AttestationVerifier = tpm2With(MANUFACTURER_ROOTS);

export const swtpm: AttestationVerifier = {
  id: "swtpm",
  label: { en: "software TPM (simulated)", "zh-CN": "软件 TPM（模拟，无硬件保护）" },
  hardware: false,
  closed: "nothing",
  proves: {
    en: "That a TPM, perhaps a program that plays one, holds these keys and had this program measured once.",
    "zh-CN": "某个 TPM（可能只是模拟程序）持有这些密钥，且该程序仅被度量一次。",
  },
  doesNotProve: {
    en: "That there is a TPM: simulated. Whoever runs the machine can read its memory, copy or rewind the software TPM and forge this evidence.",
    "zh-CN": "不证明存在真实的 TPM（模拟）：机器的运营者可以读取其内存，复制或回退软件 TPM，也可以伪造该证明。",
  },
  verify: (evidence, expected) => verifyTpm(evidence, expected),
  identity: ["boot", "endorsementKey", "attestationKey"],
  challenge: challengeTpm,
};
