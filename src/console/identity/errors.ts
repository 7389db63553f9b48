import { refusals } from "../../base/refusal.ts";

export const refuse = refusals({
  "identity.curve": {
    status: 400,
    en: "A browser keeps keys of P-256 only, and this one is of {kind}. Open it for this page instead of keeping it.",
    zh: "浏览器只能保管 P-256 密钥，此密钥为 {kind}。请仅在本页面中打开，不要保存。",
  },
  "identity.backup": {
    status: 400,
    en: "This file does not hold a certificate authority and a leaf with their keys. Choose the backup that this console or `entente identity` wrote.",
    zh: "该文件未包含证书颁发机构与签名证书及其私钥。请选择由本控制台或 `entente identity` 生成的备份文件。",
  },
  "identity.other": {
    status: 409,
    en: "This key is of another organisation than yours. Choose your own backup.",
    zh: "该密钥属于其他机构。请选择本机构的备份文件。",
  },
});
