import { createJavascriptRunner } from "./javascript/index.ts";
import { createQuickjsRunner } from "./quickjs/index.ts";
import type { Runner } from "./runner.ts";

/** Runners by id. */
export const runners: Record<string, Runner> = {
  javascript: createJavascriptRunner(),
  "javascript-quickjs": createQuickjsRunner(),
};
