/** Requests for an object, signed with AWS Signature Version 4. */
import { AwsV4Signer } from "aws4fetch";
import type { ObjectLocation } from "../../rules/object-location.ts";

/** SHA-256 of no content. */
const NO_CONTENT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export type Credentials = Pick<ObjectLocation, "region" | "accessKeyId" | "secretAccessKey" | "sessionToken">;

/** Everything but unreserved characters is escaped, as the signature has it; a slash in a key stays one. */
const escaped = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", "/");

export const urlOf = ({ endpoint, bucket, key, pathStyle }: ObjectLocation): URL => {
  const url = new URL(endpoint);
  if (pathStyle) return new URL(`${url.origin}/${bucket}/${escaped(key)}`);
  return new URL(`https://${bucket}.${url.host}/${escaped(key)}`);
};

/**
 * Headers of a GET, all of them signed.
 * @param headers beside those that the signature needs
 * @param now milliseconds since 1970
 */
export const signedHeaders = async (
  url: URL,
  { region, accessKeyId, secretAccessKey, sessionToken }: Credentials,
  headers: Record<string, string>,
  now: number,
): Promise<Record<string, string>> => {
  const signer = new AwsV4Signer({
    method: "GET",
    url: url.href,
    headers: { ...headers, "x-amz-content-sha256": NO_CONTENT },
    service: "s3",
    region,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    datetime: new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    allHeaders: true,
  });
  const signed = await signer.sign();
  return Object.fromEntries(signed.headers);
};
