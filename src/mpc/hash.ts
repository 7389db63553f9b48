/** Hashes of a run: over plain values, so that no two inputs look alike, with a label for each use. */
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { encodePlain } from "./codec.ts";
import type { Curve } from "./curve.ts";
import type { Plain } from "./protocol.ts";
import { mod, toInteger } from "./scalars.ts";

/** 32 bytes. */
export const hashOf = (label: string, ...parts: readonly Plain[]): Uint8Array => sha256(encodePlain([label, ...parts]));

/** A scalar; the remainder of 512 bits, so its bias is below 2^-255. */
export const hashToScalar = (curve: Pick<Curve, "order">, label: string, ...parts: readonly Plain[]): bigint =>
  mod(toInteger(sha512(encodePlain([label, ...parts]))), curve.order);
