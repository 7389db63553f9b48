/**
 * Oblivious transfer extension: from 128 base transfers as many as are needed, by symmetric operations. SoftSpokenOT
 * (eprint 2022/192) with k = 1, its consistency check made non-interactive (docs/protocols/ot.md section 3).
 */
import { concat, equal } from "../../base/bytes.ts";
import { Abort } from "../protocol.ts";
import { expand, hashBytes, hashRows, ROW, words } from "./hash.ts";
import { bitAt, COLUMNS, linearHash, transpose } from "./matrix.ts";

/** Both keys of every base transfer, each 16 bytes: who has these chooses in the extension. */
export interface ReceiverSeeds {
  readonly zeros: Uint8Array;
  readonly ones: Uint8Array;
}

/** 128 choices and the keys chosen: who has these gives pads in the extension. */
export interface SenderSeeds {
  readonly delta: Uint8Array;
  readonly chosen: Uint8Array;
}

/** Rows of the matrix: the transfers, random ones up to a whole element of GF(2^128), and one element as a mask. */
const rowsFor = (count: number): number => COLUMNS * (Math.ceil(count / COLUMNS) + 1);

export const extensionLength = (count: number): number => (COLUMNS * rowsFor(count)) / 8 + ROW + 32;

/**
 * @param scope 32 bytes for this session and this direction
 * @param choices one bit a transfer
 * @returns what the sender gets, and the rows t of the matrix from which `hashRows` makes the chosen pads
 */
export const extendAsReceiver = (
  { zeros, ones }: ReceiverSeeds,
  scope: Uint8Array,
  choices: Uint8Array,
  count: number,
  random: (length: number) => Uint8Array,
): { readonly message: Uint8Array; readonly rows: Uint8Array } => {
  const length = rowsFor(count);
  const bits = concat(choices, random(length / 8 - choices.length));
  const t = stretch(zeros, scope, length);
  const u = stretch(ones, scope, length);
  for (let i = 0; i < u.length; i++) u[i]! ^= t[i]! ^ bits[i % bits.length]!;
  const rows = transpose(t, length);

  const coefficients = challenge(scope, u, length);
  const one = linearHash(
    Uint32Array.from({ length }, (_, i) => bitAt(bits, i)),
    1,
    coefficients,
  );
  const choicesHash = new Uint8Array(ROW);
  for (const [i, bit] of one.entries()) choicesHash[i >> 3]! |= bit << (i & 7);
  const rowsHash = proof(scope, linearHash(words(rows), 4, coefficients));
  return { message: concat(u, choicesHash, rowsHash), rows: rows.subarray(0, ROW * count) };
};

/**
 * @returns rows q of the matrix: q = t where the receiver chose 0, t ⊕ delta where it chose 1
 * @throws Abort naming the receiver: it now may know something of `delta`, which is never to be used again
 */
export const extendAsSender = (
  { delta, chosen }: SenderSeeds,
  scope: Uint8Array,
  count: number,
  message: Uint8Array,
  receiver: number,
): Uint8Array => {
  if (message.length !== extensionLength(count)) throw new Abort("ot.extension.length", receiver);
  const length = rowsFor(count);
  const stride = length / 8;
  const u = message.subarray(0, COLUMNS * stride);
  const choicesHash = message.subarray(u.length, u.length + ROW);
  const q = stretch(chosen, scope, length);
  for (let column = 0; column < COLUMNS; column++) {
    const mask = -bitAt(delta, column);
    for (let i = column * stride; i < (column + 1) * stride; i++) q[i]! ^= u[i]! & mask;
  }
  const rows = transpose(q, length);

  const hash = linearHash(words(rows), 4, challenge(scope, u, length));
  const difference = words(delta);
  for (let i = 0; i < COLUMNS; i++) {
    const mask = -bitAt(choicesHash, i);
    for (let w = 0; w < 4; w++) hash[4 * i + w]! ^= difference[w]! & mask;
  }
  if (!equal(proof(scope, hash), message.subarray(u.length + ROW))) throw new Abort("ot.extension.check", receiver);
  return rows.subarray(0, ROW * count);
};

/** The rows of the pads that the receiver has where it chose 1. */
export const shifted = (rows: Uint8Array, delta: Uint8Array): Uint8Array => {
  const out = Uint8Array.from(rows);
  for (let i = 0; i < out.length; i++) out[i]! ^= delta[i % ROW]!;
  return out;
};

/** Each seed as a column of `length` bits. */
const stretch = (seeds: Uint8Array, scope: Uint8Array, length: number): Uint8Array =>
  hashRows(hashBytes("ot/1 column", scope), seeds, length / COLUMNS);

/** The coefficients of the linear hash follow from all that the receiver is bound to (section 3.4). */
const challenge = (scope: Uint8Array, u: Uint8Array, length: number): Uint8Array =>
  expand(hashBytes("ot/1 challenge", scope, u), (length / COLUMNS - 1) * ROW);

const proof = (scope: Uint8Array, hash: Uint32Array): Uint8Array =>
  hashBytes("ot/1 check", scope, new Uint8Array(hash.buffer, hash.byteOffset, hash.byteLength));
