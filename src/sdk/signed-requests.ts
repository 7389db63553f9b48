/** What an access key adds to a request: its content's digest and a signature (RFC 9530, RFC 9421). */
import { fromHex } from "../base/bytes.ts";
import { type AccessKey, contentDigest, digestField, newNonce, signRequest } from "../contract/http-signature.ts";
import type { Authenticate, StreamBody, TransportOptions } from "./transport.ts";

const fieldOf = (body: Uint8Array | StreamBody, known: string | undefined): string => {
  const digest = body instanceof Uint8Array ? known : body.digest;
  return digest === undefined ? contentDigest(body as Uint8Array) : digestField(fromHex(digest));
};

/** Of a request carried by a session only the digest. */
export const authenticateWith = ({ credentials, now = Date.now }: TransportOptions): Authenticate => {
  const key: AccessKey | undefined =
    credentials && "accessKeyId" in credentials
      ? { id: credentials.accessKeyId, secret: credentials.accessKeySecret }
      : undefined;
  return ({ method, body, digest: known }, url, headers) => {
    const digest = body && fieldOf(body, known);
    const added: Record<string, string> = digest === undefined ? {} : { "content-digest": digest };
    if (!key) return added;
    const nonce = method === "GET" ? undefined : newNonce();
    return { ...added, ...signRequest({ method, url, headers: { ...headers, ...added } }, key, now(), nonce) };
  };
};
