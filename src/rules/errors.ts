import { refusals } from "../base/refusal.ts";

/** Refusals of the rulebooks. What a stranger may not see answers as unknown (404). */
export const refuse = refusals({
  "stream.unknown": {
    status: 404,
    en: "There is nothing here under {id} that you may see. Check the id, and that you were given access.",
    zh: "没有您可以查看的 {id}。请检查编号，以及您是否已获得权限。",
  },
  "stream.moved": {
    status: 409,
    en: "Somebody else acted first: the head is now {head}. Read the newest state and sign again.",
    zh: "已有其他成员先行操作，最新的流头为 {head}。请读取最新状态后重新签名。",
  },
  "structure.answer": {
    status: 409,
    en: "The structure shown is not the one that the enclave signed. Register nothing; ask the platform's operator.",
    zh: "所示表结构并非可信执行环境所签名的结构。请勿登记，并联系平台运营方。",
  },
  "grant.expires": {
    status: 400,
    en: "A grant ends after now and within a year, not at {expires}. Choose another end.",
    zh: "授权凭证的截止时间须晚于当前时间且不超过一年，不能为 {expires}。请重新选择。",
  },
  "grant.many": {
    status: 409,
    en: "A data source has {limit} grants at most. Register the source anew for more.",
    zh: "每个数据源最多 {limit} 个授权凭证。如需更多请重新登记数据源。",
  },
  "grant.unknown": {
    status: 404,
    en: "The data source has no grant {grant} that could be withdrawn. Look at its grants.",
    zh: "该数据源没有可撤回的授权凭证 {grant}。请查看其授权凭证。",
  },
  "task.worker": {
    status: 409,
    en: "The enclave {enclave} cannot run this task: it is not named in it, is another program, or runs it already. Name enclaves with the measurement, attestation and isolation of the first.",
    zh: "可信执行环境 {enclave} 不能执行该任务：任务未指定它、程序不同，或任务已由其执行。请指定与首个环境的度量值、证明方式和隔离方式均相同的环境。",
  },
  "task.delegations": {
    status: 409,
    en: "The task has gone from enclave to enclave {limit} times, and stays where it is. Start that enclave again, or create the task anew.",
    zh: "该任务已在可信执行环境之间转移 {limit} 次，不再转移。请重新启动当前环境，或重新创建任务。",
  },
  "task.schedule": {
    status: 400,
    en: "A scheduled task starts automatically, and its last run is due after now and within a year: {reason}. Change the schedule.",
    zh: "定时任务须自动启动，且最后一次执行须在当前时间之后一年之内：{reason}。请修改执行计划。",
  },
  "task.scheduled": {
    status: 409,
    en: "{id} runs by its schedule, not when it is asked to. See the task for when it runs next; revoke it to end it.",
    zh: "{id} 按执行计划执行，不能手动执行。请在任务中查看下次执行时间；如需终止请撤销授权。",
  },
  "task.not-due": {
    status: 409,
    en: "Run {number} of the schedule (due at {due}) is not the newest that is due now. Ask the enclave for that one.",
    zh: "执行计划的第 {number} 次执行（应于 {due} 执行）不是当前最近一次到期的执行。请向可信执行环境请求最近一次。",
  },
  "task.occurrence": {
    status: 409,
    en: "The run is called {expected}, not {found}. Ask the enclave again.",
    zh: "该次执行的编号应为 {expected}，而不是 {found}。请重新向可信执行环境请求。",
  },
  "task.grant": {
    status: 409,
    en: "The grant {grant} does not cover this task: {reason}. Leave it out to ask its owner, or ask for another grant.",
    zh: "授权凭证 {grant} 不适用于该任务：{reason}。请去掉该凭证并向其所有者申请，或请其另行授权。",
  },
  "dry-run.other": {
    status: 409,
    en: "The dry run shown is not the one that the enclave signed for this task. Believe nothing of it; report this.",
    zh: "所示试运行结果并非可信执行环境为该任务签名的结果。请勿采信，并报告此问题。",
  },
  "diagnostics.late": {
    status: 410,
    en: "Diagnostics were to be asked for until {until}, seven days after the failure. Create the task again.",
    zh: "失败诊断只能在失败后 7 天内（{until} 之前）申请。请重新创建计算任务。",
  },
  "diagnostics.open": {
    status: 409,
    en: "Diagnostics of this task have been asked for, and that request stands until {expires}. Wait for it, or have it refused.",
    zh: "该任务已有失败诊断申请，有效期至 {expires}。请等待处理，或请对方拒绝该申请。",
  },
  "diagnostics.many": {
    status: 409,
    en: "Diagnostics of a task are asked for {limit} times at most. Create the task again.",
    zh: "每个任务最多申请 {limit} 次失败诊断。请重新创建计算任务。",
  },
  "diagnostics.request": {
    status: 409,
    en: "The request {request} for diagnostics does not stand: it was refused, has run out, or is another task's. Look at the task again.",
    zh: "失败诊断申请 {request} 已无效：已被拒绝、已过期，或属于其他任务。请重新查看任务。",
  },
  "diagnostics.other": {
    status: 502,
    en: "The diagnostics shown are not those that the enclave signed for this request. Believe nothing of them; report this.",
    zh: "所示失败诊断并非可信执行环境为该申请签名的内容。请勿采信，并报告此问题。",
  },
  "stream.full": {
    status: 409,
    en: "The stream has {limit} bytes of statements and takes no more. Begin a new one.",
    zh: "该流的声明已达 {limit} 字节上限，不能再追加。请新建。",
  },
  "stream.founded": {
    status: 409,
    en: "A statement of kind {kind} must begin a stream of its own, and only that. Leave stream and seen empty.",
    zh: "类型为 {kind} 的声明只能用于创建新的流。请将 stream 与 seen 留空。",
  },
  "id.taken": {
    status: 409,
    en: "The id {id} is taken. Choose the next sequence number and sign again.",
    zh: "编号 {id} 已被使用。请换用下一个序号并重新签名。",
  },
  "member.required": {
    status: 404,
    en: "There is nothing here under {id} that you may see. Only members of the alliance act in it.",
    zh: "没有您可以查看的 {id}。只有联盟成员可以在其中操作。",
  },
  "member.exists": {
    status: 409,
    en: "{member} is a member already. Nothing needs to be done.",
    zh: "{member} 已经是成员，无需再次邀请。",
  },
  "invitation.unknown": {
    status: 404,
    en: "There is no open invitation for you under {id}. Ask a member of the alliance to invite you.",
    zh: "{id} 没有给您的待处理邀请。请联系联盟成员邀请您。",
  },
  "invitation.many": {
    status: 409,
    en: "You have {limit} invitations that are not accepted in this alliance. Wait until some are, or have run out.",
    zh: "您在该联盟中尚未被接受的邀请已达 {limit} 个。请等待对方接受或邀请过期。",
  },
  "invitation.open": {
    status: 409,
    en: "{member} was invited, and may not be invited again before {expires}. Wait for the answer, or until then.",
    zh: "{member} 已被邀请，在 {expires} 之前不能再次邀请。请等待对方处理，或届时再邀请。",
  },
  "invitation.expired": {
    status: 410,
    en: "The invitation expired at {expires}. Ask a member of the alliance to invite you again.",
    zh: "邀请已于 {expires} 过期。请联系联盟成员重新邀请。",
  },
  "crl.number": {
    status: 409,
    en: "The revocation list has number {number}, not above the published {before}. Issue it again with the next number.",
    zh: "吊销列表编号 {number} 不大于已发布的 {before}。请使用下一个编号重新签发。",
  },
  "authority.other": {
    status: 409,
    en: "This is not the same certificate authority: name and key must stay. Renew the certificate for the same key.",
    zh: "这不是同一个证书颁发机构：名称与密钥必须保持不变。请使用同一密钥续期证书。",
  },
  "authority.not-later": {
    status: 409,
    en: "The certificate ends at {notAfter}, not after the present one's {before}. Renew it with a later end.",
    zh: "该证书的截止时间 {notAfter} 不晚于现有证书的 {before}。请以更晚的截止时间续期。",
  },
  "owner.required": {
    status: 404,
    en: "There is nothing of yours under {id}. Only its owner changes it.",
    zh: "{id} 不属于您。只有所有者可以修改。",
  },
  "resource.withdrawn": {
    status: 410,
    en: "{id} has been withdrawn by its owner. Choose another.",
    zh: "{id} 已被所有者撤回。请选择其他资源。",
  },
  "resource.changed": {
    status: 409,
    en: "{id} was changed since you looked at it. Look at its newest version and sign again.",
    zh: "{id} 在您查看之后发生了变化。请查看最新版本后重新签名。",
  },
  "resource.not-shared": {
    status: 404,
    en: "There is nothing here under {id} that you may use. Ask its owner to share it with you.",
    zh: "没有您可以使用的 {id}。请联系所有者向您开放权限。",
  },
  "enclave.mismatch": {
    status: 409,
    en: "{id} is bound to another enclave than the task. Register it again, or move it, for the enclave {enclave}.",
    zh: "{id} 绑定的可信执行环境与任务不同。请面向 {enclave} 重新登记或迁移。",
  },
  "enclave.unknown": {
    status: 409,
    en: "The enclave {enclave} is not known on this ledger. Fetch its attestation again.",
    zh: "账本上没有可信执行环境 {enclave}。请重新获取其远程证明。",
  },
  "enclave.here": {
    status: 409,
    en: "It is at the enclave {enclave} already. Nothing needs to be done.",
    zh: "该资源已在可信执行环境 {enclave}，无需迁移。",
  },
  "enclave.weaker": {
    status: 409,
    en: "The enclave {enclave} protects less: {reason}. What was sealed is not moved there; seal again if you mean it.",
    zh: "可信执行环境 {enclave} 的保护较弱：{reason}。已加密的数据不会迁移到该环境；如确有需要，请重新加密。",
  },
  "attestation.refused": {
    status: 403,
    en: "The enclave's attestation does not hold: {reason}. Do not seal anything to it.",
    zh: "可信执行环境的远程证明不成立：{reason}。请勿向其加密任何数据。",
  },
  "task.sources": {
    status: 400,
    en: "A task reads from 1 to 5 different data sources; this one names {count}. Choose again.",
    zh: "一个计算任务使用 1 至 5 个不同的数据源，当前为 {count} 个。请重新选择。",
  },
  "task.state": {
    status: 409,
    en: "The task is in state {state}; {kind} is not possible now. See the task for who decides next.",
    zh: "任务当前状态为 {state}，不能执行 {kind}。请在任务中查看下一步由谁处理。",
  },
  "task.party": {
    status: 404,
    en: "There is no decision of yours open under {id}. Others decide at this step.",
    zh: "{id} 当前没有待您处理的授权。此步骤由其他成员处理。",
  },
  "task.decided": {
    status: 409,
    en: "You have decided on {id} already. A decision is made once.",
    zh: "您已经处理过 {id} 的授权。每项授权只能处理一次。",
  },
  "task.digest": {
    status: 409,
    en: "The authorisation names another task digest than {expected}. Read the task again before you sign.",
    zh: "授权所签的任务摘要不是 {expected}。请重新查看任务后再签名。",
  },
  "task.expired": {
    status: 410,
    en: "The request expired at {expires}. Create the task again.",
    zh: "授权请求已于 {expires} 过期。请重新创建计算任务。",
  },
  "task.receipt": {
    status: 409,
    en: "The enclave's receipt does not fit the task: {reason}. The result is not accepted.",
    zh: "可信执行环境的回执与任务不符：{reason}。结果未被接受。",
  },
});
