/**
 * How far an enclave has followed the ledger, in its own word over a fresh nonce. What it has followed it never unsees:
 * a revocation below this size of the ledger with this root is final, whatever its operator shows it later.
 */
import { z } from "zod";
import { fromUtf8 } from "../base/bytes.ts";
import { canonical, parseCanonical } from "../base/canonical.ts";
import type { PrivateKey, PublicKey, SigningKind } from "../trust/crypto/crypto.ts";
import { parseJws, signJws, verifyJws } from "../trust/jws.ts";
import { refuse } from "./errors.ts";
import { Digest } from "./shapes.ts";

const TYPE = "entente-followed+jws";

const Said = z.strictObject({
  use: z.literal("entente/followed/1"),
  nonce: z.string().max(128),
  /** Leaves. */
  size: z.int().min(0),
  /** Hex; of the empty tree where there is no leaf. */
  root: Digest,
});

export interface FollowedLedger {
  readonly size: number;
  readonly root: string;
}

/** @param key of the enclave */
export const signFollowed = (
  { nonce, size, root }: FollowedLedger & { readonly nonce: string },
  key: PrivateKey<SigningKind>,
): string => signJws({ key, typ: TYPE, payload: canonical({ use: "entente/followed/1", nonce, size, root }) });

/** @throws Refusal attestation.refused, jws.* */
export const verifyFollowed = (said: string, nonce: string, key: PublicKey): FollowedLedger => {
  const jws = parseJws(said, TYPE);
  verifyJws(jws, key);
  const parsed = Said.safeParse(parseCanonical(fromUtf8(jws.payload)));
  if (!parsed.success || parsed.data.nonce !== nonce)
    throw refuse("attestation.refused", { reason: "what it says of the ledger is not for this nonce" });
  const { size, root } = parsed.data;
  return { size, root };
};
