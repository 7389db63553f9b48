/** Errors as AWS names them: the client's libraries make exceptions of the names, and repeat what is of status 500. */
import { explain, type Language, type Refusal } from "../../../base/refusal.ts";

export class KmsError extends Error {
  readonly type: string;
  readonly status: number;
  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

const BY_CODE: Readonly<Record<string, string>> = {
  "stream.unknown": "NotFoundException",
  "key.state": "KMSInvalidStateException",
  "rate.limited": "ThrottlingException",
  "request.too-large": "ValidationException",
  "organisation.required": "AccessDeniedException",
  "access-key.refused": "UnrecognizedClientException",
};
const BY_STATUS: Readonly<Record<number, string>> = {
  400: "ValidationException",
  401: "UnrecognizedClientException",
  403: "AccessDeniedException",
  404: "NotFoundException",
  409: "KMSInvalidStateException",
  413: "ValidationException",
  415: "ValidationException",
  429: "ThrottlingException",
};

export const errorOf = (refusal: Refusal, language: Language): KmsError => {
  const { code, status, details } = refusal;
  const message = explain(code, details, language);
  const type = BY_CODE[code] ?? BY_STATUS[status];
  if (type !== undefined) return new KmsError(type, message);
  return new KmsError(status === 503 ? "DependencyTimeoutException" : "KMSInternalException", message, 500);
};
