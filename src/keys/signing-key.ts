import { fromHex } from "../base/bytes.ts";
import { curveOf } from "../mpc/curves/registry.ts";
import { derive } from "../mpc/keys/derive.ts";
import { CURVE_OF } from "../mpc/keys/sharing.ts";
import type { SigningKey } from "../policy/what.ts";
import type { Key } from "../rules/key-state.ts";

/** The key that signs at a path: the key itself, or its child. @throws RangeError where there is no such child */
export const signingKeyAt = ({ scheme, publicKey, chainCode }: Key, path: readonly number[]): SigningKey => {
  const whole = { scheme, publicKey: fromHex(publicKey), chainCode: fromHex(chainCode) };
  return path.length === 0 ? whole : { scheme, publicKey: derive(curveOf(CURVE_OF[scheme]), whole, path).publicKey };
};
