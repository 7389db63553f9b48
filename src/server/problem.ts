/** Every error as `application/problem+json` (RFC 9457), with a code, in the caller's language. */
import type { FastifyError } from "fastify";
import { explain, type Language, Refusal } from "../base/refusal.ts";
import { refuse } from "./errors.ts";

export interface Problem {
  /** `urn:entente:error:<code>` */
  type: string;
  code: string;
  status: number;
  /** What is wrong and what to do next. */
  title: string;
  details: Record<string, unknown>;
  requestId: string;
}

export const problemOf = (refusal: Refusal, language: Language, requestId: string): Problem => ({
  type: `urn:entente:error:${refusal.code}`,
  code: refusal.code,
  status: refusal.status,
  title: explain(refusal.code, refusal.details, language),
  details: refusal.details,
  requestId,
});

/** What the framework says no to, in our words; undefined for what nobody foresaw. */
export const refusalOf = (error: unknown, bodyLimit: number): Refusal | undefined => {
  if (error instanceof Refusal) return error;
  const { code, statusCode = 500, message = "" } = error as Partial<FastifyError>;
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return refuse("request.too-large", { max: bodyLimit });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return refuse("request.media", { type: "another kind", expected: "application/json" });
    case "FST_ERR_BAD_URL":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return refuse("request.malformed", { reason: message.slice(0, 200) });
    default:
      return statusCode >= 400 && statusCode < 500
        ? refuse("request.malformed", { reason: message.slice(0, 200) })
        : undefined;
  }
};
