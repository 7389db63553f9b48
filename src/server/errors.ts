import { refusals } from "../base/refusal.ts";

/** Refusals of the interface itself, before any handler is asked. */
export const refuse = refusals({
  "auth.required": {
    status: 401,
    en: "Who are you? Sign the request with an access key, or sign in first.",
    zh: "尚未认证。请使用访问密钥签名请求，或先登录。",
  },
  "permission.missing": {
    status: 403,
    en: "Your role does not include {permission}. Ask an administrator of your account.",
    zh: "您的角色没有 {permission} 权限。请联系账号管理员。",
  },
  "request.invalid": {
    status: 400,
    en: "The request is not of its form: {problems}. Correct the named fields.",
    zh: "请求不符合格式：{problems}。请更正所列字段。",
  },
  "request.json": {
    status: 400,
    en: "The body is not JSON in UTF-8. Send a JSON object.",
    zh: "请求正文不是 UTF-8 编码的 JSON。请发送 JSON 对象。",
  },
  "request.media": {
    status: 415,
    en: "A body of type {type} is not read here. Send {expected}.",
    zh: "此接口不接受类型为 {type} 的正文。请发送 {expected}。",
  },
  "request.too-large": {
    status: 413,
    en: "The body is larger than {max} bytes. Send less, or upload it as a blob.",
    zh: "请求正文超过 {max} 字节。请减小正文，或以文件形式上传。",
  },
  "request.malformed": {
    status: 400,
    en: "The request is not well-formed HTTP: {reason}. Correct it and send it again.",
    zh: "请求不是有效的 HTTP 请求：{reason}。请更正后重试。",
  },
  "route.unknown": {
    status: 404,
    en: "There is no {path} here. See /openapi.json for what there is.",
    zh: "没有 {path} 这个接口。可用接口见 /openapi.json。",
  },
  "route.method": {
    status: 405,
    en: "{path} does not answer {method}, but {allowed}. See /openapi.json.",
    zh: "{path} 不支持 {method}，仅支持 {allowed}。详见 /openapi.json。",
  },
  "act.kind": {
    status: 400,
    en: "The statement is of kind {kind}; here {expected} is expected. Send it to the endpoint of its kind.",
    zh: "声明类型为 {kind}，此接口需要 {expected}。请提交到对应接口。",
  },
  "act.stream": {
    status: 400,
    en: "The statement is about another stream than {id}. Sign it for that stream, or send it to the right address.",
    zh: "声明所属的流与 {id} 不符。请针对该流签名，或提交到正确的地址。",
  },
  "act.signer": {
    status: 403,
    en: "The statement is made by {by}, which is not your organisation. Sign it as your own.",
    zh: "声明由 {by} 作出，并非您的机构。请以本机构身份签名。",
  },
  "health.failing": {
    status: 503,
    en: "The platform does not work as it should: {failing}. The operator finds the reason in the checks and the log.",
    zh: "平台运行异常：{failing}。请运营方查看检查结果与日志。",
  },
  internal: {
    status: 500,
    en: "Something failed on our side. Try again; if it stays, give the operator the request id {requestId}.",
    zh: "服务器内部错误。请重试；如仍失败，请将请求编号 {requestId} 提供给平台运营方。",
  },
});
