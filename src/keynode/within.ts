/** Plain values as other nodes say them: only as long as they ever have to be. */
import { decodePlain } from "../mpc/codec.ts";
import type { Plain } from "../mpc/protocol.ts";

/** Bytes: of a name or a number or two; of what stands for each message of a request, or for each presignature of a pool. */
export const SHORT = 2 << 10;
export const LONG = 512 << 10;

/**
 * Of a message as long as a connection carries, the values can take 20 times its bytes, and seconds in which nothing
 * else is done: nobody may have that made of what nobody honest says.
 * @throws RangeError for what is longer than `most` bytes, or is no plain value
 */
export const decodeWithin = (most: number, body: Uint8Array): Plain => {
  if (body.length > most) throw new RangeError("too long");
  return decodePlain(body);
};
