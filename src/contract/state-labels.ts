/** What states and kinds are called. Words and nothing else: pages that show them load no rules. */
import type { KeyAction, KeyRequestState } from "../rules/key-request-state.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import type { Attempt, KeyState } from "../rules/key-state.ts";
import type { TaskState } from "../rules/task-state.ts";
import type { Text } from "./endpoint.ts";
import { label } from "./label.ts";

/** The codes themselves, in the order of their labels. */
export const codesOf = <C extends string>(labels: Readonly<Record<C, Text>>): readonly C[] =>
  Object.keys(labels) as C[];

/** The states of a task as the console names them. */
export const taskStateLabels: Readonly<Record<TaskState, Text>> = {
  "receiver-authorising": label("Waiting for the result receiver", "结果使用方授权中"),
  "source-authorising": label("Waiting for the data providers", "数据源提供方授权中"),
  "model-authorising": label("Waiting for the model provider", "模型提供方授权中"),
  authorised: label("Authorised", "计算任务授权成功"),
  "authorisation-failed": label("Authorisation failed", "计算任务授权失败"),
  running: label("Running", "计算任务执行中"),
  succeeded: label("Succeeded", "计算任务执行成功"),
  failed: label("Failed", "计算任务执行失败"),
};

/** The five steps of an authorisation (事件流程). */
export const stepLabels = {
  request: label("Authorisation asked for", "发起授权邀请"),
  receiver: label("Result receiver authorises", "结果使用方授权"),
  sources: label("Data providers authorise", "数据源提供方授权"),
  model: label("Model provider authorises", "模型提供方授权"),
  complete: label("Authorisation complete", "授权完成"),
} as const;

export const keyStateLabels: Readonly<Record<KeyState, Text>> = {
  pending: label("Creating", "生成中"),
  enabled: label("Enabled", "启用"),
  disabled: label("Disabled", "停用"),
  "deletion-scheduled": label("Pending deletion", "待删除"),
  deleted: label("Deleted", "已删除"),
  failed: label("Failed", "失败"),
};

export const keySchemeLabels: Readonly<Record<KeyScheme, Text>> = {
  ECDSA_K1: label("ECDSA on secp256k1", "ECDSA 签名（secp256k1 曲线）"),
  ECDSA_R1: label("ECDSA on P-256", "ECDSA 签名（P-256 曲线）"),
  EDDSA_ED25519: label("EdDSA on Ed25519", "EdDSA 签名（Ed25519 曲线）"),
  SCHNORR_BIP340: label("Schnorr (BIP 340)", "Schnorr 签名（BIP 340）"),
  SM2: label("SM2", "国密 SM2"),
};

export const attemptLabels: Readonly<Record<Attempt["kind"], Text>> = {
  generate: label("Key generation", "密钥生成"),
  import: label("Key import", "密钥导入"),
  refresh: label("Refresh of all shares", "分片更新"),
  recover: label("Recovery of lost shares", "密钥恢复"),
  reshare: label("Other holders or threshold", "重新分片"),
};

export const requestStateLabels: Readonly<Record<KeyRequestState, Text>> = {
  pending: label("Pending", "处理中"),
  completed: label("Completed", "已完成"),
  refused: label("Refused", "已拒绝"),
  withdrawn: label("Withdrawn", "已撤回"),
  failed: label("Failed", "失败"),
  expired: label("Expired", "已过期"),
};

export const keyActionLabels: Readonly<Record<KeyAction, Text>> = {
  sign: label("Sign", "签名"),
  export: label("Export", "导出密钥"),
};
