import type { Runner } from "../runner.ts";
export const createQuickjsRunner = (): Runner => {
  return { id: "javascript-quickjs", label: { en: "", "zh-CN": "" }, isolation: "quickjs", available: async () => "not built", start: async () => { throw new Error("x"); } };
};
