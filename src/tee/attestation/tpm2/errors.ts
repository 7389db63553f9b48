import { refusals } from "../../../base/refusal.ts";

/** Why the TPM cannot serve the enclave. */
export const refuse = refusals({
  "tpm.unreachable": {
    status: 503,
    en: "The TPM at {device} cannot be reached: {reason}. Check the device, that this user may open it (group tss), and that nobody else is using it.",
    zh: "无法访问位于 {device} 的 TPM：{reason}。请检查设备设置，确认当前用户有权访问（tss 用户组）且未被其他程序占用。",
  },
  "tpm.settings": {
    status: 400,
    en: "The settings of the TPM are not of their form: {reason}. Correct them: device, program (8 to 15), boot (numbers with commas), certificates (a file).",
    zh: "TPM 设置格式不正确：{reason}。请更正：device、program（8 至 15）、boot（以逗号分隔的编号）、certificates（文件）。",
  },
  "tpm.command": {
    status: 502,
    en: "The TPM refused {command} with code {code}. Look the code up with tpm2_rc_decode; owner and endorsement authorisation have to be empty.",
    zh: "TPM 拒绝了 {command}，错误码 {code}。请用 tpm2_rc_decode 查询；所有者与背书层级的授权值须为空。",
  },
  "tpm.answer": {
    status: 502,
    en: "The TPM's answer to {command} is not one of a TPM: {reason}. Check what the enclave is connected to; nothing is used of it.",
    zh: "TPM 对 {command} 的应答无效：{reason}。请检查所连接的设备，该应答不会被使用。",
  },
  "tpm.register": {
    status: 409,
    en: "Register {register} of the TPM was used for something else since the machine started. Restart the machine, or set another register (program) and found a new enclave.",
    zh: "自机器启动以来，TPM 的寄存器 {register} 已被用于其他内容。请重启机器，或设置其他寄存器（program）并新建可信执行环境。",
  },
  "tpm.banks": {
    status: 503,
    en: "The TPM keeps no registers with SHA-384 or SHA-256. Activate one of these banks in the firmware's settings.",
    zh: "TPM 未启用 SHA-384 或 SHA-256 寄存器组。请在固件设置中启用其中之一。",
  },
  "tpm.boot": {
    status: 409,
    en: "The registers of the boot changed while the enclave was running. Start the enclave after the machine has finished starting.",
    zh: "可信执行环境运行期间启动寄存器发生了变化。请在机器启动完成后再启动可信执行环境。",
  },
  "tpm.index": {
    status: 409,
    en: "The TPM's index {index} is not the one that this enclave made: it was replaced, or the machine now starts another program, firmware or boot loader. Start what was started before, or found a new enclave in an empty directory and seal again.",
    zh: "TPM 索引 {index} 不是该环境创建的索引：已被替换，或机器现在启动的是其他程序、固件或引导程序。请恢复原先启动的版本，或在空目录中新建可信执行环境并重新加密。",
  },
  "tpm.space": {
    status: 503,
    en: "The TPM has no room for another index. Remove those of enclaves that are gone (tpm2_nvundefine), then start again.",
    zh: "TPM 没有空间容纳新的索引。请删除已停用环境的索引（tpm2_nvundefine）后重新启动。",
  },
  "tpm.manufacturer": {
    status: 409,
    en: "This TPM is not vouched for as tpm2 needs it: {reason}. Name a file with the missing certificates (certificates); a software TPM is started with attestation swtpm.",
    zh: "该 TPM 不满足 tpm2 的证书要求：{reason}。请通过 certificates 设置提供缺少的证书文件；软件 TPM 请使用 swtpm 方式启动。",
  },
});
