import type { Text } from "./endpoint.ts";

/** A text in both languages, for labels of codes. */
export const label = (en: string, zh: string): Text => ({ en, "zh-CN": zh });
