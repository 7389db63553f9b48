/** Signatures as others take them, each verified here under the key's own public key before it is shown. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat, equal, fromHex, toHex } from "../../base/bytes.ts";
import { withSignature } from "../../policy/ethereum.ts";
import { whatIs } from "../../policy/what.ts";
import type { KeyMessage } from "../../rules/key-messages.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import { SEQUENCE, tlv, unsigned } from "../../trust/crypto/der.ts";
import type { Client } from "../client.ts";
import { publicKeyAt } from "./child-key.ts";
import { refuse } from "./errors.ts";
import { verifySignatures } from "./key-requests.ts";

export interface SignedByKey {
  readonly kind: KeyMessage["kind"];
  /** What was signed, hex: a digest; of EDDSA_ED25519 and SCHNORR_BIP340 the message. */
  readonly signed: string;
  /** Hex: r || s, R || s. */
  readonly signature: string;
  /** As OpenSSL takes it, hex: DER of ECDSA and SM2, otherwise `signature`. */
  readonly encoded: string;
  /** Of a transaction: as it is sent, hex. */
  readonly transaction?: string;
}

const encodedOf = (scheme: KeyScheme, signature: Uint8Array): Uint8Array =>
  scheme === "EDDSA_ED25519" || scheme === "SCHNORR_BIP340"
    ? signature
    : tlv(SEQUENCE, unsigned(signature.subarray(0, 32)), unsigned(signature.subarray(32)));

/** Which of the two points with this x was R: what Ethereum carries instead of the sender. */
const parityOf = (publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): 0 | 1 => {
  const found = ([0, 1] as const).find((parity) => {
    const recovered = secp256k1.Signature.fromBytes(signature, "compact").addRecoveryBit(parity);
    return equal(recovered.recoverPublicKey(digest).toBytes(true), publicKey);
  });
  if (found === undefined) throw new RangeError("the signature is not of this key");
  return found;
};

/**
 * The signatures of a completed request, each verified under the public key that the platform shows for the key itself.
 * @throws Refusal request.signatures, and those of the server
 */
export const signaturesOf = async (
  client: Pick<Client, "keys" | "keyRequests">,
  id: string,
): Promise<readonly SignedByKey[]> => {
  const request = await client.keyRequests.get({ id });
  const key = await client.keys.get({ id: request.key.stream });
  const { scheme } = key;
  const publicKey = publicKeyAt(key, request.path);
  if (request.publicKey !== null && request.publicKey !== publicKey)
    throw refuse("request.signatures", { id, reason: `they are under ${request.publicKey}, the key is ${publicKey}` });
  const signatures = verifySignatures({ ...request, key: { ...request.key, scheme } });
  return request.messages.map(({ message }, i) => {
    const signature = fromHex(signatures[i] ?? "");
    const { sign } = whatIs({ scheme, publicKey: fromHex(publicKey) }, message, i + 1);
    return {
      kind: message.kind,
      signed: toHex(sign),
      signature: toHex(signature),
      encoded: toHex(encodedOf(scheme, signature)),
      ...(message.kind === "transaction" && {
        transaction: toHex(
          withSignature(fromHex(message.hex), concat(signature), parityOf(fromHex(publicKey), sign, signature)),
        ),
      }),
    };
  });
};
