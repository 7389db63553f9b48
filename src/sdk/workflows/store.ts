/** Stores content that a statement will name by its digest: by the one computed here. */
import type { Client } from "../client.ts";
import { contentOf, inMemory, requireStored, type UploadBody } from "../uploads.ts";

/** @throws Refusal server.stored where the server answers for other content */
export const store = async (
  { blobs }: Pick<Client, "blobs">,
  body: UploadBody,
): Promise<{ digest: string; size: number }> => {
  const content = await inMemory(body);
  const sent = await contentOf(content);
  const stored = await blobs.put(content);
  requireStored(stored, sent);
  return { digest: sent.digest, size: sent.size ?? stored.size };
};
