/** What a message is, as the nodes read it: by the very same code. */
import { fromHex, toHex } from "../base/bytes.ts";
import { curveOf } from "../mpc/curves/registry.ts";
import { derive } from "../mpc/keys/derive.ts";
import { CURVE_OF } from "../mpc/keys/sharing.ts";
import { whatIs } from "../policy/what.ts";
import type { KeyMessage } from "../rules/key-messages.ts";
import type { Key } from "../rules/key-state.ts";

type Reading = { readonly digest: string | null; readonly reading: Record<string, never> | null };

/** @param place of the message in its request, from 1; nothing where it cannot be read */
export const readMessage = (
  key: Key | undefined,
  path: readonly number[],
  message: KeyMessage,
  place: number,
): Reading => {
  if (!key?.publicKey) return { digest: null, reading: null };
  try {
    const { scheme } = key;
    const whole = { scheme, publicKey: fromHex(key.publicKey), chainCode: fromHex(key.chainCode) };
    const { publicKey } = derive(curveOf(CURVE_OF[scheme]), whole, path);
    const { sign, facts } = whatIs({ scheme, publicKey }, message, place);
    return { digest: toHex(sign), reading: facts as Record<string, never> };
  } catch {
    return { digest: null, reading: null };
  }
};
