/**
 * Who made shares of products not add up, where the factors were drawn for this once (docs/protocols/dkls23.md section
 * 3.5): they are opened; the inputs stay hidden behind Alice's shares, Bob's with them. Nothing may have been done with the
 * results.
 */
import { concat, u32 } from "../../base/bytes.ts";
import { haveKnownLogs, type KnownLogsProof, proveKnownLogs, readKnownLogs } from "../known-logs.ts";
import { hashBytes } from "../ot/hash.ts";
import { Abort, type Context, others } from "../protocol.ts";
import { mod } from "../scalars.ts";
import { type Reader, scalarBytes } from "../wire.ts";
import { type Inputs, type Opposite, type Products, type Published, timesBase } from "./products.ts";

const scopeOf = <P>({ scope }: Products<P>, k: number, party: number): Uint8Array =>
  hashBytes("open-factors/1", scope, u32(k), Uint8Array.of(party));

/** What a party opens of one instance: f, which gives χ, with a proof that it knows the d that fit. */
export const openFactor = <P>(
  { self, random }: Context,
  products: Products<P>,
  k: number,
  factor: bigint,
  { shares }: Opposite,
): Uint8Array => {
  const { curve, base } = products;
  const peers = Object.keys(shares).map(Number);
  const logs = peers.sort((a, b) => a - b).flatMap((peer) => shares[peer]![k]!);
  const points = logs.map((d) => timesBase(curve, base, d));
  const proof = proveKnownLogs(curve, scopeOf(products, k, self), { base, points }, logs, random);
  return concat(scalarBytes(mod(factor, curve.order)), proof);
};

export interface FactorOpening {
  readonly factor: bigint;
  readonly known: KnownLogsProof;
}

export const readFactorOpening = <P>(reader: Reader, { curve }: Products<P>): FactorOpening => ({
  factor: reader.scalar(curve),
  known: readKnownLogs(reader, curve),
});

/**
 * The shares of every party times Q, as they follow from what it published and opened. All compute the same.
 * @throws Abort naming whose opening is not of what it published
 */
export const outputsByFactors = <P>(
  products: Products<P>,
  k: number,
  openings: ReadonlyMap<number, FactorOpening>,
  published: ReadonlyMap<number, Published<P>>,
  inputsOf: Inputs<P>,
): ReadonlyMap<number, readonly P[]> => {
  const { curve, base } = products;
  const times = curve.multiplyPublic;
  const parties = [...openings.keys()];
  const outputs = (i: number): readonly P[] => {
    const { factor, known } = openings.get(i)!;
    const own = published.get(i)!;
    const peers = others({ parties, self: i });
    // d_ij·Q = χ_ij·(a_j·Q) − Γ_ji with χ_ij = f_i − ψ_ij.
    const opposite = peers.map((j) => {
      const chi = mod(factor - own.offsets[j]![k]!, curve.order);
      const said = published.get(j)!.commitments[i]![k]!;
      return inputsOf(j, k).map((input, l) => curve.add(times(input, chi), curve.negate(said[l]!)));
    });
    if (!haveKnownLogs(curve, scopeOf(products, k, i), { base, points: opposite.flat() }, known))
      throw new Abort("products.opening", i);
    const offsets = peers.map((j) => published.get(j)!.offsets[i]![k]!);
    const all = mod(
      offsets.reduce((sum, offset) => sum + offset, factor),
      curve.order,
    );
    return inputsOf(i, k).map((input, l) =>
      peers.reduce(
        (sum, j, at) => curve.add(sum, curve.add(own.commitments[j]![k]![l]!, opposite[at]![l]!)),
        times(input, all),
      ),
    );
  };
  return new Map(parties.map((party) => [party, outputs(party)]));
};
