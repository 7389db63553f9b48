import { refusals } from "../base/refusal.ts";

/** Refusals that arise on the client's side. */
export const refuse = refusals({
  "server.unreachable": {
    status: 503,
    en: "There is no answer from {url}: {reason}. Check the address and that the platform runs.",
    zh: "{url} 没有响应：{reason}。请检查地址以及平台是否运行。",
  },
  "server.answer": {
    status: 502,
    en: "The answer of {url} (status {status}) is not one of this platform's. Check the address and any proxy between.",
    zh: "{url} 的响应（状态 {status}）并非来自本平台。请检查地址及中间代理。",
  },
  "server.receipt": {
    status: 502,
    en: "The receipt does not name the statement that was sent ({expected}) but {found}. Do not rely on this server.",
    zh: "回执所指的声明不是已提交的 {expected}，而是 {found}。请勿信任该服务器。",
  },
  "server.history": {
    status: 502,
    en: "What the server shows as {id} is not that stream's history: {reason}. Nothing was signed; report this.",
    zh: "服务器所示的 {id} 不是该流的历史记录：{reason}。未签署任何内容，请报告此问题。",
  },
  "server.stored": {
    status: 502,
    en: "The server answers for other content ({found}) than was sent ({expected}). Nothing was signed; report this.",
    zh: "服务器确认的内容（{found}）并非所上传的内容（{expected}）。未签署任何内容，请报告此问题。",
  },
  "signer.by": {
    status: 400,
    en: "The signer belongs to no organisation yet. Found one first, then give its stream id as `by`.",
    zh: "签名者尚不属于任何机构。请先创建机构，再将其流编号作为 `by`。",
  },
  "upload.digest": {
    status: 400,
    en: "A stream is uploaded with its SHA-256 given before. Compute it first, or send bytes.",
    zh: "以流方式上传时须预先给出 SHA-256。请先计算摘要，或直接发送字节。",
  },
});
