/** Policies to begin from: those of the guide (docs/en/policies.md), each a text to change. */
import type { Text } from "../../contract/endpoint.ts";
import { label } from "../../contract/shapes.ts";

export interface Example {
  readonly id: string;
  readonly name: Text;
  readonly text: string;
}

const ADDRESS = `0x${"51".repeat(20)}`;

export const EXAMPLES: readonly Example[] = [
  {
    id: "make-keys",
    name: label("Requesters may have keys made and imported", "请求方可生成和导入密钥"),
    text: `permit (
  principal in Role::"requester",
  action in [Action::"createKey", Action::"importKey"],
  resource
);`,
  },
  {
    id: "keep-shares",
    name: label("Administrators may refresh and hand over shares", "管理员可更新和重新分配分片"),
    text: 'permit (principal in Role::"administrator", action == Action::"reshare", resource);',
  },
  {
    id: "sign-anything",
    name: label("Requesters may sign anything", "请求方可签署任意内容"),
    text: 'permit (principal in Role::"requester", action == Action::"sign", resource);',
  },
  {
    id: "documents",
    name: label("Messages only, no transactions", "仅限消息，不含交易"),
    text: `permit (principal in Role::"requester", action == Action::"sign", resource)
when { context.purpose == "message" };`,
  },
  {
    id: "pay-listed",
    name: label("Pay only these addresses, on one chain", "仅向指定地址、在指定链上付款"),
    text: `permit (principal in Role::"requester", action == Action::"sign", resource)
when {
  context has transaction && context.transaction has to &&
  context.transaction.chainId == 1 &&
  ["${ADDRESS}"].contains(context.transaction.to)
};`,
  },
  {
    id: "two-for-large",
    name: label("Large amounts after two approvals", "大额须两方审批"),
    text: `forbid (principal, action == Action::"sign", resource)
when {
  context has transaction &&
  context.transaction.value.greaterThan(decimal("1.5")) &&
  context.approvals < 2
};`,
  },
  {
    id: "daily-budget",
    name: label("A daily budget, fees included", "每日限额，含手续费"),
    text: `forbid (principal, action == Action::"sign", resource)
when { context.spent.day.costGwei > 20000000000 };`,
  },
  {
    id: "office-hours",
    name: label("Office hours in Beijing", "北京时间工作时间"),
    text: `forbid (principal, action == Action::"sign", resource)
when { context.purpose == "transaction" }
unless {
  context.time.weekday <= 5 &&
  context.now.offset(duration("8h")).toTime() >= duration("9h") &&
  context.now.offset(duration("8h")).toTime() < duration("18h")
};`,
  },
  {
    id: "no-blank-cheques",
    name: label("No unlimited allowances, no contracts, no delegation", "禁止无限授权、创建合约与账户委托"),
    text: `forbid (principal, action == Action::"sign", resource)
when {
  (context has token && context.token.unlimited) ||
  (context has transaction &&
    (!(context.transaction has to) || context.transaction.type == "eip7702"))
};`,
  },
  {
    id: "child-keys",
    name: label("Requesters may sign with child keys", "请求方可使用子密钥签名"),
    text: 'permit (principal in Role::"requester", action == Action::"derive", resource);',
  },
  {
    id: "export-after-two",
    name: label("Administrators may export a key after two approvals", "两方审批后管理员可导出密钥"),
    text: `permit (principal in Role::"administrator", action == Action::"exportKey", resource)
when { context.approvals >= 2 };`,
  },
  {
    id: "test-keys",
    name: label("Keys tagged env=test sign for everybody", "标签为 env=test 的密钥可自由签名"),
    text: `permit (principal, action == Action::"sign", resource)
when { resource.hasTag("env") && resource.getTag("env") == "test" };`,
  },
];

/** What a new group begins with: keys can be made, and nothing is signed until somebody has thought about it. */
export const START: readonly string[] = ["make-keys", "keep-shares"];
