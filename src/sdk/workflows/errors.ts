import { refusals } from "../../base/refusal.ts";

/** Why a workflow stops on this machine, before anything is sealed, signed or believed. */
export const refuse = refusals({
  "enclave.statement": {
    status: 403,
    en: "What the server shows as enclave {id} is not what that enclave declared: {reason}. Do not seal anything to it.",
    zh: "服务器所示的可信执行环境 {id} 与其自身声明不符：{reason}。请勿向其加密任何数据。",
  },
  "enclave.untrusted": {
    status: 403,
    en: "The enclave is {found}, not one you trust ({expected}). Ask why, and pin the new one only then.",
    zh: "可信执行环境为 {found}，不在您信任的列表（{expected}）中。请先查明原因，再信任新的环境。",
  },
  "member.statement": {
    status: 403,
    en: "What the server shows as {nickname} ({appId}) is not what that organisation declared: {reason}. Do not invite it.",
    zh: "服务器所示的 {nickname}（{appId}）与该机构自身的声明不符：{reason}。请勿邀请。",
  },
  "member.untrusted": {
    status: 403,
    en: "The certificate authority of {nickname} is {found}, not the {expected} you know. Ask the organisation itself.",
    zh: "{nickname} 的证书颁发机构为 {found}，而非您已知的 {expected}。请直接向该机构核实。",
  },
  "signer.required": {
    status: 400,
    en: "This is signed with your organisation's own key, and there is none here. Use the profile that holds it.",
    zh: "该操作须用机构自有密钥签名，但此处没有密钥。请使用保存该密钥的配置。",
  },
  "model.too-large": {
    status: 413,
    en: "The {part} has {size} bytes, {limit} is the most. Take out what the model does not need.",
    zh: "{part} 有 {size} 字节，上限为 {limit}。请移除模型不需要的内容。",
  },
  "model.empty": {
    status: 400,
    en: "The model's archive is empty. Give a .tar.gz with entente.json in it.",
    zh: "模型文件为空。请提供包含 entente.json 的 .tar.gz 文件。",
  },
  "source.column-unknown": {
    status: 400,
    en: "There is no column {column}. The table has: {columns}. Describe one of those.",
    zh: "没有字段 {column}。该表的字段为：{columns}。请为这些字段补充说明。",
  },
  "source.not-connected": {
    status: 400,
    en: "{id} is of the type {type}: its rows are sealed, and there is no connection to change. Register the new rows as a source of their own.",
    zh: "{id} 的类型为 {type}：其数据本身已加密，没有可修改的连接信息。请将新数据登记为新的数据源。",
  },
  "source.other-enclave": {
    status: 409,
    en: "{id} is sealed to the enclave {expected}, not to {found}. Seal the connection to that one.",
    zh: "{id} 加密给了可信执行环境 {expected}，而非 {found}。请将连接信息加密给前者。",
  },
  "source.other-table": {
    status: 409,
    en: "Through this connection the enclave finds another table than that of {id}: {found}, not {expected}. Nothing was changed; name the same table, or register a new source.",
    zh: "通过该连接，可信执行环境读到的表与 {id} 不同：{found}，而非 {expected}。未作任何修改；请指定同一张表，或登记新的数据源。",
  },
  "source.structure": {
    status: 502,
    en: "The server says that the table has the columns {found}; your file has {expected}. Register nothing; report this.",
    zh: "服务器称该表的字段为 {found}，而您的文件为 {expected}。请勿登记，并报告此问题。",
  },
  "task.other": {
    status: 502,
    en: "The server shows {found} instead of {id}. Sign nothing; report this.",
    zh: "服务器所示的是 {found}，而不是 {id}。请勿签名，并报告此问题。",
  },
  "task.not-yours": {
    status: 409,
    en: "Nothing about {id} waits for you: its state is {state}. See the task for who decides next.",
    zh: "{id} 当前没有待您处理的授权，状态为 {state}。请在任务中查看下一步由谁处理。",
  },
  "task.key-required": {
    status: 400,
    en: "As the receiver you say which key the result is sealed to. Give the public key (PEM).",
    zh: "结果使用方须指定用于加密结果的公钥。请提供公钥（PEM）。",
  },
  "task.shown-otherwise": {
    status: 409,
    en: "The server names the task digest {found}, but what it shows has {expected}. Sign nothing; report this.",
    zh: "服务器给出的任务摘要为 {found}，而其所示内容的摘要为 {expected}。请勿签名，并报告此问题。",
  },
  "request.shown-otherwise": {
    status: 502,
    en: "What the server shows as the request {id} is not what was signed for: {reason}. Approve nothing; report this.",
    zh: "服务器所示的请求 {id} 与签署内容不符：{reason}。请勿批准，并报告此问题。",
  },
  "request.signatures": {
    status: 502,
    en: "The signatures of the request {id} do not hold: {reason}. Do not use them; read the request again.",
    zh: "请求 {id} 的签名不成立：{reason}。请勿使用，并重新读取请求。",
  },
  "export.shares": {
    status: 502,
    en: "What the request {id} handed out does not make the key: {reason}. Do not use it; ask for the key again.",
    zh: "请求 {id} 给出的分片不能还原密钥：{reason}。请勿使用，并重新请求导出。",
  },
  "backup.share": {
    status: 409,
    en: "What the backup holds of {id} is not the share that the ledger has of this node in epoch {epoch}. Make the backup again while the node has its share; from this one it cannot be restored.",
    zh: "备份中 {id} 的内容与账本记录的该节点第 {epoch} 版分片不符。请在节点仍持有分片时重新备份；此备份无法用于恢复。",
  },
  "diagnostics.missing": {
    status: 409,
    en: "Nobody has asked for diagnostics of {id}. Ask for them first (`entente tasks request-diagnostics`).",
    zh: "尚无人申请 {id} 的失败诊断。请先申请（`entente tasks request-diagnostics`）。",
  },
  "result.missing": {
    status: 409,
    en: "{id} has no result: its state is {state}. Wait until it has succeeded.",
    zh: "{id} 没有结果，状态为 {state}。请等待任务执行成功。",
  },
  "result.receiver": {
    status: 400,
    en: "It is not known here for which organisation the result is. Give its stream id as `me`.",
    zh: "此处不知道结果属于哪个机构。请以 `me` 给出其流编号。",
  },
  "result.evidence": {
    status: 502,
    en: "The evidence that the server shows does not prove a result of {id} for you: {reason}. Report this.",
    zh: "服务器所示的证据不能证明 {id} 有属于您的结果：{reason}。请报告此问题。",
  },
  "policy.malformed": {
    status: 400,
    en: "The policy for results is not one: {field}: {reason}. Correct it.",
    zh: "结果策略有误：{field}：{reason}。请更正。",
  },
  "connection.malformed": {
    status: 400,
    en: "The connection cannot be sealed: {field}: {reason}. Correct it.",
    zh: "数据库连接信息有误：{field}：{reason}。请更正。",
  },
  "grant.model": {
    status: 502,
    en: "The server shows no published version of the model {id}. Sign nothing; report this.",
    zh: "服务器未给出模型 {id} 的任何已发布版本。请勿签名，并报告此问题。",
  },
  "code.archive": {
    status: 502,
    en: "What the server gives as the model's archive {expected} is {found}. Authorise nothing; report this.",
    zh: "服务器给出的模型文件应为 {expected}，实为 {found}。请勿授权，并报告此问题。",
  },
  "code.approved": {
    status: 502,
    en: "The server names {id} as what you approved last, and its statements do not say so: {reason}. Report this.",
    zh: "服务器称您上次授权的是 {id}，但其声明并非如此：{reason}。请报告此问题。",
  },
  "result.elsewhere": {
    status: 409,
    en: "The result of {id} went into your own database ({sink}). Read its parts in order into a file, and give that with --envelope.",
    zh: "{id} 的结果已写入您自己的数据库（{sink}）。请按顺序导出各部分为一个文件，并用 --envelope 指定。",
  },
  "result.other": {
    status: 502,
    en: "The file is not the result that the enclave signed ({expected}) but {found}. Fetch it again; report it if it stays.",
    zh: "该文件不是可信执行环境签署的结果 {expected}，而是 {found}。请重新下载；如仍不一致请报告。",
  },
});
