import { refusals } from "../../base/refusal.ts";

/**
 * Why a result does not leave. The details name sources, columns and what a policy says; never a value, a count of rows
 * in a group, or anything else that was computed from data.
 */
export const refuse = refusals({
  "gate.policy": {
    status: 409,
    en: "The policy of {source} names column {position}, and its table has {columns} columns. Its owner registers it again.",
    zh: "数据源 {source} 的结果策略引用了第 {position} 列，而其表只有 {columns} 列。请所有者重新登记。",
  },
  "gate.rows": {
    status: 409,
    en: "The result has more than the {limit} rows that {source} allows. Have the model give fewer, or ask its owner.",
    zh: "结果行数超过数据源 {source} 允许的 {limit} 行。请让模型减少输出，或联系所有者。",
  },
  "gate.group": {
    status: 409,
    en: "A row of the result is about fewer than {size} in {source}. Leave small groups out in the model, or group by less.",
    zh: "结果中有一行对应数据源 {source} 中不足 {size} 条的分组。请在模型中去掉小分组，或减少分组字段。",
  },
  "gate.group-repeated": {
    status: 409,
    en: "Two rows of the result are about one group of {source}. Give one row a group, and group by columns that its policy names, under their own names and types.",
    zh: "结果中有两行对应数据源 {source} 的同一分组。请每个分组只输出一行，并按其策略列出的字段（同名同类型）分组。",
  },
  "gate.groups": {
    status: 413,
    en: "There are too many different groups to count: more than {groups}, or {bytes} bytes of keys. Group by less.",
    zh: "需要计数的不同分组过多：超过 {groups} 个，或键超过 {bytes} 字节。请减少分组字段。",
  },
  "gate.values": {
    status: 409,
    en: "Column {column} of the result is {type}; {source} allows only numbers beside the columns that it is grouped by. Leave it out, or give a number.",
    zh: "结果字段 {column} 的类型为 {type}，而数据源 {source} 在分组字段之外只允许数值。请去掉该字段，或改为数值。",
  },
  "gate.noise": {
    status: 409,
    en: "Column {column} of the result leaves without the noise that {source} asks for ({rule}). Declare noise for it in the model's manifest, or leave it out.",
    zh: "结果字段 {column} 没有数据源 {source} 要求的噪声（{rule}）。请在模型清单中为其声明噪声，或去掉该字段。",
  },
  "gate.noise-declared": {
    status: 400,
    en: "The noise declared for column {column} cannot be added: {reason}. Correct the model's manifest.",
    zh: "无法添加为字段 {column} 声明的噪声：{reason}。请修改模型清单。",
  },
  "gate.noise-value": {
    status: 409,
    en: "Column {column} of the result is to have noise and holds NULL or no finite number. Give a number in every row.",
    zh: "结果字段 {column} 需要添加噪声，但其中有空值或非有限数值。请每行都给出数值。",
  },
  "gate.noise-many": {
    status: 413,
    en: "The result has more than {limit} values with noise. Give fewer rows or columns.",
    zh: "结果中需要添加噪声的值超过 {limit} 个。请减少行或字段。",
  },
  "gate.bounded": {
    status: 409,
    en: "{source} allows results of exactly one row. Have the model always give one.",
    zh: "数据源 {source} 只允许恰好一行的结果。请让模型始终输出一行。",
  },
  "gate.budget": {
    status: 409,
    en: "{source} gives no more: its budget of {limit} {what} does not cover {asked} beyond the {spent} spent. Ask its owner for a larger one.",
    zh: "数据源 {source} 的预算不足：{what} 上限 {limit}，已用 {spent}，本次需要 {asked}。请联系所有者提高预算。",
  },
});
