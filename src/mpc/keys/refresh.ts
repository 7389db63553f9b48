/**
 * Proactive refresh (docs/protocols/mpc.md section 9; Herzberg, Jarecki, Krawczyk, Yung 1995): all parties add a sharing
 * of zero. The key stays; shares of the epoch before go with none of this one.
 */
import { curveOf } from "../curves/registry.ts";
import type { KeyShare } from "../key-share.ts";
import type { Context, PlainRecord, Protocol } from "../protocol.ts";
import { mod, toBytes32, toInteger } from "../scalars.ts";
import { deal, type Plan, rounds } from "./joint.ts";
import { digestOfPublic, evaluatePoints, requirePublic, sharingOf } from "./sharing.ts";

export interface RefreshInput {
  readonly share: KeyShare;
}
type Input = PlainRecord & RefreshInput;

const planOf = ({ parties }: Context, { share }: RefreshInput): Plan => {
  const { curve, base } = sharingOf(curveOf(share.curve), share);
  const places = parties.map((party) => ({ party, index: party }));
  return {
    name: "refresh",
    purpose: digestOfPublic(share),
    curve,
    base,
    threshold: share.threshold,
    dealers: places,
    receivers: places,
    known: () => curve.zero,
  };
};

/** All parties of the key take part. @throws RangeError where they do not, or the share is not one */
export const refresh: Protocol<RefreshInput, KeyShare> = {
  name: "refresh/1",
  begin(context, { share }) {
    requirePublic(curveOf(share.curve), share);
    if (share.self !== context.self || share.parties.join() !== context.parties.join())
      throw new RangeError("a refresh is made by all parties of the key");
    const { dealt, send } = deal(context, planOf(context, { share }), 0n);
    return { state: { input: { share } as Input, dealt }, send: { broadcast: send } };
  },
  rounds: rounds<Input, KeyShare>(planOf, (_, { share }, { curve }, joint) => ({
    ...share,
    epoch: share.epoch + 1,
    verifyingShares: Object.fromEntries(
      share.parties.map((party) => {
        const before = curve.decode(share.verifyingShares[party] as Uint8Array);
        return [party, curve.encode(curve.add(before, evaluatePoints(curve, joint.commitments, party)))];
      }),
    ),
    secret: toBytes32(mod(toInteger(share.secret) + (joint.share as bigint), curve.order)),
  })),
};
