/**
 * Bodies of messages: fixed fields one after another, no names, no optional parts. What does not read exactly ends the
 * run and names its sender.
 */
import type { Curve } from "./curve.ts";
import { Abort } from "./protocol.ts";
import { toBytes32, toInteger } from "./scalars.ts";

/** Bodies are written with `concat` of `curve.encode(point)`, of this, and of bytes as they are. */
export const scalarBytes = toBytes32;

export interface Reader {
  byte(): number;
  bytes(length: number): Uint8Array;
  /** 32 bytes, below the curve's order. */
  scalar(curve: Pick<Curve, "order">): bigint;
  /** A valid point, not the neutral element. */
  point<P>(curve: Curve<P>): P;
  /** As many items as all know there must be: the number itself isn't sent. */
  list<T>(count: number, item: (reader: Reader) => T): T[];
}

/**
 * What `take` reads of a body, all of it.
 * @param check names the message: `dkg.commitment`
 * @throws Abort naming `sender`, for a wrong length, a scalar out of range, a bad point, and whatever `take` refuses
 * with a RangeError
 */
export const read = <T>(body: Uint8Array, sender: number, check: string, take: (reader: Reader) => T): T => {
  let at = 0;
  const bytes = (length: number): Uint8Array => {
    if (length > body.length - at) throw new RangeError("cut short");
    at += length;
    return Uint8Array.from(body.subarray(at - length, at));
  };
  const reader: Reader = {
    bytes,
    byte: () => bytes(1)[0] as number,
    scalar({ order }) {
      const value = toInteger(bytes(32));
      if (value >= order) throw new RangeError("scalar out of range");
      return value;
    },
    point: (curve) => curve.decode(bytes(curve.pointLength)),
    list: (count, item) => Array.from({ length: count }, () => item(reader)),
  };
  try {
    const value = take(reader);
    if (at !== body.length) throw new RangeError("bytes left over");
    return value;
  } catch (error) {
    throw error instanceof RangeError ? new Abort(check, sender) : error;
  }
};
