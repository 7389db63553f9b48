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
import { mod, randomScalar } from "../scalars.ts";
import { bytesOf, integersOf, WIDE } from "./integers.ts";

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
  const { order } = curve;
  const span = width + 1;
  const rows = extendAsSender(seeds, scope, count * TRANSFERS, begin, bob);
  const zeros = pads(shape, rows).map((pad) => pad % order);
  const ones = pads(shape, shifted(rows, seeds.delta));

  const checks = inputs.map(() => randomScalar(random, curve));
  const vectors = inputs.map((vector, k) => [...vector, checks[k]!]);
  const corrections = zeros.map((zero, at) => {
    const value = vectors[Math.floor(at / (span * TRANSFERS))]![at % span]!;
    return mod(zero - ones[at]! + value, order);
  });
  const sent = bytesOf(corrections);
  const transcript = transcriptOf(shape, begin);
  const weights = challenge(shape, transcript, sent);
  const answers = inputs.map((vector, k) =>
    mod(
      vector.reduce((sum, value, i) => sum + weights[k * width + i]! * value, checks[k]!),
      order,
    ),
  );
  const columns = perTransfer(count, (k, at) => checkValue(zeros, at * span, weights, k * width, width));
  const message = concat(sent, bytesOf(answers), proof(shape, columns));
  const gadget = gadgetOf(shape, transcript, message);
  return { shares: outputs(shape, gadget, (at, i) => order - zeros[at * span + i]!), message };
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
  const { order } = curve;
  const span = width + 1;
  const end = 32 * elements(shape);
  if (message.length !== answerLength(shape)) throw new Abort("ole.answer.length", alice);
  const received = integersOf(message.subarray(0, end + 32 * count), 32);
  if (received.some((value) => value >= order)) throw new Abort("ole.answer.range", alice);

  const weights = challenge(shape, transcript, message.subarray(0, end));
  const answers = received.slice(elements(shape));
  const chosen = pads(shape, rows).map((pad, at) => {
    const bit = bitAt(choices, Math.floor(at / span));
    return (pad % order) + [0n, received[at]!][bit]!;
  });
  const columns = perTransfer(
    count,
    (k, at) => checkValue(chosen, at * span, weights, k * width, width) - [0n, answers[k]!][bitAt(choices, at)]!,
  );
  if (!equal(proof(shape, columns), message.subarray(end + 32 * count))) throw new Abort("ole.answer.check", alice);
  const gadget = gadgetOf(shape, transcript, message);
  return {
    factors: perInstance(count, (first) => weighted(gadget, (j) => ONE[bitAt(choices, first + j)]!, order)),
    shares: outputs(shape, gadget, (at, i) => chosen[at * span + i]!),
  };
};

export const answerLength = (shape: Shape): number => 32 * (elements(shape) + shape.count + 1);
export const beginLength = ({ count }: Shape): number => extensionLength(count * TRANSFERS);

const ONE = [0n, 1n];

/** Every transfer's pads: width + 1 integers, which count modulo the order. */
const pads = (shape: Shape, rows: Uint8Array): bigint[] =>
  integersOf(hashRows(hashBytes("ole/1 pads", shape.scope), rows, blocks(shape)), WIDE);

const transcriptOf = ({ scope }: Shape, begin: Uint8Array): Uint8Array => hashBytes("ole/1 transcript", scope, begin);

const scalars = ({ curve }: Shape, seed: Uint8Array, count: number): bigint[] =>
  integersOf(expand(seed, count * WIDE), WIDE).map((value) => mod(value, curve.order));

/** θ: follows from all corrections, so Alice can't fit them to it. */
const challenge = (shape: Shape, transcript: Uint8Array, corrections: Uint8Array): bigint[] =>
  scalars(shape, hashBytes("ole/1 challenge", transcript, corrections), shape.count * shape.width);

/** g, the weights of the choices in b: follows from all that was said, so nothing that was said can depend on it. */
const gadgetOf = (shape: Shape, transcript: Uint8Array, message: Uint8Array): bigint[] =>
  scalars(shape, hashBytes("ole/1 gadget", transcript, message), TRANSFERS);

const checkValue = (
  values: readonly bigint[],
  at: number,
  weights: readonly bigint[],
  first: number,
  width: number,
): bigint => {
  let sum = values[at + width]!;
  for (let i = 0; i < width; i++) sum += weights[first + i]! * values[at + i]!;
  return sum;
};

const proof = (shape: Shape, columns: readonly bigint[]): Uint8Array =>
  hashBytes("ole/1 check", shape.scope, bytesOf(columns.map((value) => mod(value, shape.curve.order))));

const perInstance = <T>(count: number, make: (first: number, k: number) => T): T[] =>
  Array.from({ length: count }, (_, k) => make(k * TRANSFERS, k));
const perTransfer = <T>(count: number, make: (k: number, at: number) => T): T[] =>
  Array.from({ length: count * TRANSFERS }, (_, at) => make(Math.floor(at / TRANSFERS), at));

const weighted = (gadget: readonly bigint[], value: (j: number) => bigint, order: bigint): bigint => {
  let sum = 0n;
  for (let j = 0; j < TRANSFERS; j++) sum += gadget[j]! * value(j);
  return mod(sum, order);
};
const outputs = ({ curve, count, width }: Shape, gadget: readonly bigint[], value: (at: number, i: number) => bigint) =>
  perInstance(count, (first) =>
    Array.from({ length: width }, (_, i) => weighted(gadget, (j) => value(first + j, i), curve.order)),
  );
