/** 获取表结构: what the owner of a sealed table signs so that the enclave tells its structure to nobody else. */
import { z } from "zod";
import { Digest, StreamId } from "./shapes.ts";

/** Media type of the JWS. */
export const STRUCTURE_REQUEST = "entente-structure+jws";

export const StructureRequest = z.strictObject({
  use: z.literal("entente/structure/1"),
  by: StreamId,
  enclave: StreamId,
  envelope: Digest,
  type: z.string().max(32),
  at: z.iso.datetime(),
});
