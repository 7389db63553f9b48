/**
 * Export: a key put together where it is wanted, and nowhere else (docs/protocols/mpc.md section 12). Nodes seal their
 * shares to a key that was made here; what comes out is held to the public key before anybody uses it.
 */
import { randomBytes, rawPublicKey } from "#crypto";
import { concat, fromBase64url, toBase64 } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import { nobleCurves } from "../../mpc/curves/noble.ts";
import { combineShares } from "../../mpc/keys/export.ts";
import type { PrivateKey, PublicKey, SigningKind } from "../../trust/crypto/crypto.ts";
import { privateKeyFromRaw, publicKeyFromRaw } from "../../trust/crypto/encoding.ts";
import { keyExportContext } from "../../trust/envelope/contexts.ts";
import { openBytes } from "../../trust/envelope/envelope.ts";
import { expandedToPem } from "../../trust/expanded.ts";
import { keyToPem } from "../../trust/keys.ts";
import type { Client } from "../client.ts";
import { refuse } from "./errors.ts";
import { replayKey } from "./key-public.ts";
import { readRequest } from "./key-requests.ts";
import { KIND_OF } from "./keys.ts";
import type { ExpectedEnclave } from "./verify-enclave.ts";

const HOUR = 3_600_000;

export interface NewExport {
  /** Id (K… or stream) of the key. */
  readonly key: string;
  /** Of the key pair that opens what comes: kept until then, and destroyed after. */
  readonly recipient: PublicKey<"X25519">;
  readonly note?: string | undefined;
  /** Milliseconds from now; an hour when it is not given, at most seven days. */
  readonly expiresIn?: number | undefined;
}

/**
 * Asks for the key itself, as an administrator of its group.
 * @throws Refusal those of the server
 */
export const requestExport = async (
  client: Pick<Client, "keys" | "keyRequests">,
  { key, recipient, note = "", expiresIn = HOUR }: NewExport,
  now: () => number = Date.now,
) => {
  const found = await client.keys.get({ id: key });
  const { resource } = await client.keyRequests.create({
    ...{ key: found.stream, action: "export", count: 0, expires: iso(now() + expiresIn) },
    recipient: toBase64(recipient.spki),
    detail: { messages: [], note },
  });
  return resource;
};

/** A key that is whole, on this machine. */
export interface ExportedKey {
  readonly publicKey: PublicKey<SigningKind>;
  /** Encrypted PKCS #8. Of Ed25519 it holds 64 bytes in the place of a seed, since there never was one. */
  toPem(passphrase: string): string;
}

/**
 * The private key that a completed request hands out. Each share is held to its verifying share, and these to the public
 * key that the key's nodes have said on the ledger, which is replayed here.
 * @param expected nodes that a key is taken from
 * @throws Refusal request.shown-otherwise, export.shares, enclave.untrusted, envelope.*
 */
export const openExport = async (
  client: Pick<Client, "keys" | "keyRequests" | "streams">,
  id: string,
  recipient: PrivateKey<"X25519">,
  expected: ExpectedEnclave,
): Promise<ExportedKey> => {
  const { request } = await readRequest(client, id);
  const { completed, shares } = request;
  const fails = (reason: string) => refuse("export.shares", { id: request.id, reason });
  if (!completed || !shares) throw fails(`it is ${request.state}`);
  const opened = await Promise.all(
    shares.map(async ({ index, envelope }) => {
      const context = keyExportContext(request.stream, completed.epoch, index);
      return [index, await openBytes(fromBase64url(envelope), { key: recipient, context })] as const;
    }),
  );
  const key = await replayKey(client, request.key.stream, completed.epoch, expected);
  const secret = combined(() => combineShares(nobleCurves[key.curve], key, new Map(opened)), fails);
  const kind = KIND_OF[key.scheme];
  if (kind === "Ed25519")
    return {
      publicKey: publicKeyFromRaw(kind, key.publicKey),
      toPem: (passphrase) => expandedToPem(concat(secret.toReversed(), randomBytes(32)), passphrase),
    };
  const whole = privateKeyFromRaw(kind, secret, rawPublicKey(kind, secret));
  return { publicKey: whole.publicKey, toPem: (passphrase) => keyToPem(whole, passphrase) };
};

const combined = (combine: () => Uint8Array, fails: (reason: string) => Error): Uint8Array => {
  try {
    return combine();
  } catch (error) {
    throw fails(error instanceof Error ? error.message : String(error));
  }
};
