/**
 * Resharing (docs/protocols/mpc.md section 10; Desmedt, Jajodia 1997; Wong, Wang, Wing 2002): t or more parties deal
 * their Lagrange part of the key anew, to other nodes or under another threshold. What each deals is held to the share
 * that it is known to have, so the public key stays.
 */
import { curveOf } from "../curves/registry.ts";
import { hashOf } from "../hash.ts";
import type { KeyPublic, KeyShare } from "../key-share.ts";
import type { Context, PlainRecord, Protocol } from "../protocol.ts";
import { lagrange, mod, toBytes32, toInteger } from "../scalars.ts";
import { deal, type Place, type Plan, rounds, verifyingShares } from "./joint.ts";
import { digestOfPublic, requirePublic, requireThreshold, sharingOf } from "./sharing.ts";

export interface ReshareInput {
  /** As it was: what the ledger says, where this party has no share. */
  readonly key: KeyPublic;
  /** Of the same epoch; undefined for a party that only receives. */
  readonly share?: KeyShare;
  readonly threshold: number;
  /** At least the old threshold of those that have shares, with their old indices. */
  readonly dealers: readonly Place[];
  /** All that are to have one, with their new indices. */
  readonly receivers: readonly Place[];
}
type Input = PlainRecord & ReshareInput;

const planOf = (_: Context, { key, threshold, dealers, receivers }: ReshareInput): Plan => {
  const { curve, base } = sharingOf(curveOf(key.curve), key);
  const indices = dealers.map(({ index }) => index);
  const places = (of: readonly Place[]) => of.map(({ party, index }) => [party, index]);
  return {
    name: "reshare",
    purpose: hashOf("reshare purpose", digestOfPublic(key), threshold, places(dealers), places(receivers)),
    curve,
    base,
    threshold,
    dealers,
    receivers,
    known: ({ index }) =>
      curve.multiplyPublic(curve.decode(key.verifyingShares[index] as Uint8Array), lagrange(indices, index, curve)),
  };
};

/**
 * The run's parties are dealers and receivers together, under numbers of the run's own. A party that only deals gets
 * undefined.
 * @throws RangeError for places that do not fit the key, or a share of another key or epoch
 */
export const reshare: Protocol<ReshareInput, KeyShare | undefined> = {
  name: "reshare/1",
  begin(context, { key, share, threshold, dealers, receivers }) {
    const { curve } = requirePublic(curveOf(key.curve), key);
    const indices = dealers.map(({ index }) => index);
    requireThreshold(
      threshold,
      receivers.map(({ index }) => index),
    );
    requireThreshold(key.threshold, indices);
    requirePlaces(context.parties, dealers, receivers);
    if (!indices.every((index) => key.parties.includes(index))) throw new RangeError("a dealer without a share");
    const input = { key, threshold, dealers, receivers };
    const own = dealers.find(({ party }) => party === context.self);
    const fits = own ? share?.self === own.index && share.epoch === key.epoch : !share;
    if (!fits) throw new RangeError("a share, this party's, of this epoch: for those that deal, for no others");
    const value = own && mod(toInteger((share as KeyShare).secret) * lagrange(indices, own.index, curve), curve.order);
    const { dealt, send } = deal(context, planOf(context, input), value);
    return { state: { input: input as Input, dealt }, send: { broadcast: send } };
  },
  rounds: rounds<Input, KeyShare | undefined>(planOf, ({ self }, input, { curve, threshold, receivers }, joint) => {
    const place = receivers.find(({ party }) => party === self);
    if (!place) return undefined;
    const { scheme, epoch, publicKey, chainCode } = input.key;
    return {
      scheme,
      curve: curve.id,
      threshold,
      parties: receivers.map(({ index }) => index),
      epoch: epoch + 1,
      publicKey,
      verifyingShares: verifyingShares(curve, joint.commitments, receivers),
      chainCode,
      self: place.index,
      secret: toBytes32(joint.share as bigint),
    };
  }),
};

/** Every party of the run has a place, none has two of a kind. */
const requirePlaces = (parties: readonly number[], dealers: readonly Place[], receivers: readonly Place[]): void => {
  const numbers = [dealers, receivers].map((places) => places.map(({ party }) => party));
  const all = new Set(numbers.flat());
  if (numbers.some((of) => new Set(of).size < of.length)) throw new RangeError("a party with two places");
  if (all.size !== parties.length || !parties.every((party) => all.has(party)))
    throw new RangeError("the run's parties are the dealers and receivers");
};
