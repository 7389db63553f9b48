import { refusals } from "../../base/refusal.ts";

export const refuse = refusals({
  "demo.directory": {
    status: 409,
    en: "The directory {directory} is not empty. Name a new one with --data, or leave it out for a temporary one.",
    zh: "目录 {directory} 非空。请用 --data 指定新的目录，或省略以使用临时目录。",
  },
});
