import { refusals } from "../../base/refusal.ts";

/** Refusals about envelopes and the keys they are sealed to. No text or detail ever holds key material. */
export const refuse = refusals({
  "envelope.malformed": {
    status: 400,
    en: "This is not an envelope: {reason}. Seal the content again with the SDK or the command line and send it unchanged.",
    zh: "这不是有效的信封：{reason}。请使用 SDK 或命令行重新封装并原样提交。",
  },
  "envelope.truncated": {
    status: 400,
    en: "The envelope ends before its last chunk. Transfer the whole file again.",
    zh: "信封在最后一块之前就结束了。请重新传输完整文件。",
  },
  "envelope.trailing": {
    status: 400,
    en: "There are bytes after the envelope's last chunk. Use the file as it was sealed.",
    zh: "信封最后一块之后还有多余字节。请使用封装时的原始文件。",
  },
  "envelope.damaged": {
    status: 400,
    en: "Chunk {chunk} of the envelope is not what was sealed. Transfer the file again; if it still fails, ask for it to be sealed again.",
    zh: "信封的第 {chunk} 块与封装时不一致。请重新传输；若仍失败，请要求重新封装。",
  },
  "envelope.recipient": {
    status: 403,
    en: "The envelope is sealed to the key {found}, not to {expected}. Open it with the right key, or have it sealed again.",
    zh: "该信封是封装给密钥 {found} 的，而不是 {expected}。请使用正确的密钥打开，或要求重新封装。",
  },
  "envelope.key": {
    status: 400,
    en: "The envelope's content key cannot be recovered. Have the content sealed again to the same key.",
    zh: "无法恢复信封的内容密钥。请要求对同一密钥重新封装。",
  },
  "envelope.context": {
    status: 403,
    en: "The envelope was sealed for another use: {found}, where {expected} is needed. Seal the content for this use.",
    zh: "该信封是为其他用途封装的：{found}，此处需要 {expected}。请针对此用途重新封装。",
  },
  "envelope.too-large": {
    status: 413,
    en: "The content is too large for one envelope, which holds at most {limit} chunks. Split it.",
    zh: "内容过大，一个信封最多容纳 {limit} 块。请拆分。",
  },
  "receiver-key.private": {
    status: 400,
    en: "This is a private key. Keep it to yourself, replace it if others saw it, and give the public key (openssl pkey -pubout).",
    zh: "这是私钥。请妥善保管，若已泄露请更换，并改为提供公钥（openssl pkey -pubout）。",
  },
  "receiver-key.rsa-size": {
    status: 400,
    en: "The RSA key has {bits} bits; from {least} to {most} are accepted. Generate one of 3072 bits.",
    zh: "该 RSA 密钥为 {bits} 位，仅接受 {least} 至 {most} 位。请生成 3072 位的密钥。",
  },
});
