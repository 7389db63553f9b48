/**
 * AWS Signature Version 4, checked ("Create a signed AWS API request", AWS Identity and Access Management user guide).
 * A client's retry within a second carries the very same signature: what is done once for one is once.ts's business.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { MINUTE } from "../../../base/clock.ts";
import { KmsError } from "./errors.ts";

export interface Signed {
  readonly method: string;
  /** As it was sent, without query. */
  readonly path: string;
  readonly query: string;
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
}

export interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
}
interface Authorization extends Scope {
  readonly date: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** As much may the clock be off, either way. */
export const SKEW = 5 * MINUTE;
/** What has to be covered: where it goes, when, and what is asked. */
const COVERED = ["host", "x-amz-date", "x-amz-target"];
const FIELD =
  /^AWS4-HMAC-SHA256 +Credential=([\w-]{1,128})\/(\d{8})\/([a-z0-9-]{1,64})\/kms\/aws4_request, *SignedHeaders=([a-z0-9;-]{1,1024}), *Signature=([0-9a-f]{64})$/;

/** @throws KmsError MissingAuthenticationTokenException, IncompleteSignatureException */
export const parseAuthorization = (field: string | undefined): Authorization => {
  if (!field) throw new KmsError("MissingAuthenticationTokenException", "Sign the request (AWS Signature Version 4).");
  const [, accessKeyId = "", date = "", region = "", headers = "", signature = ""] = FIELD.exec(field) ?? [];
  const signedHeaders = headers.split(";");
  if (signature === "" || !COVERED.every((name) => signedHeaders.includes(name)))
    throw new KmsError(
      "IncompleteSignatureException",
      `Authorization has to be AWS4-HMAC-SHA256 for the service kms, and cover ${COVERED.join(", ")}.`,
    );
  return { accessKeyId, date, region, signedHeaders, signature };
};

/** @throws KmsError InvalidSignatureException, IncompleteSignatureException */
export const checkSignature = (request: Signed, authorization: Authorization, secret: string, now: number): void => {
  const { date, region, signedHeaders, signature } = authorization;
  const time = request.header("x-amz-date") ?? "";
  const [, day, hour, minute, second] = /^(\d{8})T(\d{2})(\d{2})(\d{2})Z$/.exec(time) ?? [];
  if (day !== date) throw new KmsError("IncompleteSignatureException", "X-Amz-Date is not of the day of Credential.");
  const at = Date.parse(`${day.replace(/(\d{4})(\d{2})(\d{2})/, "$1-$2-$3")}T${hour}:${minute}:${second}Z`);
  // A time that is none compares false with everything.
  if (!(Math.abs(now - at) <= SKEW))
    throw new KmsError(
      "InvalidSignatureException",
      `Signature expired: ${time} is more than 5 minutes off. Set the clock.`,
    );

  const headers = signedHeaders.map((name) => `${name}:${(request.header(name) ?? "").trim().replace(/ +/g, " ")}\n`);
  const canonical = [
    ...[request.method, request.path, request.query, headers.join(""), signedHeaders.join(";"), sha256(request.body)],
  ].join("\n");
  const scope = `${date}/${region}/kms/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = [date, region, "kms", "aws4_request"].reduce<Buffer | string>(
    (from, part) => hmac(from, part),
    `AWS4${secret}`,
  );
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, "hex")))
    throw new KmsError("InvalidSignatureException", "The signature does not match. Check the secret access key.");
};

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
