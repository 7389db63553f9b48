/** The words of an explanation, in both languages. */
import type { Language } from "../base/refusal.ts";

export type Texts = Readonly<Record<Language, string>>;
export type Lists = Readonly<Record<Language, string[]>>;
export const text = (en: string, zh: string): Texts => ({ en, "zh-CN": zh });
export const listed = (texts: readonly Texts[]): Lists => ({
  en: texts.map(({ en }) => en),
  "zh-CN": texts.map((each) => each["zh-CN"]),
});

/** Acts that are agreements of somebody, by kind. */
export const acts = {
  "alliance.founded": text("created the alliance", "创建了联盟"),
  "alliance.invited": text("invited a member to the alliance", "邀请成员加入联盟"),
  "alliance.joined": text("joined the alliance", "加入了联盟"),
  "alliance.moved": text("moved the alliance to another enclave", "将联盟迁移到另一可信执行环境"),
  "model.published": text("published the model", "发布了计算模型"),
  "model.revised": text("published another version of the model", "发布了计算模型的新版本"),
  "model.permitted": text("changed who may use the model", "修改了计算模型的权限"),
  "model.moved": text("moved the model to another enclave", "将计算模型迁移到另一可信执行环境"),
  "model.withdrawn": text("withdrew the model", "撤回了计算模型"),
  "source.registered": text("registered the data source", "登记了数据源"),
  "source.described": text("described the data source anew", "修改了数据源说明"),
  "source.reconnected": text("changed how the data source is reached", "修改了数据源的连接信息"),
  "source.permitted": text("changed who may use the data source", "修改了数据源的权限"),
  "source.governed": text("changed what it asks of results", "修改了结果策略"),
  "source.granted": text("agreed in advance to tasks of one shape", "预先授权了特定形式的任务"),
  "source.grant-withdrawn": text("withdrew a consent in advance", "撤回了一项预先授权"),
  "source.moved": text("moved the data source to another enclave", "将数据源迁移到另一可信执行环境"),
  "source.withdrawn": text("withdrew the data source", "撤回了数据源"),
  "task.created": text("asked for the task", "发起了计算任务"),
  "task.receiver-authorised": text("authorised as the result receiver", "作为结果使用方授权"),
  "task.source-authorised": text("authorised as a data provider", "作为数据源提供方授权"),
  "task.model-authorised": text("authorised as the model provider", "作为模型提供方授权"),
  "task.run-requested": text("asked for the run", "执行了任务"),
  "task.recurred": text("began a run of the schedule", "按执行计划开始一次执行"),
  "task.delegated": text("had another enclave run it", "交由其他可信执行环境执行"),
  "task.acknowledged": text("confirmed that it has the result", "确认已收到结果"),
  "task.diagnostics-requested": text("asked for the failure's diagnostics", "申请查看失败诊断"),
  "task.diagnostics-authorised": text("agreed that the diagnostics are released", "授权提供失败诊断"),
  "task.diagnostics-refused": text("refused the diagnostics", "拒绝提供失败诊断"),
  "task.completed": text("ran it and signed the receipt", "执行完成并签署回执"),
  "key-node.attested": text("proved itself as a key node", "作为密钥节点出具证明"),
  "key-node.moved": text("said where other nodes reach it", "声明其节点地址"),
  "key-group.founded": text("created the key group", "创建了群组"),
  "key-group.change-proposed": text("proposed a change of the key group", "提议变更群组"),
  "key-group.change-approved": text("agreed to a change of the key group", "同意变更群组"),
  "key-group.change-refused": text("refused a change of the key group", "拒绝变更群组"),
  "key.founded": text("asked for the key", "申请生成或导入密钥"),
  "key.made": text("made its share of the key", "生成了密钥分片"),
  "key.failed": text("said that shares could not be made", "声明分片未能生成"),
  "key.described": text("described the key anew", "修改了密钥说明"),
  "key.disabled": text("disabled the key", "停用了密钥"),
  "key.enabled": text("enabled the key again", "重新启用了密钥"),
  "key.deletion-scheduled": text("had the key deleted at a later day", "计划删除密钥"),
  "key.deletion-cancelled": text("kept the key that was to be deleted", "取消删除密钥"),
  "key.reshare-requested": text("asked for new shares of the key", "申请更新密钥分片"),
  "key.reshare-approved": text("agreed to new holders of the key's shares", "同意重新分片"),
  "key-request.founded": text("asked for the use of the key", "发起密钥使用请求"),
  "key-request.approved": text("approved the request", "批准了请求"),
  "key-request.refused": text("refused the request", "拒绝了请求"),
  "key-request.withdrawn": text("withdrew the request", "撤回了请求"),
  "key-request.completed": text("answered for what the nodes did", "声明节点已完成请求"),
  "key-request.failed": text("took no part in the request", "未参与该请求"),
} as const;
export type Act = keyof typeof acts;

export interface Repeated {
  readonly number: number;
  /** Id of the scheduled task. */
  readonly of: string;
  /** Seconds. */
  readonly every: number;
  readonly runs: number;
  /** Who agreed to it, and when (ISO 8601). */
  readonly agreed: readonly { readonly by: string; readonly at: string }[];
}

/** Of which scheduled task a run is, and who agreed to that once for all of its runs. */
export const repeated = ({ number, of, every, runs, agreed }: Repeated): Texts => {
  const each = (words: (by: string, day: string) => string) => agreed.map(({ by, at }) => words(by, at.slice(0, 10)));
  return text(
    `run ${number} of ${of}, which runs every ${every} s, at most ${runs} times; agreed to by ${each((by, day) => `${by} on ${day}`).join(", ")}`,
    `${of} 的第 ${number} 次执行（每 ${every} 秒一次，至多 ${runs} 次）；授权：${each((by, day) => `${by}（${day}）`).join("、")}`,
  );
};

export interface Checked {
  readonly statements: number;
  readonly principals: number;
  /** Of the checkpoint. */
  readonly size: number;
  readonly origin: string;
  readonly texts: number;
  readonly pinned: readonly string[];
}

const ofRun: readonly Texts[] = [
  text(
    "The receipt is signed by the key in the enclave's evidence, and names this task, code, data and program.",
    "回执由可信执行环境证明中的密钥签署，所述任务、代码、数据与程序均一致。",
  ),
  text(
    "The enclave had seen the newest statement of every stream that matters, in a ledger that this one continues.",
    "可信执行环境看到了所有相关流的最新声明，且其所见账本是本账本的前段。",
  ),
];

/** What is no member's name among what was pinned. */
const PINNED: Readonly<Record<string, string>> = {
  ledger: "账本",
  enclave: "可信执行环境",
  provider: "证明方式",
};

/** What was checked of every bundle, and held; `own` is what was of this kind. */
export const checks = ({ statements, principals, size, origin, texts, pinned }: Checked, own = ofRun): Lists =>
  listed([
    text(
      "The file is canonical JSON (RFC 8785) of its form and holds nothing else.",
      "文件为规范 JSON（RFC 8785），格式正确，且不含其他内容。",
    ),
    text(
      `${statements} statements carry valid signatures of ${principals} signers, each under a certificate that was valid and not revoked then.`,
      `${statements} 条声明带有 ${principals} 个签名方的有效签名，所用证书在当时有效且未被吊销。`,
    ),
    text(
      "Every rule was applied again to every statement: permissions, membership, the order of authorisation, expiry.",
      "对每条声明重新执行了全部规则：权限、成员资格、授权顺序与有效期。",
    ),
    text(
      `Each statement is in its place in the ledger ${origin}, under its signed checkpoint of ${size} entries.`,
      `每条声明均位于账本 ${origin} 的相应位置，并受其 ${size} 个条目的签名检查点约束。`,
    ),
    ...own,
    text(`The ${texts} texts shown are the ones that were signed.`, `所示的 ${texts} 段文本均为签名时承诺的文本。`),
    ...(pinned.length > 0
      ? [
          text(
            `What you pinned is as you pinned it: ${pinned.join(", ")}.`,
            `您固定信任的内容均一致：${pinned.map((one) => PINNED[one] ?? one).join("、")}。`,
          ),
        ]
      : []),
  ]);

export interface Unproven {
  readonly attestation: Texts | undefined;
  /** Names of members whose CA was not pinned. */
  readonly unpinned: readonly string[];
  readonly ledgerPinned: boolean;
  readonly size: number;
  /** Texts committed to and not in the file. */
  readonly leftOut: number;
}

const unprovenOfRun: readonly Texts[] = [
  text(
    "That the data were true: the providers answer for what they sealed.",
    "数据的真实性：由数据提供方对其加密的内容负责。",
  ),
  text(
    "That the model is right or harmless: its digest is proven, its quality is not. Read the code.",
    "模型的正确性与无害性：仅证明其摘要，不证明其质量。请阅读代码。",
  ),
];

/** What the file cannot prove, in so many words; `own` is what is so of this kind. */
export const notProven = (
  { attestation, unpinned, ledgerPinned, size, leftOut }: Unproven,
  own = unprovenOfRun,
): Lists =>
  listed([
    ...(attestation ? [attestation] : []),
    ...own,
    ...(unpinned.length > 0
      ? [
          text(
            `Who is behind the names ${unpinned.join(", ")}: the platform gives names. Compare their CA fingerprints with them and pin these.`,
            `名称 ${unpinned.join("、")} 背后的真实身份：名称由平台授予。请与对方核对 CA 指纹并固定信任。`,
          ),
        ]
      : []),
    ...(ledgerPinned
      ? []
      : [
          text(
            "That this is the ledger you know: its key was not pinned.",
            "该账本即您所知的账本：其密钥未被固定信任。",
          ),
        ]),
    text(
      `What happened after the ledger's ${size} entries, and that its operator showed nobody another ledger: no witness has cosigned it.`,
      `账本 ${size} 个条目之后发生的事情，以及账本运营方未向他人出示另一账本：没有见证方联合签名。`,
    ),
    ...(leftOut > 0
      ? [
          text(
            `What ${leftOut} texts say that were left out of the file: only their digests are proven.`,
            `文件中省略的 ${leftOut} 段文本的内容：仅证明其摘要。`,
          ),
        ]
      : []),
  ]);
