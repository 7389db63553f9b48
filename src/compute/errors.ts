import { refusals } from "../base/refusal.ts";

export const refuse = refusals({
  "enclave.unavailable": {
    status: 503,
    en: "The enclave is not running: {reason}. It is being started again; try once more in a moment.",
    zh: "可信执行环境未运行：{reason}。系统正在重新启动，请稍后重试。",
  },
  "enclave.former": {
    status: 409,
    en: "The former enclave {enclave} cannot be started: {components} is no longer what it was measured with. Put that back; until then nothing is handed over from it.",
    zh: "无法启动原可信执行环境 {enclave}：{components} 已与度量时不同。请恢复原状，在此之前无法从中移交任何内容。",
  },
  "enclave.former-unknown": {
    status: 409,
    en: "The program of the former enclave {enclave} is not kept here. Start that enclave beside this one (`enclaveRemotes`), or have members seal again.",
    zh: "此处未保存原可信执行环境 {enclave} 的程序。请将该环境作为远程环境同时运行（`enclaveRemotes`），或请成员重新加密。",
  },
});
