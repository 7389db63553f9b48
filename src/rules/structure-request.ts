/** 获取表结构: what the owner of a sealed table signs so that the enclave tells its structure to nobody else. */
import { z } from "zod";
import { toBase64url, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { iso } from "../base/clock.ts";
import type { Signer } from "../trust/statement.ts";
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

/**
 * @param signer with the leaf certificate of the organisation `by`
 * @param at milliseconds
 */
export const signStructureRequest = async (
  signer: Signer,
  about: { readonly by: string; readonly enclave: string; readonly envelope: string; readonly type: string },
  at: number,
): Promise<string> => {
  const header = canonical({
    alg: signer.alg,
    typ: STRUCTURE_REQUEST,
    x5c: signer.certificate === undefined ? undefined : [signer.certificate],
  });
  const payload = canonical({ use: "entente/structure/1", ...about, at: iso(at) });
  const input = `${toBase64url(utf8(header))}.${toBase64url(utf8(payload))}`;
  return `${input}.${toBase64url(await signer.sign(utf8(input)))}`;
};
