/** The operations on keys: what each is given, which permission it takes, and what it answers. */
import { z } from "zod";
import { fromBase64, fromHex, toBase64 } from "../../../base/bytes.ts";
import { publicKeyPem } from "../../../keys/public-key.ts";
import type { KeyInfo, KeyService } from "../../../keys/service.ts";
import { schemes } from "../../../mpc/schemes/registry.ts";
import { whatIs } from "../../../policy/what.ts";
import type { Asker } from "../../../spine/access.ts";
import { pemBlocks } from "../../../trust/pem.ts";
import { refuse } from "../../errors.ts";
import { decodeSignature, encodeSignature } from "../signatures.ts";
import type { Signer } from "../signer.ts";
import { KmsError } from "./errors.ts";
import { findKey, pageOfKeys } from "./find.ts";
import { arnOf, messageOf, metadataOf, schemeOf, specOf } from "./specs.ts";

export interface Context {
  readonly service: KeyService;
  readonly sign: Signer;
  readonly asker: Asker;
  /** Whether the caller has a permission beyond that of the operation. */
  readonly may: (permission: string) => boolean;
  readonly region: string;
  /** How long keys are waited for, milliseconds. */
  readonly wait: number;
}

export interface Operation<S extends z.ZodType = z.ZodType> {
  readonly permission: "key.read" | "key.request" | "key.govern";
  readonly input: S;
  /** What it answers; nothing is an empty body. */
  readonly run: (context: Context, input: z.output<S>) => Promise<object | undefined>;
}
export const operation = <S extends z.ZodType>(
  permission: Operation["permission"],
  input: S,
  run: Operation<S>["run"],
): Operation => ({ permission, input, run: run as Operation["run"] });

export const KeyId = z.string().min(1).max(2048);
export const OneKey = z.object({ KeyId });
export const Page = { Limit: z.int().min(1).max(1000).optional(), Marker: z.string().min(1).max(1024).optional() };
const Text = z.string().max(8192);
export const Tags = z.array(z.object({ TagKey: z.string().min(1).max(128), TagValue: z.string().max(256) })).max(50);
const Base64 = (max: number) =>
  z
    .base64()
    .max(Math.ceil(max / 3) * 4)
    .transform((text) => fromBase64(text))
    .refine((bytes) => bytes.length <= max);

/** Shares of a key that says nothing of them, and as many sign. */
const SHARES = 3;
const THRESHOLD = 2;

const unsupported = (what: string): never => {
  throw new KmsError("UnsupportedOperationException", `${what} is not possible here.`);
};

const CreateKey = z.object({
  KeySpec: Text.optional(),
  CustomerMasterKeySpec: Text.optional(),
  KeyUsage: Text.optional(),
  Description: Text.default(""),
  Tags: Tags.default([]),
  ...{ Policy: Text.optional(), Origin: Text.optional(), CustomKeyStoreId: Text.optional(), XksKeyId: Text.optional() },
  MultiRegion: z.boolean().optional(),
});

const createKey = operation("key.request", CreateKey, async ({ service, asker, may, region, wait }, input) => {
  const { KeySpec, CustomerMasterKeySpec, KeyUsage = "ENCRYPT_DECRYPT", Description, Origin = "AWS_KMS" } = input;
  const scheme = schemeOf(KeySpec ?? CustomerMasterKeySpec ?? "SYMMETRIC_DEFAULT");
  if (KeyUsage !== "SIGN_VERIFY") unsupported(`KeyUsage ${KeyUsage}`);
  if (Origin !== "AWS_KMS" || input.CustomKeyStoreId || input.XksKeyId || input.MultiRegion)
    unsupported("Another origin, key store or several regions");
  if (input.Policy !== undefined) unsupported("A key policy (policies are those of the key's group)");
  // Policies go by tags: whoever may not change them later does not choose them here either.
  if (input.Tags.length > 0 && !may("key.govern")) throw refuse("permission.missing", { permission: "key.govern" });
  const up = (await service.nodes()).filter((node) => node.up).map(({ tag }) => tag);
  const founded = await service.createKey(asker, {
    ...{ scheme, threshold: THRESHOLD, participants: up.slice(0, SHARES) },
    ...{ tags: asRecord(input.Tags), description: Description },
  });
  const key = await service.settledKey(asker, founded.id, wait);
  if (key.status === "failed") throw new KmsError("KMSInternalException", "The key nodes could not make it.", 500);
  return { KeyMetadata: metadataOf(key, region) };
});

export const asRecord = (tags: z.output<typeof Tags>): Record<string, string> =>
  Object.fromEntries(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]));

const describeKey = operation("key.read", OneKey, async ({ service, asker, region }, { KeyId }) => ({
  KeyMetadata: metadataOf(await findKey(service, asker, KeyId), region),
}));

const listKeys = operation("key.read", z.object(Page), async ({ service, asker, region }, { Limit, Marker }) => {
  const { keys, rest } = await pageOfKeys(service, asker, Limit, Marker);
  return { Keys: keys.map(({ id }) => ({ KeyId: id, KeyArn: arnOf(region, "key", id) })), ...rest };
});

const getPublicKey = operation("key.read", OneKey, async ({ service, asker, region }, { KeyId }) => {
  const key = await findKey(service, asker, KeyId);
  const { spec, algorithm } = specOf(key.scheme);
  const [block] = pemBlocks(publicKeyPem(key.scheme, madeOf(key)));
  return {
    ...{ KeyId: arnOf(region, "key", key.id), PublicKey: toBase64(block?.der ?? new Uint8Array()) },
    ...{ CustomerMasterKeySpec: spec, KeySpec: spec, KeyUsage: "SIGN_VERIFY", SigningAlgorithms: [algorithm] },
  };
});

const madeOf = ({ id, publicKey }: KeyInfo): string => {
  if (publicKey !== undefined) return publicKey;
  throw new KmsError("KMSInvalidStateException", `${id} is being made. Ask again in a moment.`);
};

/** @throws KmsError DisabledException, KMSInvalidStateException */
const requireEnabled = (key: KeyInfo): void => {
  if (key.status === "disabled") throw new KmsError("DisabledException", `${key.id} is disabled.`);
  if (key.status === "deletion-scheduled")
    throw new KmsError("KMSInvalidStateException", `${key.id} is pending deletion.`);
  madeOf(key);
};

const Signing = z.object({
  KeyId,
  Message: Base64(4096).refine((bytes) => bytes.length > 0),
  MessageType: z.enum(["RAW", "DIGEST"]).default("RAW"),
  SigningAlgorithm: Text,
  DryRun: z.boolean().optional(),
});
const dryRun = () => new KmsError("DryRunOperationException", "The request would have succeeded.");

const sign = operation("key.request", Signing, async ({ service, sign, asker, region }, input) => {
  const key = await findKey(service, asker, input.KeyId);
  const message = messageOf(key.scheme, input.SigningAlgorithm, input.MessageType, input.Message);
  requireEnabled(key);
  if (input.DryRun) throw dryRun();
  const { id, status, signatures, approvals, failure } = await sign(asker, key.id, [message]);
  const [signature] = signatures;
  if (status === "pending")
    throw new KmsError(
      "KMSInvalidStateException",
      `The request ${id} waits for approvals or nodes (${approvals} approved). Send the same again when it is approved.`,
    );
  if (status !== "completed" || signature === undefined)
    throw new KmsError("AccessDeniedException", `The request ${id} is ${status}: ${failure ?? "it was not signed"}.`);
  return {
    KeyId: arnOf(region, "key", key.id),
    Signature: toBase64(encodeSignature(key.scheme, signature)),
    SigningAlgorithm: input.SigningAlgorithm,
  };
});

const Verifying = Signing.extend({ Signature: Base64(6144) });

const verify = operation("key.read", Verifying, async ({ service, asker, region }, input) => {
  const key = await findKey(service, asker, input.KeyId);
  const message = messageOf(key.scheme, input.SigningAlgorithm, input.MessageType, input.Message);
  requireEnabled(key);
  if (input.DryRun) throw dryRun();
  const publicKey = fromHex(madeOf(key));
  const signed = whatIs({ scheme: key.scheme, publicKey }, message, 1).sign;
  const signature = decodeSignature(key.scheme, input.Signature);
  if (!signature || !schemes.get(key.scheme)?.verify(publicKey, signed, signature))
    throw new KmsError("KMSInvalidSignatureException", "The signature is not one of this key over this message.");
  return { KeyId: arnOf(region, "key", key.id), SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm };
});

const Describing = z.object({ KeyId, Description: Text });
const updateDescription = operation("key.govern", Describing, async ({ service, asker }, { KeyId, Description }) => {
  const { id, alias, tags } = await findKey(service, asker, KeyId);
  await service.describeKey(asker, id, { alias, tags, description: Description });
  return undefined;
});

/** What is so already stays so, as there. */
const enabling = (enabled: boolean): Operation =>
  operation("key.govern", OneKey, async ({ service, asker }, { KeyId }) => {
    const key = await findKey(service, asker, KeyId);
    if (key.status === (enabled ? "enabled" : "disabled")) return undefined;
    await (enabled ? service.enableKey(asker, key.id) : service.disableKey(asker, key.id));
    return undefined;
  });

const ScheduleDeletion = z.object({ KeyId, PendingWindowInDays: z.int().min(7).max(30).default(30) });
const scheduleDeletion = operation("key.govern", ScheduleDeletion, async ({ service, asker, region }, input) => {
  const { id } = await findKey(service, asker, input.KeyId);
  const key = await service.scheduleDeletion(asker, id, input.PendingWindowInDays);
  const { KeyState, DeletionDate } = metadataOf(key, region);
  return {
    KeyId: arnOf(region, "key", id),
    ...{ KeyState, DeletionDate, PendingWindowInDays: input.PendingWindowInDays },
  };
});

const cancelDeletion = operation("key.govern", OneKey, async ({ service, asker, region }, { KeyId }) => {
  const { id } = await findKey(service, asker, KeyId);
  await service.cancelDeletion(asker, id);
  return { KeyId: arnOf(region, "key", id) };
});

export const keyOperations: Readonly<Record<string, Operation>> = {
  CreateKey: createKey,
  DescribeKey: describeKey,
  ListKeys: listKeys,
  GetPublicKey: getPublicKey,
  Sign: sign,
  Verify: verify,
  UpdateKeyDescription: updateDescription,
  EnableKey: enabling(true),
  DisableKey: enabling(false),
  ScheduleKeyDeletion: scheduleDeletion,
  CancelKeyDeletion: cancelDeletion,
};
