import { refusals } from "../../../base/refusal.ts";

/** Why SQL has no result. What the database says is quoted, and never believed. */
export const refuse = refusals({
  "model.sql-forbidden": {
    status: 422,
    en: "The SQL asks for what no model is given: {reason}. Use the tables and parameters that entente.json names: statements that CREATE views, tables and macros, then one SELECT.",
    zh: "该 SQL 使用了模型不允许的功能：{reason}。请只使用 entente.json 声明的数据表和参数：可先用若干 CREATE 语句创建视图、表和宏，最后是一条 SELECT。",
  },
});
