/** What presigning needs of a key: shares of the signers that add up, and what binds a run to key, epoch and path. */
import { utf8 } from "../../base/bytes.ts";
import { encodePlain } from "../codec.ts";
import type { Curve, CurveId } from "../curve.ts";
import type { KeyShare, SchemeId } from "../key-share.ts";
import { derive } from "../keys/derive.ts";
import { hashBytes } from "../ot/hash.ts";
import type { Context } from "../protocol.ts";
import { lagrange, mod, toInteger } from "../scalars.ts";
import type { PresignInput } from "../scheme.ts";

/** As many as go into one message (docs/protocols/mpc.md section 2.1): an answer of products takes 72 KB each. */
export const MAX_COUNT = 128;

export interface Signers<P> {
  readonly publicKey: Uint8Array;
  /** The share of this party, weighted: those of all signers add up to the (derived) key. */
  readonly share: bigint;
  /** The weighted share of a party, times the base of the verifying shares. */
  commitment(party: number): P;
  /** Of this run and this use of this key: goes into every hash. */
  readonly scope: Uint8Array;
}

/** Those that multiply: a key of another scheme on the same curve is never used with them. */
const SCHEME_OF: Readonly<Partial<Record<CurveId, SchemeId>>> = {
  secp256k1: "ECDSA_K1",
  "P-256": "ECDSA_R1",
  SM2: "SM2",
};

/** @throws TypeError for what the caller must not ask for */
export const signersOf = <P>(
  { session, self, parties }: Context,
  curve: Curve<P>,
  { share, count, path }: Pick<PresignInput, "share" | "count" | "path">,
): Signers<P> => {
  if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) throw new TypeError("count");
  if (share.self !== self || share.scheme !== SCHEME_OF[curve.id]) throw new TypeError("not this party's share");
  if (parties.length < share.threshold || !parties.every((party) => share.parties.includes(party)))
    throw new TypeError("these parties can't sign with this key");
  const { publicKey, tweak } = derive(curve, share, path);
  const weights = new Map(parties.map((party) => [party, lagrange(parties, party, curve)]));
  const known = new Map<number, P>();
  const first = parties[0];
  return {
    publicKey,
    share: mod(weights.get(self)! * toInteger(share.secret) + (self === first ? tweak : 0n), curve.order),
    commitment(party) {
      let point = known.get(party);
      if (!point) {
        point = curve.multiplyPublic(curve.decode(share.verifyingShares[party]!), weights.get(party)!);
        if (party === first && tweak !== 0n) point = curve.add(point, curve.multiplyPublic(curve.base, tweak));
        known.set(party, point);
      }
      return point;
    },
    scope: hashBytes("presign/1 scope", session, statementOf(share, parties, path, count)),
  };
};

const statementOf = (
  { scheme, epoch, publicKey }: KeyShare,
  parties: readonly number[],
  path: readonly number[],
  count: number,
): Uint8Array => hashBytes("presign/1 use", utf8(scheme), encodePlain([epoch, publicKey, parties, path, count]));
