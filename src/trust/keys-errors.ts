import { refusals } from "../base/refusal.ts";

/** Refusals about keys, signatures and certificates. No text or detail ever holds key material. */
export const refuse = refusals({
  "key.not-pem": {
    status: 400,
    en: "This is not a PEM text with one block of {expected}. Paste the whole file, BEGIN and END lines included.",
    zh: "这不是仅含一个 {expected} 块的 PEM 文本。请粘贴完整文件，包括 BEGIN 和 END 行。",
  },
  "key.malformed": {
    status: 400,
    en: "The key cannot be read: {reason}. Export it again, for example with openssl pkey.",
    zh: "无法读取该密钥：{reason}。请重新导出，例如使用 openssl pkey。",
  },
  "key.kind": {
    status: 400,
    en: "This is a key of kind {found}; accepted here: {accepted}. Choose or generate a key of an accepted kind.",
    zh: "该密钥的类型为 {found}，此处接受：{accepted}。请选择或生成受支持类型的密钥。",
  },
  "key.private-given": {
    status: 400,
    en: "This is a private key where a public key belongs. Keep it to yourself, replace it if others saw it, and send the public key (openssl pkey -pubout).",
    zh: "此处需要公钥，提供的却是私钥。请妥善保管，若已泄露请更换，并改为提交公钥（openssl pkey -pubout）。",
  },
  "key.public-given": {
    status: 400,
    en: "This is a public key where a private key belongs. Choose the file that begins with BEGIN PRIVATE KEY.",
    zh: "此处需要私钥，提供的却是公钥。请选择以 BEGIN PRIVATE KEY 开头的文件。",
  },
  "key.passphrase-needed": {
    status: 400,
    en: "The private key is encrypted. Give its passphrase.",
    zh: "该私钥已加密。请提供口令。",
  },
  "key.passphrase": {
    status: 400,
    en: "The passphrase does not open this private key. Check the passphrase, and that the file is complete.",
    zh: "口令无法打开该私钥。请检查口令以及文件是否完整。",
  },
  "key.protection": {
    status: 400,
    en: "The private key is encrypted with {found}. Convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256.",
    zh: "该私钥的加密方式为 {found}。请转换：openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256。",
  },
  "key.point": {
    status: 400,
    en: "The {kind} key is not a usable point of its curve. Generate a new key.",
    zh: "该 {kind} 密钥不是曲线上的可用点。请生成新的密钥。",
  },
  "jws.malformed": {
    status: 400,
    en: "This is not a compact JWS: {reason}. Sign again with the SDK or the command line and send it unchanged.",
    zh: "这不是紧凑格式的 JWS：{reason}。请使用 SDK 或命令行重新签名并原样提交。",
  },
  "jws.header": {
    status: 400,
    en: "The protected header is not of its form: {reason}. Sign again with the SDK or the command line.",
    zh: "受保护的头部不符合格式：{reason}。请使用 SDK 或命令行重新签名。",
  },
  "jws.too-large": {
    status: 413,
    en: "The signed payload has {bytes} bytes; at most {limit} are accepted. Send large content in an envelope and sign its digest.",
    zh: "签名内容为 {bytes} 字节，最多接受 {limit} 字节。请将大内容放入信封并对其摘要签名。",
  },
  "jws.algorithm": {
    status: 400,
    en: "The header names {alg}, the key is of kind {kind}. Sign with the algorithm of the key.",
    zh: "头部声明的算法为 {alg}，而密钥类型为 {kind}。请使用与密钥匹配的算法签名。",
  },
  "jws.signature": {
    status: 403,
    en: "The signature does not verify under the given key. Check which key was meant and sign again.",
    zh: "签名无法用给定的密钥验证。请确认所用密钥并重新签名。",
  },
  "certificate.malformed": {
    status: 400,
    en: "This is not a certificate that can be read: {reason}. Send the X.509 certificate as PEM or DER.",
    zh: "无法读取该证书：{reason}。请提交 PEM 或 DER 格式的 X.509 证书。",
  },
  "certificate.not-a-ca": {
    status: 400,
    en: "The certificate of {subject} may not sign certificates. Choose the certificate of the organisation's CA.",
    zh: "{subject} 的证书不能用于签发证书。请选择该组织的 CA 证书。",
  },
  "certificate.not-a-leaf": {
    status: 400,
    en: "The certificate of {subject} is not for signatures of a member. Use one issued by the organisation's CA for digital signatures.",
    zh: "{subject} 的证书不能用于成员签名。请使用由组织 CA 签发的、用于数字签名的证书。",
  },
  "certificate.issuer": {
    status: 403,
    en: "The certificate was issued by {issuer}, not by {expected}. Use one issued by the organisation's own CA.",
    zh: "该证书由 {issuer} 签发，而不是由 {expected} 签发。请使用组织自己的 CA 签发的证书。",
  },
  "certificate.signature": {
    status: 403,
    en: "The signature on the certificate of {subject} does not verify under its CA. Have the certificate issued again.",
    zh: "{subject} 的证书签名无法用其 CA 验证。请重新签发证书。",
  },
  "certificate.extension": {
    status: 400,
    en: "The certificate has a critical extension that is not understood here: {oid}. Have it issued without.",
    zh: "该证书含有无法理解的关键扩展：{oid}。请签发不含该扩展的证书。",
  },
  "certificate.expired": {
    status: 403,
    en: "The certificate of {subject} expired at {notAfter}. Renew it and sign again.",
    zh: "{subject} 的证书已于 {notAfter} 过期。请更新证书后重新签名。",
  },
  "certificate.not-yet-valid": {
    status: 403,
    en: "The certificate of {subject} is valid only from {notBefore}. Wait until then, or check the clock.",
    zh: "{subject} 的证书自 {notBefore} 起才有效。请等待或检查时钟。",
  },
  "certificate.revoked": {
    status: 403,
    en: "The certificate with serial number {serial} was revoked at {date} ({reason}). Use a current certificate.",
    zh: "序列号为 {serial} 的证书已于 {date} 被吊销（{reason}）。请使用当前有效的证书。",
  },
  "certificate.validity": {
    status: 400,
    en: "The validity from {notBefore} to {notAfter} is not possible: {reason}. Choose other dates.",
    zh: "有效期 {notBefore} 至 {notAfter} 不可用：{reason}。请选择其他日期。",
  },
  "certificate.serial": {
    status: 400,
    en: "A serial number is 1 to 20 bytes of lower-case hexadecimal, positive as a number. Choose another.",
    zh: "序列号须为 1 至 20 字节的小写十六进制正数。请另选序列号。",
  },
  "certificate.name": {
    status: 400,
    en: "The name cannot stand in a certificate: {reason}. Correct it.",
    zh: "该名称不能用于证书：{reason}。请更正。",
  },
  "csr.malformed": {
    status: 400,
    en: "This is not a certificate request that can be read: {reason}. Make one with openssl req -new.",
    zh: "无法读取该证书请求：{reason}。请使用 openssl req -new 生成。",
  },
  "csr.signature": {
    status: 400,
    en: "The certificate request is not signed with the key it names. Make it again with the right key.",
    zh: "证书请求不是由其所含密钥签名的。请使用正确的密钥重新生成。",
  },
  "crl.malformed": {
    status: 400,
    en: "This is not a revocation list that can be read: {reason}. Send the X.509 CRL as PEM or DER.",
    zh: "无法读取该吊销列表：{reason}。请提交 PEM 或 DER 格式的 X.509 CRL。",
  },
  "crl.issuer": {
    status: 403,
    en: "The revocation list was issued by {issuer}, not by {expected}. Use the list of the organisation's own CA.",
    zh: "该吊销列表由 {issuer} 签发，而不是由 {expected} 签发。请使用组织自己的 CA 的列表。",
  },
  "crl.signature": {
    status: 403,
    en: "The signature on the revocation list does not verify under its CA. Have the list issued again.",
    zh: "吊销列表的签名无法用其 CA 验证。请重新签发列表。",
  },
  "crl.expired": {
    status: 403,
    en: "The revocation list was to be replaced by {nextUpdate}. Publish a newer one.",
    zh: "该吊销列表应在 {nextUpdate} 之前更新。请发布新的列表。",
  },
  "crl.not-yet-valid": {
    status: 403,
    en: "The revocation list is valid only from {thisUpdate}. Wait until then, or check the clock.",
    zh: "该吊销列表自 {thisUpdate} 起才有效。请等待或检查时钟。",
  },
  "crl.extension": {
    status: 400,
    en: "The revocation list has a critical extension that is not understood here: {oid}. Publish a complete list.",
    zh: "该吊销列表含有无法理解的关键扩展：{oid}。请发布完整的列表。",
  },
});
