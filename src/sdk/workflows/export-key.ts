/**
 * Export: a key put together where it is wanted, and nowhere else (docs/protocols/mpc.md section 12). Nodes seal their
 * shares to a key that was made here; what comes out is held to the public key before anybody uses it.
 */
import { generateKey, rawPublicKey } from "#crypto";
import { fromBase64url, fromHex, toBase64 } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import { nobleCurves } from "../../mpc/curves/noble.ts";
import { combineShares } from "../../mpc/keys/export.ts";
import { CURVE_OF } from "../../mpc/keys/sharing.ts";
import type { PrivateKey, SigningKind } from "../../trust/crypto/crypto.ts";
import { privateKeyFromRaw } from "../../trust/crypto/encoding.ts";
import { keyExportContext } from "../../trust/envelope/contexts.ts";
import { openBytes } from "../../trust/envelope/envelope.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { readRequest } from "./key-requests.ts";
import { KIND_OF } from "./keys.ts";

const HOUR = 3_600_000;

export interface NewExport {
  /** Id (K… or stream) of the key. */
  readonly key: string;
  readonly note?: string | undefined;
  /** Milliseconds from now; an hour when it is not given, at most seven days. */
  readonly expiresIn?: number | undefined;
}

/** PKCS #8 has the seed of a key on Ed25519, and what nodes make together has none. @throws Refusal export.seed */
const requireForm = ({ id, scheme }: { readonly id: string; readonly scheme: string }): void => {
  if (scheme === "EDDSA_ED25519") throw refuse("export.seed", { id });
};

/**
 * Asks for the key itself, as an administrator of its group.
 * @returns the request, and the key that opens what comes of it: kept until then, and destroyed after
 * @throws Refusal export.seed, and those of the server
 */
export const requestExport = async (
  client: Pick<Client, "keys" | "keyRequests">,
  { key, note = "", expiresIn = HOUR }: NewExport,
  now: () => number = Date.now,
) => {
  const found = await client.keys.get({ id: key });
  requireForm(found);
  const recipient = generateKey("X25519");
  const { resource } = await client.keyRequests.create({
    ...{ key: found.stream, action: "export", count: 0, expires: iso(now() + expiresIn) },
    recipient: toBase64(recipient.publicKey.spki),
    detail: { messages: [], note },
  });
  return { request: resource, recipient };
};

/**
 * The private key that a completed request hands out. Each share is held to its verifying share, these to the key's
 * public key; whoever knows that from elsewhere compares it.
 * @throws Refusal request.shown-otherwise, export.shares, export.seed, envelope.*
 */
export const openExport = async (
  client: Pick<Client, "keys" | "keyRequests" | "streams">,
  id: string,
  recipient: PrivateKey<"X25519">,
): Promise<PrivateKey<SigningKind>> => {
  const { request } = await readRequest(client, id);
  const key = await client.keys.get({ id: request.key.stream });
  const { scheme, publicKey, chainCode, threshold, participants } = key;
  requireForm(key);
  const fails = (reason: string) => refuse("export.shares", { id: request.id, reason });
  const { completed, shares } = request;
  if (!completed || !shares || publicKey === null) throw fails(`it is ${request.state}`);
  if (key.epoch !== completed.epoch)
    throw fails(`they are of epoch ${completed.epoch}, and the key has moved on to ${key.epoch}`);
  const opened = await Promise.all(
    shares.map(async ({ index, envelope }) => {
      const context = keyExportContext(request.stream, completed.epoch, index);
      return [index, await openBytes(fromBase64url(envelope), { key: recipient, context })] as const;
    }),
  );
  const whole = {
    ...{ scheme, curve: CURVE_OF[scheme], threshold, epoch: completed.epoch },
    parties: participants.map(({ index }) => index),
    publicKey: fromHex(publicKey),
    verifyingShares: Object.fromEntries(
      participants.map(({ index, verifyingShare }) => [index, fromHex(verifyingShare ?? "")]),
    ),
    chainCode: fromHex(chainCode ?? ""),
  };
  const secret = combined(() => combineShares(nobleCurves[CURVE_OF[scheme]], whole, new Map(opened)), fails);
  const kind = KIND_OF[scheme];
  return privateKeyFromRaw(kind, secret, rawPublicKey(kind, secret));
};

const combined = (combine: () => Uint8Array, fails: (reason: string) => Error): Uint8Array => {
  try {
    return combine();
  } catch (error) {
    throw fails(error instanceof Error ? error.message : String(error));
  }
};
