/** Why nodes made no key, or no signature, in words: the ledger has the code alone. */
import { explain } from "../base/refusal.ts";
import type { Text } from "../contract/endpoint.ts";
import { label } from "../contract/shapes.ts";
import type { ViewDeps } from "./view-deps.ts";

const texts: Readonly<Record<string, Text>> = {
  "key.unfit": label(
    "A node said that it made what does not fit the key. Make the key again, without that node if it happens twice.",
    "有节点声明的结果与密钥不符。请重新生成密钥；如再次发生，请排除该节点。",
  ),
  "key.conflict": label(
    "The nodes said that they made different keys. Make the key again; ask their operators if it happens twice.",
    "各节点声明的结果不一致。请重新生成密钥；如再次发生，请联系节点运营方。",
  ),
  "keynode.policy": label("The group's policies do not allow it.", "群组策略不允许该操作。"),
  "keynode.share": label(
    "A share that was imported does not belong to the key. Split the private key again.",
    "导入的分片与密钥不符。请重新拆分私钥。",
  ),
};

/** By the first word of the code. */
const areas: Readonly<Record<string, Text>> = {
  keynode: label(
    "A key node would not do its part. Look at the key and its group, then ask again.",
    "有密钥节点拒绝参与。请检查密钥与群组后重新发起。",
  ),
};

const UNKNOWN = label(
  "The messages of a node did not hold. The others do not work with it before its setup was made anew.",
  "有节点的消息未通过校验。在重新建立设置之前，其他节点不再与其协作。",
);

/** What a stream's nodes said last, where they have not done yet what they are asked for. */
export const showReason = ({ reasons, presence }: Pick<ViewDeps, "reasons" | "presence">, stream: string) => {
  const reason = reasons.get(stream);
  if (!reason) return null;
  const { code, details } = reason;
  if (code.startsWith("keynode.")) return { code, text: failureText(code) };
  const node = typeof details.node === "string" ? details.node : "";
  const named = { ...details, node: presence.nameOf(node).tag || node };
  return { code, text: label(explain(code, named, "en"), explain(code, named, "zh-CN")) };
};

/** A node chooses its code. */
const own = (all: Readonly<Record<string, Text>>, name: string): Text | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;

export const failureText = (code: string): Text => own(texts, code) ?? own(areas, code.split(".")[0] ?? "") ?? UNKNOWN;
