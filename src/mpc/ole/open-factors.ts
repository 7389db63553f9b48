/**
 * Who made shares of products not add up, where the factors were drawn for this once (docs/protocols/dkls23.md section
 * 3.5): they are opened; the inputs stay hidden behind Alice's shares. Nothing may have been done with the results.
 */
import { concat } from "../../base/bytes.ts";
import { Abort, others } from "../protocol.ts";
import { mod } from "../scalars.ts";
import { type Reader, scalarBytes } from "../wire.ts";
import type { Inputs, Opposite, Products, Published } from "./products.ts";

/** What a party opens of one instance: f, and χ and d against every other party. */
export const openFactor = <P>(
  { curve }: Products<P>,
  k: number,
  factor: bigint,
  { factors, shares }: Opposite,
): Uint8Array => {
  const of = (peer: number) => [factors[peer]![k]!, ...shares[peer]![k]!].map((value) => scalarBytes(value));
  const peers = Object.keys(shares).map(Number);
  return concat(scalarBytes(mod(factor, curve.order)), ...peers.sort((a, b) => a - b).flatMap(of));
};

export interface FactorOpening {
  readonly factor: bigint;
  /** χ and d, by other party. */
  readonly pairs: Readonly<Record<number, { readonly chi: bigint; readonly opposite: readonly bigint[] }>>;
}

export const readFactorOpening = <P>(
  reader: Reader,
  { curve, width }: Products<P>,
  parties: readonly number[],
  sender: number,
): FactorOpening => {
  const factor = reader.scalar(curve);
  const pairs: Record<number, FactorOpening["pairs"][number]> = {};
  for (const peer of others({ parties, self: sender }))
    pairs[peer] = { chi: reader.scalar(curve), opposite: reader.list(width, () => reader.scalar(curve)) };
  return { factor, pairs };
};

/**
 * The shares of every party times Q, as they follow from what it published and opened. All compute the same.
 * @throws Abort naming whose opening is not of what it published
 */
export const outputsByFactors = <P>(
  { curve, base }: Products<P>,
  k: number,
  openings: ReadonlyMap<number, FactorOpening>,
  published: ReadonlyMap<number, Published<P>>,
  inputsOf: Inputs<P>,
): ReadonlyMap<number, readonly P[]> => {
  const times = curve.multiplyPublic;
  const parties = [...openings.keys()];
  for (const [i, { factor, pairs }] of openings)
    for (const j of others({ parties, self: i })) {
      const { chi, opposite } = pairs[j]!;
      const said = published.get(j)!.commitments[i]![k]!;
      const holds =
        mod(factor - chi, curve.order) === published.get(i)!.offsets[j]![k] &&
        inputsOf(j, k).every((input, l) =>
          curve.equal(times(input, chi), curve.add(said[l]!, times(base, opposite[l]!))),
        );
      if (!holds) throw new Abort("products.opening", i);
    }
  const outputs = (i: number) =>
    inputsOf(i, k).map((input, l) => {
      let factor = openings.get(i)!.factor;
      let sum = curve.zero;
      for (const j of others({ parties, self: i })) {
        factor += published.get(j)!.offsets[i]![k]!;
        const pair = times(base, openings.get(i)!.pairs[j]!.opposite[l]!);
        sum = curve.add(sum, curve.add(published.get(i)!.commitments[j]![k]![l]!, pair));
      }
      return curve.add(sum, times(input, mod(factor, curve.order)));
    });
  return new Map(parties.map((party) => [party, outputs(party)]));
};
