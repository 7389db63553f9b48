/** Keys and pair setups as key generation and base transfers leave them, dealt by the test to get on with. */
import type { Curve } from "../../src/mpc/curve.ts";
import type { KeyShare, SchemeId } from "../../src/mpc/key-share.ts";
import { baseOt } from "../../src/mpc/ot/base.ts";
import { evaluate, randomScalar, toBytes32 } from "../../src/mpc/scalars.ts";
import type { PairSetup } from "../../src/mpc/scheme.ts";
import { seeded, simulate } from "./simulate.ts";

export const partiesOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

export interface DealtKey<P> {
  readonly secret: bigint;
  readonly shares: ReadonlyMap<number, KeyShare>;
  readonly publicKey: P;
}

/** A key of `parties`, any `threshold` of whom sign. */
export const dealKey = <P>(
  scheme: SchemeId,
  curve: Curve<P>,
  threshold: number,
  parties: readonly number[],
  seed = "key",
): DealtKey<P> => {
  const random = seeded(seed);
  const coefficients = Array.from({ length: threshold }, () => randomScalar(random, curve));
  const at = (party: number) => evaluate(coefficients, party, curve);
  const publicKey = curve.multiplyBase(coefficients[0]!);
  const common = {
    scheme,
    curve: curve.id,
    threshold,
    parties,
    epoch: 0,
    publicKey: curve.encode(publicKey),
    verifyingShares: Object.fromEntries(parties.map((party) => [party, curve.encode(curve.multiplyBase(at(party)))])),
    chainCode: random(32),
  };
  const shares = parties.map((self) => [self, { ...common, self, secret: toBytes32(at(self)) }] as const);
  return { secret: coefficients[0]!, shares: new Map(shares), publicKey };
};

const made = new Map<string, readonly [PairSetup, PairSetup]>();

/** Base transfers of a pair, run once in a process. */
const setupsOf = (a: number, b: number): readonly [PairSetup, PairSetup] => {
  const name = `${a} ${b}`;
  let setups = made.get(name);
  if (!setups) {
    const { results } = simulate({ protocol: baseOt, parties: [a, b], input: () => undefined, seed: name });
    setups = [results.get(a)!, results.get(b)!];
    made.set(name, setups);
  }
  return setups;
};

/** What a party has with the others. */
export const pairsOf = (self: number, parties: readonly number[]): ReadonlyMap<number, PairSetup> =>
  new Map(
    parties
      .filter((party) => party !== self)
      .map((party) => [party, self < party ? setupsOf(self, party)[0] : setupsOf(party, self)[1]]),
  );
