/**
 * Key generation (docs/protocols/mpc.md section 8): each party deals a random value and proves that it knows it; the
 * private key is their sum, which nobody has. For SM2 this gives a sharing of d; `schemes/sm2` makes (1 + d)^-1 of it.
 */
import { curveOf } from "../curves/registry.ts";
import { hashOf } from "../hash.ts";
import type { KeyShare, SchemeId } from "../key-share.ts";
import type { Context, Protocol } from "../protocol.ts";
import { randomScalar, toBytes32 } from "../scalars.ts";
import type { KeygenInput } from "../scheme.ts";
import { deal, type Plan, rounds, verifyingShares } from "./joint.ts";
import { CURVE_OF, requireThreshold } from "./sharing.ts";

type Input = { readonly scheme: SchemeId; readonly threshold: number };

const planOf = ({ parties }: Context, { scheme, threshold }: Input): Plan => {
  const curve = curveOf(CURVE_OF[scheme]);
  const places = parties.map((party) => ({ party, index: party }));
  return {
    name: "dkg",
    purpose: hashOf("dkg purpose", scheme, threshold, parties),
    curve,
    base: curve.base,
    threshold,
    dealers: places,
    receivers: places,
  };
};

/** The parties of the run become those of the key, at their own indices. @throws RangeError for a bad threshold */
export const dkg: Protocol<KeygenInput, KeyShare> = {
  name: "dkg/1",
  begin(context, { scheme, threshold }) {
    requireThreshold(threshold, context.parties);
    const input = { scheme, threshold };
    const plan = planOf(context, input);
    const { dealt, send } = deal(context, plan, randomScalar(context.random, plan.curve));
    return { state: { input, dealt }, send: { broadcast: send } };
  },
  rounds: rounds(planOf, ({ self, parties }, { scheme, threshold }, { curve, receivers }, joint) => ({
    scheme,
    curve: curve.id,
    threshold,
    parties: [...parties],
    epoch: 1,
    publicKey: curve.encode(joint.commitments[0]),
    verifyingShares: verifyingShares(curve, joint.commitments, receivers),
    chainCode: joint.beacon,
    self,
    secret: toBytes32(joint.share as bigint),
  })),
};
