/**
 * From a private key to what its import says: it is split where it is, and each share sealed to its node, so that
 * nothing but envelopes leaves. Whoever splits holds the whole key at that moment, and should forget it after.
 */
import { randomBytes, sha256Hex } from "#crypto";
import { fromBase64, toHex } from "../base/bytes.ts";
import type { Curve } from "../mpc/curve.ts";
import { nobleCurves } from "../mpc/curves/noble.ts";
import { dealKey } from "../mpc/keys/dealer.ts";
import { CURVE_OF } from "../mpc/keys/sharing.ts";
import type { KeyScheme } from "../rules/key-schemes.ts";
import { keyShareContext } from "../trust/envelope/contexts.ts";
import { sealBytes } from "../trust/envelope/envelope.ts";
import { enclaveKey } from "../trust/envelope/recipient.ts";

export interface KeyImport {
  /** K…, that the founding statement has to name: the envelopes are bound to it. */
  readonly id: string;
  /** Stream of the member that founds the key: the envelopes are bound to it too. */
  readonly importer: string;
  /** Stream. */
  readonly group: string;
  readonly scheme: KeyScheme;
  readonly threshold: number;
  /** Streams of the nodes, by place, each with its encryption key (SubjectPublicKeyInfo, DER, base64). */
  readonly participants: readonly { readonly node: string; readonly encryptionKey: string }[];
}

export interface SplitKey {
  /** Of `key.founded`. */
  readonly origin: {
    readonly kind: "imported";
    readonly publicKey: string;
    readonly commitments: string[];
    readonly shares: string[];
  };
  /** To be stored before it is said, by place. */
  readonly envelopes: readonly Uint8Array[];
}

/**
 * @param secret 32 bytes: the scalar, big-endian; for Ed25519 the seed (RFC 8032), or 64 where there is none (trust/expanded.ts)
 * @throws RangeError for what is no private key of the scheme
 */
export const splitKey = async (
  { id, importer, group, scheme, threshold, participants }: KeyImport,
  secret: Uint8Array,
): Promise<SplitKey> => {
  const parties = participants.map((_, place) => place + 1);
  const { dealt, shares } = dealKey(
    nobleCurves[CURVE_OF[scheme]] as Curve,
    { scheme, threshold, parties },
    secret,
    randomBytes,
  );
  const envelopes = await Promise.all(
    participants.map(({ node, encryptionKey }, place) =>
      sealBytes(shares.get(place + 1) ?? new Uint8Array(), {
        to: enclaveKey(fromBase64(encryptionKey)),
        context: keyShareContext(importer, group, id, node, place + 1),
      }),
    ),
  );
  return {
    origin: {
      kind: "imported",
      publicKey: toHex(dealt.publicKey),
      commitments: dealt.commitments.map(toHex),
      shares: envelopes.map((envelope) => sha256Hex(envelope)),
    },
    envelopes,
  };
};
