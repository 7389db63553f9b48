/**
 * Random vector oblivious linear evaluation, DKLs23 (eprint 2023/765) protocol 5.2 as corrected by Asharov (eprint
 * 2026/976, variant II), `count` instances at once: Alice puts in a vector a, Bob gets a random b, and they end with
 * c + d = a·b, c hers and d his (docs/protocols/dkls23.md section 2).
 */
import { concat, equal } from "../../base/bytes.ts";
import type { Curve } from "../curve.ts";
import {
  extendAsReceiver,
  extendAsSender,
  extensionLength,
  type ReceiverSeeds,
  type SenderSeeds,
  shifted,
} from "../ot/extension.ts";
import { expand, hashBytes, hashRows } from "../ot/hash.ts";
import { bitAt } from "../ot/matrix.ts";
import { Abort } from "../protocol.ts";
import { mod, randomScalar, toBytes32 } from "../scalars.ts";
import { addBytes, LIMBS, modulusOf, WIDE_LIMBS, wideOf } from "./limbs.ts";

/** What both sides of one run know. */
export interface Shape {
  readonly curve: Pick<Curve, "order" | "id">;
  /** Instances, each with a b of its own. */
  readonly count: number;
  /** Length of Alice's vector. */
  readonly width: number;
  /** 32 bytes for this session, this Bob and this Alice. */
  readonly scope: Uint8Array;
}

/**
 * Transfers an instance: |q| + 2·128 + 3·80. DKLs23 has |q| + 2·80, which is too few: Alice can choose which choices to
 * guess after she has seen the gadget. Here the gadget follows from her message, and 2^128 messages don't help her.
 */
export const TRANSFERS = 752;
/** Bytes from which a remainder modulo an order of 256 bits comes out uniform but for 2^-128. */
const WIDE = 48;
/** Of Alice's vector and the one value that checks it, each in three blocks of 16 bytes. */
const blocks = ({ width }: Shape): number => 3 * (width + 1);
const elements = ({ count, width }: Shape): number => count * TRANSFERS * (width + 1);

/** What Bob keeps of his message. */
export interface Begun {
  readonly choices: Uint8Array;
  readonly rows: Uint8Array;
  readonly transcript: Uint8Array;
}

/** Bob: chooses in the transfers. */
export const beginOle = (
  shape: Shape,
  seeds: ReceiverSeeds,
  random: (length: number) => Uint8Array,
): { readonly begun: Begun; readonly message: Uint8Array } => {
  const { count, scope } = shape;
  const choices = random((count * TRANSFERS) / 8);
  const { message, rows } = extendAsReceiver(seeds, scope, choices, count * TRANSFERS, random);
  return { begun: { choices, rows, transcript: transcriptOf(shape, message) }, message };
};

/** By instance, and by input. */
type Vectors = readonly (readonly bigint[])[];

/**
 * Alice: puts in `inputs`, a vector for every instance, and gets c.
 * @throws Abort naming Bob, whose transfers are not consistent
 */
export const answerOle = (
  shape: Shape,
  seeds: SenderSeeds,
  inputs: Vectors,
  begin: Uint8Array,
  bob: number,
  random: (length: number) => Uint8Array,
): { readonly shares: Vectors; readonly message: Uint8Array } => {
  const { curve, count, width, scope } = shape;
  const modulus = modulusOf(curve.order);
  const span = width + 1;
  const rows = extendAsSender(seeds, scope, count * TRANSFERS, begin, bob);
  const zeros = wideOf(pads(shape, rows), WIDE);
  const ones = pads(shape, shifted(rows, seeds.delta));

  const checks = inputs.map(() => randomScalar(random, curve));
  const vectors = wideOf(concat(...inputs.flatMap((vector, k) => [...vector, checks[k]!].map(toBytes32))), 32);
  const sent = new Uint8Array(32 * elements(shape));
  for (let at = 0; at < elements(shape); at++) {
    modulus.addWide(zeros, WIDE_LIMBS * at, 1);
    modulus.subtractBytes(ones, WIDE * at);
    modulus.addWide(vectors, WIDE_LIMBS * (span * Math.floor(at / (span * TRANSFERS)) + (at % span)), 1);
    modulus.write(sent, 32 * at);
  }
  const transcript = transcriptOf(shape, begin);
  const weights = challenge(shape, transcript, sent);
  const answers = new Uint8Array(32 * count);
  for (let k = 0; k < count; k++) {
    addCheck(shape, vectors, span * k, weights, k);
    modulus.write(answers, 32 * k);
  }
  const columns = perTransfer(shape, (k, at) => addCheck(shape, zeros, span * at, weights, k));
  const message = concat(sent, answers, proof(shape, columns));
  const gadget = gadgetOf(shape, transcript, message);
  return { shares: outputs(shape, gadget, zeros).map((vector) => vector.map((d) => mod(-d, curve.order))), message };
};

/**
 * Bob: gets b and d.
 * @throws Abort naming Alice, who did not put the same vector into every transfer: she may have learnt choices
 */
export const finishOle = (
  shape: Shape,
  { choices, rows, transcript }: Begun,
  message: Uint8Array,
  alice: number,
): { readonly factors: readonly bigint[]; readonly shares: Vectors } => {
  const { curve, count, width } = shape;
  const modulus = modulusOf(curve.order);
  const span = width + 1;
  const end = 32 * elements(shape);
  if (message.length !== answerLength(shape)) throw new Abort("ole.answer.length", alice);
  for (let at = 0; at < end + 32 * count; at += 32)
    if (!modulus.isResidue(message, at)) throw new Abort("ole.answer.range", alice);

  const weights = challenge(shape, transcript, message.subarray(0, end));
  const answers = wideOf(message.subarray(end, end + 32 * count), 32);
  const chosen = wideOf(pads(shape, rows), WIDE);
  for (let at = 0; at < elements(shape); at++)
    addBytes(chosen, WIDE_LIMBS * at, message, 32 * at, bitAt(choices, Math.floor(at / span)) as 0 | 1);
  const columns = perTransfer(shape, (k, at) => {
    addCheck(shape, chosen, span * at, weights, k);
    modulus.addWide(answers, WIDE_LIMBS * k, -bitAt(choices, at) as -1 | 0);
  });
  if (!equal(proof(shape, columns), message.subarray(end + 32 * count))) throw new Abort("ole.answer.check", alice);
  const gadget = gadgetOf(shape, transcript, message);
  const factors = Array.from({ length: count }, (_, k) => {
    for (let j = 0; j < TRANSFERS; j++) modulus.add(gadget, LIMBS * j, bitAt(choices, k * TRANSFERS + j) as 0 | 1);
    return modulus.integer();
  });
  return { factors, shares: outputs(shape, gadget, chosen) };
};

export const answerLength = (shape: Shape): number => 32 * (elements(shape) + shape.count + 1);
export const beginLength = ({ count }: Shape): number => extensionLength(count * TRANSFERS);

/** Every transfer's pads: width + 1 integers of 48 bytes, which count modulo the order. */
const pads = (shape: Shape, rows: Uint8Array): Uint8Array =>
  hashRows(hashBytes("ole/1 pads", shape.scope), rows, blocks(shape));

const transcriptOf = ({ scope }: Shape, begin: Uint8Array): Uint8Array => hashBytes("ole/1 transcript", scope, begin);

const scalars = ({ curve }: Shape, seed: Uint8Array, count: number): Float64Array => {
  const modulus = modulusOf(curve.order);
  const values = wideOf(expand(seed, count * WIDE), WIDE);
  const residues = new Float64Array(LIMBS * count);
  for (let i = 0; i < count; i++) {
    modulus.addWide(values, WIDE_LIMBS * i, 1);
    modulus.store(residues, LIMBS * i);
  }
  return residues;
};

/** θ: follows from all corrections, so Alice can't fit them to it. */
const challenge = (shape: Shape, transcript: Uint8Array, corrections: Uint8Array): Float64Array =>
  scalars(shape, hashBytes("ole/1 challenge", transcript, corrections), shape.count * shape.width);

/** g, the weights of the choices in b: follows from all that was said, so nothing that was said can depend on it. */
const gadgetOf = (shape: Shape, transcript: Uint8Array, message: Uint8Array): Float64Array =>
  scalars(shape, hashBytes("ole/1 gadget", transcript, message), TRANSFERS);

/** Of the vector and its check value at `at`: the check value and θ times the vector. */
const addCheck = ({ curve, width }: Shape, values: Float64Array, at: number, weights: Float64Array, k: number) => {
  const modulus = modulusOf(curve.order);
  modulus.addWide(values, WIDE_LIMBS * (at + width), 1);
  for (let i = 0; i < width; i++) modulus.addProduct(weights, LIMBS * (k * width + i), values, WIDE_LIMBS * (at + i));
};

/** What `add` adds up for every transfer, 32 bytes each. */
const perTransfer = ({ curve, count }: Shape, add: (k: number, at: number) => void): Uint8Array => {
  const modulus = modulusOf(curve.order);
  const columns = new Uint8Array(32 * count * TRANSFERS);
  for (let at = 0; at < count * TRANSFERS; at++) {
    add(Math.floor(at / TRANSFERS), at);
    modulus.write(columns, 32 * at);
  }
  return columns;
};

const proof = (shape: Shape, columns: Uint8Array): Uint8Array => hashBytes("ole/1 check", shape.scope, columns);

/** The transfers of every instance and input, weighted by the gadget. */
const outputs = ({ curve, count, width }: Shape, gadget: Float64Array, values: Float64Array): Vectors => {
  const modulus = modulusOf(curve.order);
  return Array.from({ length: count }, (_, k) =>
    Array.from({ length: width }, (_, i) => {
      for (let j = 0; j < TRANSFERS; j++)
        modulus.addProduct(gadget, LIMBS * j, values, WIDE_LIMBS * ((k * TRANSFERS + j) * (width + 1) + i));
      return modulus.integer();
    }),
  );
};
