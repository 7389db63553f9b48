import { refusals } from "../base/refusal.ts";

/** Why a program in a TEE will not go on: the ledger it is shown, its own sealed state, the statements of a call. */
export const refuse = refusals({
  "enclave.ledger.stale": {
    status: 409,
    en: "The ledger shown ends at {shown}, but this enclave has followed it to {followed}: it was rolled back or forked. Nothing is opened.",
    zh: "所示账本止于 {shown}，而该可信执行环境已跟随到 {followed}：账本被回滚或分叉，不会打开任何数据。",
  },
  "enclave.ledger.forked": {
    status: 409,
    en: "The leaves shown do not give the root of the checkpoint at {size}. The server shows another ledger; nothing is opened.",
    zh: "所示叶子无法得到检查点 {size} 的根。服务端展示了另一个账本，不会打开任何数据。",
  },
  "enclave.ledger.time": {
    status: 409,
    en: "The ledger's time goes back at {index}. A ledger whose clock is turned back proves nothing about expiry; nothing is opened.",
    zh: "账本时间在位置 {index} 处倒退。时钟被回拨的账本无法证明任何有效期，不会打开任何数据。",
  },
  "enclave.ledger.other": {
    status: 409,
    en: "This enclave follows the ledger {bound}; the server has {found}. Give the server its own ledger back; nothing is opened.",
    zh: "该可信执行环境跟随的账本为 {bound}，而服务端的账本为 {found}。请恢复服务端原有的账本，不会打开任何数据。",
  },
  "enclave.state.rolled-back": {
    status: 409,
    en: "The enclave's sealed state is not the one that went into its register last: it was rolled back, or a copy has run since. Restore nothing; found a new enclave and seal again.",
    zh: "可信执行环境的密封状态不是最后写入寄存器的状态：状态被回滚，或有副本运行过。请勿恢复旧状态；请新建可信执行环境并重新加密。",
  },
  "enclave.state.copied": {
    status: 409,
    en: "Another copy of this enclave has saved its state since. End this one; the other goes on.",
    zh: "该可信执行环境的另一副本已保存过状态。请停止此副本，由另一副本继续运行。",
  },
  "enclave.state.unreadable": {
    status: 409,
    en: "The enclave's sealed state was not made by this program ({measurement}). Members must accept the new measurement and seal again.",
    zh: "可信执行环境的密封状态不是由此程序（{measurement}）生成。成员须认可新的度量值并重新加密。",
  },
  "enclave.stream.incomplete": {
    status: 409,
    en: "The statements shown of stream {stream} are not all that the ledger has. Show the whole stream.",
    zh: "所示流 {stream} 的声明与账本不一致。请提供完整的流。",
  },
  "enclave.stream.stray": {
    status: 409,
    en: "The stream {stream} was shown and has nothing to do with what is asked. Show what the task needs, and no more.",
    zh: "所示流 {stream} 与请求无关。请仅提供任务所需的流。",
  },
  "enclave.statement.hidden": {
    status: 409,
    en: "Statements are out of the ledger's order at {index}. Show them as the ledger has them.",
    zh: "位置 {index} 的声明未按账本顺序排列。请按账本顺序提供。",
  },
  "enclave.provider": {
    status: 400,
    en: "This enclave has no attestation provider {provider}. Choose one of: simulated, tpm2, tdx, sev-snp.",
    zh: "该可信执行环境没有远程证明提供方 {provider}。可选：simulated、tpm2、tdx、sev-snp。",
  },
});
