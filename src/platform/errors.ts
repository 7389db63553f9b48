import { refusals } from "../base/refusal.ts";

/** Refusals of what all pillars stand on: data directory, database, blobs, paging, limits. */
export const refuse = refusals({
  "data.locked": {
    status: 409,
    en: "The data directory {dir} is in use by process {pid}. Stop that process, or choose another with --data.",
    zh: "数据目录 {dir} 正被进程 {pid} 使用。请先停止该进程，或用 --data 指定其他目录。",
  },
  "data.unusable": {
    status: 500,
    en: "The data directory {dir} can't be used: {reason}. Give the user that the server runs as the right to write there, or choose another with --data.",
    zh: "无法使用数据目录 {dir}：{reason}。请授予服务器运行用户写入权限，或用 --data 指定其他目录。",
  },
  "database.url": {
    status: 400,
    en: "The database address {url} is not understood. Leave it empty for SQLite, or write postgres://user@host/name.",
    zh: "无法识别数据库地址 {url}。留空则使用 SQLite，或填写 postgres://user@host/name。",
  },
  "database.unavailable": {
    status: 503,
    en: "The platform's database can't be used: {reason}. Check the address in the setting database, that the server runs, and that this user may log in.",
    zh: "平台数据库不可用：{reason}。请检查 database 设置中的地址、数据库服务是否运行，以及该用户能否登录。",
  },
  "database.newer": {
    status: 500,
    en: "The database was written by a newer version (migration {migration}). Start that version or a later one.",
    zh: "该数据库由更新的版本写入（迁移 {migration}）。请启动该版本或更高版本。",
  },
  "storage.full": {
    status: 507,
    en: "The disk that holds {what} is full. Free some space and send the request again; nothing was stored.",
    zh: "存放 {what} 的磁盘已满。请清理空间后重试，本次未保存任何内容。",
  },
  "blob.unknown": {
    status: 404,
    en: "No content is stored under the digest {digest}. Check the digest, or upload the content first.",
    zh: "没有摘要为 {digest} 的内容。请核对摘要，或先上传内容。",
  },
  "blob.too-large": {
    status: 413,
    en: "The content is larger than the {max} bytes allowed. Send something smaller.",
    zh: "内容超过允许的 {max} 字节。请减小后重新上传。",
  },
  "blob.digest": {
    status: 400,
    en: "The content hashes to {actual}, not to {expected} as announced. Compute the digest again and resend.",
    zh: "内容的摘要为 {actual}，与声明的 {expected} 不符。请重新计算摘要后再发送。",
  },
  "blob.corrupt": {
    status: 500,
    en: "The content stored under {digest} was damaged on disk. Restore it from a backup.",
    zh: "摘要为 {digest} 的内容在磁盘上已损坏。请从备份恢复。",
  },
  "server-key.unreadable": {
    status: 500,
    en: "The server key {file} is not a key of 32 bytes. Restore the file from a backup.",
    zh: "服务器密钥文件 {file} 不是 32 字节的密钥。请从备份恢复该文件。",
  },
  "server-key.other": {
    status: 500,
    en: "{what} was sealed under another server key. Restore the file server.key that belongs to this database.",
    zh: "{what} 是用另一个服务器密钥加密的。请恢复与该数据库对应的 server.key 文件。",
  },
  "idempotency.key": {
    status: 400,
    en: "An idempotency key has 1 to 128 visible ASCII characters. Send a random one, a UUID for example.",
    zh: "幂等键由 1 到 128 个可见 ASCII 字符组成。请使用随机值，例如 UUID。",
  },
  "idempotency.mismatch": {
    status: 409,
    en: "The idempotency key {key} was used for another request. Send a new key with a new request.",
    zh: "幂等键 {key} 已用于另一个请求。新的请求请使用新的幂等键。",
  },
  "idempotency.in-progress": {
    status: 409,
    en: "The request with the idempotency key {key} is still being answered. Wait a moment and send it again.",
    zh: "幂等键为 {key} 的请求仍在处理中。请稍候再次发送。",
  },
  "rate.limited": {
    status: 429,
    en: "Too many requests. Wait {seconds} seconds and try again.",
    zh: "请求过于频繁。请在 {seconds} 秒后重试。",
  },
  "page.cursor": {
    status: 400,
    en: "The cursor does not belong to this list. Start again without one, then use the cursor of each answer.",
    zh: "该游标不属于此列表。请先不带游标请求，再使用返回结果中的游标。",
  },
  "health.failing": {
    status: 503,
    en: "The platform does not work as it should: {failing}. The operator finds the reason in the checks and the log.",
    zh: "平台运行异常：{failing}。请运营方查看检查结果与日志。",
  },
  "job.interrupted": {
    status: 500,
    en: "The work was interrupted {times} times without an end. Look for the cause in the log and start it again.",
    zh: "该任务被中断 {times} 次仍未完成。请在日志中查找原因后重新发起。",
  },
  "job.failed": {
    status: 500,
    en: "The work failed for a reason of our own. Look for the request id in the log and start it again.",
    zh: "任务因系统内部原因失败。请在日志中查找请求编号后重新发起。",
  },
});
