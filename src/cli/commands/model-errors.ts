import { refusals } from "../../base/refusal.ts";

/** Refusals about a model's project on this machine. */
export const refuse = refusals({
  "project.not-empty": {
    status: 409,
    en: "The folder {path} is not empty, and nothing in it was changed. Choose another name, or empty it first.",
    zh: "目录 {path} 非空，其内容未被改动。请换用其他名称，或先清空该目录。",
  },
  "project.missing": {
    status: 404,
    en: "There is no model at {path}. Name its folder or archive, or begin one with `entente model init NAME`.",
    zh: "{path} 处没有模型。请指明模型目录或归档，或使用 `entente model init 名称` 新建。",
  },
  "project.parameters": {
    status: 422,
    en: "{path} does not hold parameters: {reason}. Write a JSON object of names and values.",
    zh: "{path} 中没有可用的参数：{reason}。请写成由名称与值组成的 JSON 对象。",
  },
  "project.out": {
    status: 400,
    en: "{path} is inside the model's folder: the next archive would hold this one. Choose a place outside with --out.",
    zh: "{path} 位于模型目录内，下次打包会把它一并打入。请用 --out 指定目录之外的位置。",
  },
  "project.different": {
    status: 409,
    en: "{a} and {b} are not the same model: {files} files differ. Read what differs before you publish or authorise.",
    zh: "{a} 与 {b} 不是同一模型：有 {files} 个文件不同。请先阅读差异，再发布或授权。",
  },
});
