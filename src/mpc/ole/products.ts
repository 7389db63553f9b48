/**
 * Additive shares of products of committed secrets (docs/protocols/dkls23.md section 3). Every party i has a factor f_i
 * and inputs a_i, the inputs committed to by points a_i·Q known to all; in the end the shares of all add up to
 * (Σ f)·(Σ a), for every input and `count` times at once. Every ordered pair runs one random vector OLE: i as Bob gets a
 * random χ_ij, publishes ψ_ij = f_i − χ_ij, and j as Alice publishes Γ_ji = c_ji·Q, by which i checks what j put in.
 * Where the shares do not add up after all, `open-factors.ts` or `open-inputs.ts` names who is at fault.
 */
import { concat } from "../../base/bytes.ts";
import type { Curve } from "../curve.ts";
import { hashBytes } from "../ot/hash.ts";
import { Abort, type Context, type Inbox, others } from "../protocol.ts";
import { mod, randomScalar } from "../scalars.ts";
import type { PairSetup } from "../scheme.ts";
import { type Reader, scalarBytes } from "../wire.ts";
import { answerOle, type Begun, beginLength, beginOle, finishOle, type Shape } from "./vector-ole.ts";

/** What a run multiplies, the same for all parties. */
export interface Products<P> {
  readonly curve: Curve<P>;
  /** Q: over which inputs are committed to. */
  readonly base: P;
  readonly count: number;
  /** Inputs a party. */
  readonly width: number;
  /** Binds the run and what it is for: goes into every hash. */
  readonly scope: Uint8Array;
}

/** By other party, then instance, then input. */
export type Table<T> = Readonly<Record<number, readonly (readonly T[])[]>>;

/** A party's state after `beginProducts`: as Bob against every other party. */
export type Beginning = Readonly<Record<number, Begun>>;

/** What a party says to all, by other party. */
export interface Published<P> {
  /** ψ: by instance. */
  readonly offsets: Readonly<Record<number, readonly bigint[]>>;
  /** Γ: by instance and input. */
  readonly commitments: Table<P>;
}

const setupWith = (pairs: ReadonlyMap<number, PairSetup>, peer: number) => {
  const setup = pairs.get(peer);
  if (setup?.peer !== peer) throw new TypeError(`no setup with party ${peer}`);
  return setup as PairSetup & Record<"id" | "zeros" | "ones" | "delta" | "chosen", Uint8Array>;
};

const shapeOf = <P>({ curve, count, width, scope }: Products<P>, bob: number, alice: number): Shape => ({
  curve,
  count,
  width,
  scope: hashBytes("products/1 pair", scope, Uint8Array.of(bob, alice)),
});

/** Section 3.1: as Bob, against everybody. */
export const beginProducts = <P>(
  context: Context,
  products: Products<P>,
  pairs: ReadonlyMap<number, PairSetup>,
): { readonly beginning: Beginning; readonly direct: ReadonlyMap<number, Uint8Array> } => {
  const beginning: Record<number, Begun> = {};
  const direct = new Map<number, Uint8Array>();
  for (const alice of others(context)) {
    const setup = setupWith(pairs, alice);
    const { begun, message } = beginOle(shapeOf(products, context.self, alice), setup, context.random);
    beginning[alice] = begun;
    direct.set(alice, concat(setup.id, message));
  }
  return { beginning, direct };
};

/** Section 3.2: as Alice, against everybody. */
export const answerProducts = <P>(
  context: Context,
  products: Products<P>,
  pairs: ReadonlyMap<number, PairSetup>,
  inputs: readonly (readonly bigint[])[],
  inbox: Inbox,
): { readonly shares: Table<bigint>; readonly direct: ReadonlyMap<number, Uint8Array> } => {
  const shares: Record<number, readonly (readonly bigint[])[]> = {};
  const direct = new Map<number, Uint8Array>();
  for (const bob of others(context)) {
    const shape = shapeOf(products, bob, context.self);
    const setup = setupWith(pairs, bob);
    const message = requireSetup(inbox.direct(bob), setup.id, beginLength(shape), bob);
    const answer = answerOle(shape, setup, inputs, message, bob, context.random);
    shares[bob] = answer.shares;
    direct.set(bob, answer.message);
  }
  return { shares, direct };
};

/** Different setups can't multiply. That alone is no attempt to learn anything: checks named `run.` ban nobody. */
const requireSetup = (message: Uint8Array, id: Uint8Array, length: number, sender: number): Uint8Array => {
  if (message.length !== id.length + length) throw new Abort("products.begin.length", sender);
  if (id.some((byte, i) => byte !== message[i])) throw new Abort("run.setup", sender);
  return message.subarray(id.length);
};

/** What a party knows when every Alice has answered it: χ by instance, and d, against each. */
export interface Opposite {
  readonly factors: Readonly<Record<number, readonly bigint[]>>;
  readonly shares: Table<bigint>;
}

/** Section 3.3: as Bob again; what all get to see is sent in a broadcast that is echoed. */
export const publishProducts = <P>(
  context: Context,
  products: Products<P>,
  beginning: Beginning,
  own: { readonly factors: readonly bigint[]; readonly shares: Table<bigint> },
  inbox: Inbox,
): { readonly opposite: Opposite; readonly published: Uint8Array } => {
  const { curve, base } = products;
  const opposite = { factors: {} as Record<number, readonly bigint[]>, shares: {} as Record<number, Table<bigint>[0]> };
  const published: Uint8Array[] = [];
  for (const peer of others(context)) {
    const shape = shapeOf(products, context.self, peer);
    const { factors, shares } = finishOle(shape, beginning[peer]!, inbox.direct(peer), peer);
    opposite.factors[peer] = factors;
    opposite.shares[peer] = shares;
    for (const [k, vector] of own.shares[peer]!.entries()) {
      const offset = mod(own.factors[k]! - factors[k]!, curve.order);
      published.push(scalarBytes(offset), ...vector.map((c) => curve.encode(timesBase(curve, base, c))));
    }
  }
  return { opposite, published: concat(...published) };
};

/**
 * What `sender` published, out of its broadcast.
 * @param to for this party alone: points cost a square root each. What is for others they look at, and all in a dispute.
 */
export const readPublished = <P>(
  reader: Reader,
  { curve, count, width }: Products<P>,
  parties: readonly number[],
  sender: number,
  to?: number,
): Published<P> => {
  const offsets: Record<number, readonly bigint[]> = {};
  const commitments: Record<number, readonly (readonly P[])[]> = {};
  for (const other of others({ parties, self: sender })) {
    if (to !== undefined && other !== to) {
      reader.bytes(count * (32 + width * curve.pointLength));
      continue;
    }
    const instances = reader.list(count, () => ({
      offset: reader.scalar(curve),
      points: reader.list(width, () => reader.point(curve)),
    }));
    offsets[other] = instances.map(({ offset }) => offset);
    commitments[other] = instances.map(({ points }) => points);
  }
  return { offsets, commitments };
};

/** a_j·Q of a party, by instance and input. */
export type Inputs<P> = (party: number, k: number) => readonly P[];

/** Section 3.4: what this party ends with. @throws Abort naming who put in something else than it is committed to */
export const finishProducts = <P>(
  context: Context,
  products: Products<P>,
  own: {
    readonly factors: readonly bigint[];
    readonly inputs: readonly (readonly bigint[])[];
    readonly shares: Table<bigint>;
    readonly opposite: Opposite;
  },
  published: ReadonlyMap<number, Published<P>>,
  inputsOf: Inputs<P>,
): readonly (readonly bigint[])[] => {
  const { curve, count } = products;
  const { factors, shares } = own.opposite;
  for (const alice of others(context)) {
    const said = published.get(alice)!.commitments[context.self]!;
    for (let k = 0; k < count; k++)
      if (!fits(context, products, factors[alice]![k]!, inputsOf(alice, k), said[k]!, shares[alice]![k]!))
        throw new Abort("products.input", alice);
  }
  return own.inputs.map((vector, k) => {
    let factor = own.factors[k]!;
    for (const peer of others(context)) factor += published.get(peer)!.offsets[context.self]![k]!;
    return vector.map((input, l) => {
      let sum = input * factor;
      for (const peer of others(context)) sum += own.shares[peer]![k]![l]! + shares[peer]![k]![l]!;
      return mod(sum, curve.order);
    });
  });
};

/** χ·(a·Q) − Γ = d·Q for all inputs, by one random combination of them that the other could not foresee. */
const fits = <P>(
  { random }: Context,
  { curve, base }: Products<P>,
  factor: bigint,
  inputs: readonly P[],
  commitments: readonly P[],
  shares: readonly bigint[],
): boolean => {
  let [input, commitment, share] = [inputs[0], commitments[0], shares[0]] as [P, P, bigint];
  for (let l = 1; l < inputs.length; l++) {
    const weight = randomScalar(random, WEIGHT);
    input = curve.add(input, curve.multiplyPublic(inputs[l]!, weight));
    commitment = curve.add(commitment, curve.multiplyPublic(commitments[l]!, weight));
    share = mod(share + weight * shares[l]!, curve.order);
  }
  const right = curve.add(commitment, timesBase(curve, base, share));
  return curve.equal(curve.multiply(input, factor), right);
};
const WEIGHT = { order: 2n ** 128n };

/** For a secret scalar. */
export const timesBase = <P>(curve: Curve<P>, base: P, scalar: bigint): P =>
  base === curve.base ? curve.multiplyBase(scalar) : curve.multiply(base, scalar);
