import { refusals } from "../../base/refusal.ts";

/** Why the machine cannot vouch for the enclave. */
export const refuse = refusals({
  "attestation.machine": {
    status: 503,
    en: "This machine has no {provider} to ask for a quote at {directory}: {found}. Start it as such a guest with Linux 6.7 or later and configfs mounted, or choose another attestation provider.",
    zh: "本机在 {directory} 处没有可出具证明的 {provider}：{found}。请以该类虚拟机启动（Linux 6.7 及以上并挂载 configfs），或选择其他远程证明方式。",
  },
  "attestation.quote": {
    status: 503,
    en: "The kernel gave no quote over what was asked: {reason}. Try again; if it stays so, look into the kernel's log.",
    zh: "内核未对所请求的内容出具证明：{reason}。请重试；若仍失败，请查看内核日志。",
  },
  "attestation.collateral": {
    status: 503,
    en: "{file} is missing or unreadable ({reason}): without the maker's statements a quote proves nothing. Fetch {source} and put it there.",
    zh: "{file} 缺失或无法读取（{reason}）：缺少厂商材料，证明不成立。请获取 {source} 并放置于该处。",
  },
  "attestation.memory": {
    status: 503,
    en: "{directory} does not keep secrets within this machine's memory: {reason}. Mount it as ramfs, or as tmpfs with swap switched off.",
    zh: "{directory} 无法保证密钥只留在本机内存中：{reason}。请将其挂载为 ramfs，或在关闭交换分区后挂载为 tmpfs。",
  },
  "attestation.key-lost": {
    status: 409,
    en: "The machine was restarted, and the key of the sealed state in {directory} went with its memory. Move that directory away and start again: it will be a new enclave, to which members seal anew.",
    zh: "机器已重启，{directory} 中密封状态的密钥已随内存丢失。请移走该目录后重新启动：将生成新的可信执行环境，成员须重新加密。",
  },
});
