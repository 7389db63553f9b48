/** What one enclave says to the next about what was moved: signed by the one, and sealed to the other. */
import { z } from "zod";
import { sha256Hex } from "#crypto";
import { fromUtf8 } from "../../base/bytes.ts";
import { canonical, parseCanonical } from "../../base/canonical.ts";
import { Digest, StreamId } from "../../rules/shapes.ts";
import type { PrivateKey, PublicKey } from "../../trust/crypto/crypto.ts";
import { parseJws, signJws, verifyJws } from "../../trust/jws.ts";
import { refuse } from "../errors.ts";

const TYPE = "entente-release+jws";
const Amount = z.int().min(0);

export const Release = z.strictObject({
  use: z.literal("entente/release/1"),
  /** No two are the same. */
  nonce: z.string().max(64),
  /** Stream of the model or source. */
  resource: StreamId,
  /** SHA-256 of its envelope. */
  envelope: Digest,
  from: StreamId,
  to: StreamId,
  /** Content key, base64, and the enclave that the envelope's context names; not there where `to` has it. */
  key: z.strictObject({ key: z.string().max(64), sealedTo: StreamId }).optional(),
  /** What was spent, by account. */
  account: z.record(z.string().max(128), z.strictObject({ runs: Amount, rows: Amount, epsilon: Amount })),
  /** The ledger as `from` had followed it. */
  followed: z.strictObject({ size: z.int().min(1), root: Digest }),
});
export type Release = z.output<typeof Release>;

export const releaseDigest = (release: Release): string => sha256Hex(canonical(release));

export const signRelease = (release: Release, key: PrivateKey<"P-256">): string =>
  signJws({ key, typ: TYPE, payload: canonical(release) });

/** @throws Refusal enclave.release, jws.* */
export const readRelease = (text: Uint8Array, signer: PublicKey): Release => {
  const jws = parseJws(fromUtf8(text), TYPE);
  verifyJws(jws, signer);
  const parsed = Release.safeParse(parseCanonical(fromUtf8(jws.payload)));
  if (!parsed.success) throw refuse("enclave.release", { reason: "it is not of its form" });
  return parsed.data;
};
