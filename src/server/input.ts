/** A request's input by the contract's schema: path parameters, query and JSON body as one object. */
import { z } from "zod";
import { fromUtf8 } from "../base/bytes.ts";
import type { Language } from "../base/refusal.ts";
import { refuse } from "./errors.ts";

const messages = { en: z.locales.en().localeError, "zh-CN": z.locales.zhCN().localeError };
const ISSUES_SHOWN = 20;

/** @throws Refusal request.invalid with the path and reason of everything wrong */
export const parseInput = <S extends z.ZodType>(schema: S, value: unknown, language: Language): z.output<S> => {
  const nul = pathOfNul(value);
  if (nul) throw invalid([{ path: nul.join("."), message: NUL_MESSAGE[language] }]);
  const parsed = schema.safeParse(value, { error: messages[language] });
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues
      .slice(0, ISSUES_SHOWN)
      .map(({ path, message }) => ({ path: path.map(String).join("."), message })),
  );
};

const invalid = (issues: { path: string; message: string }[]) => {
  const problems = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  return refuse("request.invalid", { problems, issues });
};

const NUL_MESSAGE = { en: "holds the character U+0000", "zh-CN": "包含字符 U+0000" };

/** Where there is a text with U+0000, which PostgreSQL stores in none. The value is no deeper than JSON may be here. */
const pathOfNul = (value: unknown): string[] | undefined => {
  if (typeof value === "string") return value.includes("\0") ? [] : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, each] of Object.entries(value)) {
    const path = name.includes("\0") ? [] : pathOfNul(each);
    if (path) return [name.replaceAll("\0", ""), ...path];
  }
  return undefined;
};

/** Deeper nesting than anything here has; deeper text could exhaust the stack of whoever walks it. */
const DEPTH_MAX = 64;

/** @throws Refusal request.json */
export const parseJson = (body: Uint8Array | undefined): unknown => {
  if (body === undefined || body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(fromUtf8(body));
    if (!isDeeper(value, DEPTH_MAX)) return value;
  } catch {
    throw refuse("request.json");
  }
  throw refuse("request.json");
};

const isDeeper = (value: unknown, depth: number): boolean => {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((each) => isDeeper(each, depth - 1));
};

/** Path parameters win over query and body, which cannot redirect a request to another resource. */
export const inputOf = (params: unknown, rest: unknown): unknown =>
  typeof rest === "object" && rest !== null && !Array.isArray(rest) ? { ...rest, ...(params as object) } : rest;
