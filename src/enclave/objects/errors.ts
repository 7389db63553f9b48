import { refusals } from "../../base/refusal.ts";

/** Why an object is not read. Details are places and numbers: never a key, a value, or what the store says. */
export const refuse = refusals({
  "object.configuration": {
    status: 422,
    en: "The sealed location of the object is not usable: {reason}. Correct it and seal it again.",
    zh: "密封的对象位置信息无法使用：{reason}。请更正后重新密封。",
  },
  "object.unreachable": {
    status: 502,
    en: "No object store answers at {host} ({reason}). Check the endpoint and the firewall, as seen from the enclave's machine.",
    zh: "对象存储 {host} 无法连接（{reason}）。请检查 endpoint 和防火墙，并确认可信执行环境所在机器可以访问。",
  },
  "object.tls": {
    status: 502,
    en: "The TLS of the object store {host} is not accepted: {reason}. Give it a valid certificate for that name, or seal the root certificate it has.",
    zh: "对象存储 {host} 的 TLS 连接未通过校验：{reason}。请为其配置该名称的有效证书，或密封其根证书。",
  },
  "object.denied": {
    status: 403,
    en: "The object store does not accept the credentials, or they may not read the object. Correct them, and allow s3:GetObject on it.",
    zh: "对象存储拒绝了访问凭证，或该凭证无权读取此对象。请更正，并授予 s3:GetObject 权限。",
  },
  "object.unknown": {
    status: 404,
    en: "The bucket has no such object, or there is no such bucket. Check bucket and key.",
    zh: "存储桶中没有该对象，或存储桶不存在。请检查存储桶名和对象名。",
  },
  "object.changed": {
    status: 409,
    en: "The object was replaced while it was read. Run again once nobody writes to it.",
    zh: "对象在读取过程中被替换。请在无写入时重新运行。",
  },
  "object.lost": {
    status: 502,
    en: "The object store broke off {attempts} times in a row. Check the store and the network, then try again.",
    zh: "对象存储连续 {attempts} 次中断传输。请检查存储服务和网络后重试。",
  },
  "object.answer": {
    status: 502,
    en: "The object store answered in a way that is not understood ({reason}). Check endpoint, region and pathStyle.",
    zh: "无法理解对象存储的应答（{reason}）。请检查 endpoint、region 和 pathStyle。",
  },
});
