/** What kinds of streams and statements are called. */
import type { Text } from "../../contract/endpoint.ts";
import { acts } from "../../evidence/explain-text.ts";

const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

export const books: Readonly<Record<string, Text>> = {
  organisation: text("Organisation", "机构"),
  enclave: text("Enclave", "可信执行环境"),
  alliance: text("Alliance", "计算联盟"),
  model: text("Model", "计算模型"),
  source: text("Data source", "数据源"),
  task: text("Task", "计算任务"),
  "key-node": text("Key node", "密钥节点"),
  "key-group": text("Key group", "密钥群组"),
  key: text("Key", "密钥"),
  "key-request": text("Signing request", "签名请求"),
};

const others: Readonly<Record<string, Text>> = {
  "organisation.founded": text("put its certificate authority on the ledger", "登记了证书颁发机构"),
  "organisation.authority-renewed": text("renewed its certificate authority", "更新了证书颁发机构"),
  "organisation.crl-published": text("published its revocation list", "发布了证书吊销列表"),
  "enclave.attested": text("proved itself as an enclave", "作为可信执行环境出具证明"),
  "alliance.declined": text("declined the invitation", "拒绝了加入联盟的邀请"),
  "task.revoked": text("revoked its authorisation", "撤销了授权"),
  "task.refused": text("refused the task", "拒绝了计算任务"),
  "task.failed": text("said that the run failed", "声明执行失败"),
};

/** In words where there are some, else as the ledger writes it. */
export const kindText = (kind: string): Text =>
  (acts as Readonly<Record<string, Text>>)[kind] ?? others[kind] ?? text(kind, kind);

/** Where a resource of the kind is shown. */
export const placeOfBook = (book: string, stream: string): string | undefined => {
  const folder = (
    {
      alliance: "alliances",
      model: "models",
      source: "sources",
      task: "tasks",
      key: "keys",
      "key-group": "key-groups",
      "key-request": "key-requests",
    } as Readonly<Record<string, string>>
  )[book];
  return folder && `/${folder}/${stream}`;
};
