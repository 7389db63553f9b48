import { refusals } from "../../base/refusal.ts";

export const refuse = refusals({
  "demo.directory": {
    status: 409,
    en: "The directory {directory} is not empty. Name a new one with --data, or leave it out for a temporary one.",
    zh: "目录 {directory} 非空。请用 --data 指定新的目录，或省略以使用临时目录。",
  },
  "demo.untrue": {
    status: 500,
    en: "The demo found that this does not hold: {what}. Report it, with what was printed.",
    zh: "演示发现以下内容不成立：{what}。请连同输出一并报告。",
  },
  "demo.machine": {
    status: 503,
    en: "The demo cannot start what it needs: {reason}. Install it, or run the demo without this option.",
    zh: "演示无法启动所需的组件：{reason}。请先安装，或去掉该选项再运行演示。",
  },
});
