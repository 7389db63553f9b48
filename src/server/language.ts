/** The answer's language (RFC 9110 section 12.5.4): Chinese where the client prefers it, else English. */
import type { Language } from "../base/refusal.ts";

export const languageOf = (accept: string | undefined): Language => {
  if (!accept) return "en";
  let best: Language = "en";
  let weight = 0;
  for (const range of accept.slice(0, 256).split(",")) {
    const [, tag = "", q = "1"] =
      /^\s*([a-z]{1,8})(?:-[a-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$/i.exec(range) ?? [];
    const language = { zh: "zh-CN", en: "en" }[tag.toLowerCase()] as Language | undefined;
    if (language && Number(q) > weight) {
      best = language;
      weight = Number(q);
    }
  }
  return best;
};
