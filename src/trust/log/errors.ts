import { refusals } from "../../base/refusal.ts";

/** Refusals about logs, their checkpoints and proofs. */
export const refuse = refusals({
  "log.range": {
    status: 400,
    en: "There is no {what} for a log of {size} entries. Ask for positions the log already has.",
    zh: "包含 {size} 个条目的日志没有{what}。请查询日志中已存在的位置。",
  },
  "log.frontier": {
    status: 400,
    en: "The stored tree state does not fit its size {size}. Rebuild it from the log's entries.",
    zh: "保存的树状态与其大小 {size} 不符。请根据日志条目重建。",
  },
  "log.inclusion": {
    status: 422,
    en: "The proof does not show entry {index} in the tree of {size} entries: {reason}. Fetch the proof for this checkpoint again; if it still fails, do not trust the log.",
    zh: "该证明不能说明条目 {index} 位于大小为 {size} 的树中：{reason}。请针对该检查点重新获取证明；若仍失败，请勿信任该日志。",
  },
  "log.consistency": {
    status: 422,
    en: "The tree of {second} entries is not shown to extend the tree of {first}: {reason}. Keep both checkpoints as evidence and do not trust the log until this is explained.",
    zh: "无法证明大小为 {second} 的树是大小为 {first} 的树的延续：{reason}。请保留两个检查点作为证据，在查明原因前不要信任该日志。",
  },
  "note.malformed": {
    status: 400,
    en: "This is not a signed note: {reason}. Fetch it again and pass it on unchanged.",
    zh: "这不是有效的签名文本：{reason}。请重新获取并原样传递。",
  },
  "note.key": {
    status: 400,
    en: "This is not a verifier key: {reason}. Copy the whole key, name+hash+base64, from the log's operator.",
    zh: "这不是有效的验证密钥：{reason}。请向日志运营方复制完整的密钥（名称+哈希+base64）。",
  },
  "note.signature": {
    status: 403,
    en: "The signature of {name} on the note does not verify. Fetch the note again; if it still fails, it was forged or altered.",
    zh: "{name} 对该文本的签名无法通过验证。请重新获取；若仍失败，则该文本系伪造或被篡改。",
  },
  "note.unsigned": {
    status: 403,
    en: "The note has no signature by any of {names}. Check that the note and the trusted keys are of the same log.",
    zh: "该文本没有 {names} 中任何一方的签名。请确认文本与受信任的密钥属于同一日志。",
  },
  "checkpoint.malformed": {
    status: 400,
    en: "This is not a log checkpoint: {reason}. Fetch it again from the log.",
    zh: "这不是有效的日志检查点：{reason}。请从日志重新获取。",
  },
  "checkpoint.origin": {
    status: 403,
    en: "The checkpoint is of the log {found}, not of {expected}. Fetch the one of the expected log.",
    zh: "该检查点属于日志 {found}，而不是 {expected}。请获取所需日志的检查点。",
  },
  "checkpoint.policy": {
    status: 400,
    en: "The witness policy cannot be used: {reason}. Correct the list of witnesses or the threshold.",
    zh: "见证策略不可用：{reason}。请更正见证方列表或阈值。",
  },
  "checkpoint.quorum": {
    status: 403,
    en: "The checkpoint is cosigned by {have} of the known witnesses; {need} are needed. Wait for more cosignatures and fetch it again.",
    zh: "该检查点仅由 {have} 个已知见证方联署，需要 {need} 个。请等待更多联署后重新获取。",
  },
  "proof.malformed": {
    status: 400,
    en: "This is not a log proof (c2sp.org/tlog-proof@v1): {reason}. Use the file as the log gave it.",
    zh: "这不是有效的日志证明（c2sp.org/tlog-proof@v1）：{reason}。请使用日志给出的原始文件。",
  },
});
