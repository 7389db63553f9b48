import { refusals } from "../../base/refusal.ts";

/** Why bytes are not taken for a batch of columns. */
export const refuse = refusals({
  "columns.malformed": {
    status: 502,
    en: "The columns received are malformed: {reason}. Nothing of them is used; send them as the format says.",
    zh: "收到的列数据格式错误：{reason}。数据未被使用，请按格式要求重新发送。",
  },
  "columns.too-large": {
    status: 413,
    en: "The columns received exceed the limit of {limit} {what}. Send less, or raise the limit of the task.",
    zh: "收到的列数据超过上限 {limit} {what}。请减少数据，或提高任务的限额。",
  },
  "columns.value": {
    status: 400,
    en: "The value {value} is not a {type} (column {column}, row {row}). Convert it, or declare another type.",
    zh: "值 {value} 不是 {type} 类型（列 {column}，第 {row} 行）。请转换该值，或声明其他类型。",
  },
  "columns.cast": {
    status: 409,
    en: "Column {column} has type {from}, which does not widen to {to}. Declare {from} in the model, or change the source.",
    zh: "列 {column} 的类型为 {from}，无法扩展为 {to}。请在模型中声明 {from}，或修改数据源。",
  },
});
