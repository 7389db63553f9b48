import { refusals } from "../../base/refusal.ts";

/** Why a model has no result. What a model says of itself is quoted, cut to 500 characters, and never believed. */
export const refuse = refusals({
  "model.manifest": {
    status: 422,
    en: "The model's entente.json is not usable: {reason}. Correct it and publish the model again.",
    zh: "模型的 entente.json 无法使用：{reason}。请更正后重新发布模型。",
  },
  "model.parameter": {
    status: 422,
    en: "The parameter {name} does not fit the model: {reason}. Create the task again with parameters that entente.json names.",
    zh: "参数 {name} 与模型不符：{reason}。请按 entente.json 声明的参数重新创建任务。",
  },
  "model.table": {
    status: 422,
    en: "The table {name} does not fit the model: {reason}. Choose a source that has the columns that entente.json names.",
    zh: "数据表 {name} 与模型不符：{reason}。请选择包含 entente.json 所声明各列的数据源。",
  },
  "model.timeout": {
    status: 422,
    en: "The model did not end within {seconds} seconds and was stopped. Make it faster, or raise the task's time limit.",
    zh: "模型未能在 {seconds} 秒内结束，已被停止。请优化模型，或提高任务的时间限额。",
  },
  "model.memory": {
    status: 422,
    en: "The model needed more than {memory} bytes of memory and was stopped. Read tables in batches, or raise the limit.",
    zh: "模型所需内存超过 {memory} 字节，已被停止。请分批读取数据，或提高内存限额。",
  },
  "model.output-too-large": {
    status: 422,
    en: "The model put out more than {limit} bytes and was stopped. Return and print less.",
    zh: "模型输出超过 {limit} 字节，已被停止。请减少返回或打印的内容。",
  },
  "model.exited": {
    status: 422,
    en: "The model ended with status {status} before it returned a result. Return from main instead of leaving the process.",
    zh: "模型在返回结果之前以状态 {status} 退出。请从 main 返回结果，而不要退出进程。",
  },
  "model.threw": {
    status: 422,
    en: "The model failed: {message}. Its author can repeat this with a dry run on synthetic rows.",
    zh: "模型运行出错：{message}。模型作者可用合成数据试运行以复现该错误。",
  },
  "model.protocol": {
    status: 422,
    en: "The model wrote to the channel of its results what is no result: {reason}. Return the result from main, nothing else.",
    zh: "模型向结果通道写入了无效内容：{reason}。请仅从 main 返回结果。",
  },
  "model.result-schema": {
    status: 422,
    en: "The result is not as entente.json declares: {reason}. Return the declared columns in their types.",
    zh: "结果与 entente.json 的声明不符：{reason}。请按声明的列和类型返回结果。",
  },
  "model.result-rows": {
    status: 422,
    en: "The result has more than {maxRows} rows, the most that entente.json allows. Return fewer.",
    zh: "结果超过 {maxRows} 行，即 entente.json 允许的上限。请减少返回的行数。",
  },
  "model.stopped": {
    status: 409,
    en: "The run was stopped before the model ended. Start the task again if that was not intended.",
    zh: "任务在模型结束前被停止。如非有意，请重新启动任务。",
  },
  "runner.unavailable": {
    status: 503,
    en: "The runner {runner} is not available on this machine: {reason}. Install what is missing; no weaker sandbox is used instead.",
    zh: "本机无法使用运行器 {runner}：{reason}。请安装所缺组件；系统不会改用较弱的沙箱。",
  },
});
