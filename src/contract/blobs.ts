/** Content kept beside the ledger and named by its digest: envelopes, archives, descriptions. */
import { z } from "zod";
import { Digest } from "../rules/shapes.ts";
import { download, upload } from "./endpoint.ts";

const media = "application/octet-stream";

export const blobs = {
  put: upload({
    path: "/v1/blobs",
    permission: "enclave.seal",
    creates: true,
    /** `digest`: refuse other content than this. */
    input: z.object({ digest: Digest.optional() }),
    output: z.object({ digest: z.string(), size: z.int() }),
    media,
    summary: { en: "Store content under its SHA-256", "zh-CN": "按 SHA-256 摘要存储内容" },
    errors: ["blob.too-large", "blob.digest", "storage.full"],
  }),
  get: download({
    path: "/v1/blobs/:digest",
    permission: "model.read",
    input: z.object({ digest: Digest }),
    media,
    summary: { en: "Read content by its SHA-256", "zh-CN": "按摘要读取内容" },
    errors: ["blob.unknown"],
  }),
};
