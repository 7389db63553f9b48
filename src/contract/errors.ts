import { refusals } from "../base/refusal.ts";

/** Refusals of signed requests (RFC 9421), on both sides. */
export const refuse = refusals({
  "signature.malformed": {
    status: 401,
    en: "The request's signature is not understood: {reason}. Sign it as RFC 9421 says, or use the SDK.",
    zh: "无法识别请求签名：{reason}。请按 RFC 9421 签名，或使用 SDK。",
  },
  "signature.components": {
    status: 401,
    en: "The signature must cover {missing}. Add it to the covered components and sign again.",
    zh: "签名必须覆盖 {missing}。请将其加入签名范围后重新签名。",
  },
  "signature.clock": {
    status: 401,
    en: "The request was signed at {created}; the server's clock says {now}. Set the clock and sign again.",
    zh: "请求签名时间为 {created}，服务器时间为 {now}。请校准时钟后重新签名。",
  },
  "signature.invalid": {
    status: 401,
    en: "The signature does not verify under the access key {key}. Check its secret and what is signed.",
    zh: "签名无法用访问密钥 {key} 验证。请检查密钥与签名内容。",
  },
  "signature.replayed": {
    status: 401,
    en: "A request with this nonce was answered before. Sign each request with a nonce of its own.",
    zh: "该随机数已被使用。请为每个请求使用新的随机数签名。",
  },
  "signature.digest": {
    status: 400,
    en: "The body is not the one that Content-Digest names. Compute its SHA-256 again and sign again.",
    zh: "请求正文与 Content-Digest 不符。请重新计算 SHA-256 并签名。",
  },
});
