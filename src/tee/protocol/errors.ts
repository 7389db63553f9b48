import { refusals } from "../../base/refusal.ts";

/** Why a call over the channel fails, or the channel ends. */
export const refuse = refusals({
  "channel.closed": {
    status: 503,
    en: "The other program has ended ({reason}). It is started again; send the request once more in a moment.",
    zh: "对端程序已结束（{reason}）。系统会重新启动它，请稍后重试。",
  },
  "channel.malformed": {
    status: 502,
    en: "The other program sent what is not of the protocol: {reason}. Use the same version on both sides.",
    zh: "对端程序发送了不符合协议的数据：{reason}。请确保两端版本一致。",
  },
  "channel.too-large": {
    status: 413,
    en: "A message of {size} bytes is more than the channel takes ({limit}). Ask for less at a time.",
    zh: "消息大小为 {size} 字节，超过通道上限 {limit}。请减少单次请求的内容。",
  },
  "channel.busy": {
    status: 503,
    en: "The other program serves {limit} calls already. Send the request once more in a moment.",
    zh: "对端程序已在处理 {limit} 个调用。请稍后重试。",
  },
  "channel.method": {
    status: 501,
    en: "The other program has no method {method}. Use the same version on both sides.",
    zh: "对端程序没有方法 {method}。请确保两端版本一致。",
  },
});
