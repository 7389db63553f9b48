/** What is uploaded is named by a digest made here: the server's word for it is compared, never taken over. */
import { toHex } from "../base/bytes.ts";
import { refuse } from "./errors.ts";
import type { StreamBody } from "./transport.ts";

export type UploadBody = Uint8Array | Blob | StreamBody;

/** SHA-256 (hex) of much: by the machine's own code and beside the program, in browsers too, where ours takes ten times as long. */
export const digestOfMuch = async (bytes: Uint8Array): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));

/** Digest and size of what is sent; of a stream only what its sender says of it. @throws Refusal upload.digest */
export const contentOf = async (
  body: Uint8Array | StreamBody,
): Promise<{ digest: string; size: number | undefined }> => {
  if (body instanceof Uint8Array) return { digest: await digestOfMuch(body), size: body.length };
  if (!/^[0-9a-f]{64}$/.test(body.digest)) throw refuse("upload.digest");
  return { digest: body.digest, size: body.size };
};

/** @throws Refusal server.stored unless the server answers for the content that was sent */
export const requireStored = (
  stored: { readonly digest?: unknown; readonly size?: unknown },
  sent: { readonly digest: string; readonly size: number | undefined },
): void => {
  if (stored.digest !== sent.digest)
    throw refuse("server.stored", { expected: sent.digest, found: String(stored.digest) });
  if (sent.size !== undefined && stored.size !== sent.size)
    throw refuse("server.stored", { expected: sent.size, found: String(stored.size) });
};

export const inMemory = async (body: UploadBody): Promise<Uint8Array | StreamBody> =>
  body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body;
