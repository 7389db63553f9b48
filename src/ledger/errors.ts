import { refusals } from "../base/refusal.ts";

export const refuse = refusals({
  "ledger.unavailable": {
    status: 503,
    en: "The ledger could not store the statement: {reason}. Nothing was recorded; free space or repair storage, then send it again.",
    zh: "账本无法保存该声明：{reason}。未记录任何内容；请释放空间或修复存储后重新提交。",
  },
  "ledger.closed": {
    status: 503,
    en: "The ledger is shutting down. Send the statement again in a moment.",
    zh: "账本正在关闭。请稍后重新提交该声明。",
  },
  "ledger.range": {
    status: 404,
    en: "The ledger has {size} entries; {asked} is outside. Ask for a position below its size.",
    zh: "账本共有 {size} 条记录，{asked} 超出范围。请使用小于该数量的位置。",
  },
  "ledger.corrupt": {
    status: 500,
    en: "The ledger's file is damaged at byte {offset}: {reason}. Restore it from a backup; nothing was changed.",
    zh: "账本文件在第 {offset} 字节处损坏：{reason}。请从备份恢复；未做任何修改。",
  },
});
