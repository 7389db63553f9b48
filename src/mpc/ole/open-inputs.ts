/**
 * Who made shares of products not add up, where the inputs were drawn for this once (docs/protocols/sm2-threshold.md
 * section 4): they are opened; the factors, of which points f_i·F are known, stay hidden behind Bob's χ. Nothing may have
 * been done with the results.
 */
import { concat } from "../../base/bytes.ts";
import { Abort, others } from "../protocol.ts";
import { mod } from "../scalars.ts";
import { type Reader, scalarBytes } from "../wire.ts";
import type { Inputs, Products, Published, Table } from "./products.ts";

/** By input, and by other party and input: a and c. */
export interface InputOpening {
  readonly inputs: readonly bigint[];
  readonly shares: Readonly<Record<number, readonly bigint[]>>;
}

/** What a party opens of one instance: its inputs, and c against every other party. */
export const openInputs = (k: number, inputs: readonly bigint[], shares: Table<bigint>): Uint8Array => {
  const peers = Object.keys(shares).map(Number);
  const values = [inputs, ...peers.sort((a, b) => a - b).map((peer) => shares[peer]![k]!)];
  return concat(...values.flat().map(scalarBytes));
};

export const readInputOpening = <P>(
  reader: Reader,
  { curve, width }: Products<P>,
  parties: readonly number[],
  sender: number,
): InputOpening => {
  const vector = () => reader.list(width, () => reader.scalar(curve));
  const inputs = vector();
  return { inputs, shares: Object.fromEntries(others({ parties, self: sender }).map((peer) => [peer, vector()])) };
};

/**
 * The shares of every party times F, as they follow from what it published and all opened.
 * @param factors F, and f_i·F of every party
 * @throws Abort naming whose opening is not of what it published
 */
export const outputsByInputs = <P>(
  { curve, base }: Products<P>,
  k: number,
  openings: ReadonlyMap<number, InputOpening>,
  published: ReadonlyMap<number, Published<P>>,
  inputsOf: Inputs<P>,
  factors: { readonly base: P; of(party: number): P },
): ReadonlyMap<number, readonly P[]> => {
  const times = curve.multiplyPublic;
  const parties = [...openings.keys()];
  for (const [i, { inputs, shares }] of openings) {
    const holds =
      inputsOf(i, k).every((point, l) => curve.equal(times(base, inputs[l]!), point)) &&
      others({ parties, self: i }).every((j) =>
        published.get(i)!.commitments[j]![k]!.every((point, l) => curve.equal(times(base, shares[j]![l]!), point)),
      );
    if (!holds) throw new Abort("products.opening", i);
  }
  // As Alice i has a_i·Σψ_ji + Σc_ij, as Bob d_ij = a_j·χ_ij − c_ji with χ_ij = f_i − ψ_ij, and a_i·f_i of its own.
  const output = (i: number, l: number): P => {
    const own = openings.get(i)!;
    let ofFactor = own.inputs[l]!;
    let ofBase = 0n;
    for (const j of others({ parties, self: i })) {
      const other = openings.get(j)!;
      ofFactor += other.inputs[l]!;
      ofBase += own.inputs[l]! * published.get(j)!.offsets[i]![k]! + own.shares[j]![l]!;
      ofBase -= other.inputs[l]! * published.get(i)!.offsets[j]![k]! + other.shares[i]![l]!;
    }
    const reduced = (value: bigint) => mod(value, curve.order);
    return curve.add(times(factors.of(i), reduced(ofFactor)), times(factors.base, reduced(ofBase)));
  };
  return new Map(parties.map((party) => [party, openings.get(party)!.inputs.map((_, l) => output(party, l))]));
};
