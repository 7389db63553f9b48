/** What the six calls are given. */
import { z } from "zod";
import { MAX_NODES } from "../../../rules/key-group.ts";
import { KeyScheme } from "../../../rules/key-schemes.ts";

/** Of a PEM text with a passphrase of any sensible length. */
const TEXT = 16_384;

export const CreatePod = z.strictObject({ nodeTag: z.string().max(256) });

export const GenerateKey = z.strictObject({
  keyParams: z.strictObject({ type: KeyScheme, length: z.int().optional() }),
  /** Tags of nodes. */
  serviceParticipants: z.array(z.string().max(256)).max(256),
  threshold: z.int().min(2),
  totalShares: z.int().min(2).max(MAX_NODES),
});
export type GenerateKey = z.output<typeof GenerateKey>;

export const ImportKey = GenerateKey.extend({
  privateKey: z.string().max(TEXT),
  password: z.string().max(1024).nullish(),
});

export const GetKey = z.strictObject({ keyId: z.string().min(1).max(300) });

export const RequestSignature = z.strictObject({
  digestHex: z.string().max(131_074),
  keyId: z.string().min(1).max(300),
});

export const GetSignature = z.strictObject({ instanceId: z.string().min(1).max(300) });
