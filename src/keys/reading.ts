/** What a message is, as the nodes read it: by the very same code. */
import { toHex } from "../base/bytes.ts";
import { whatIs } from "../policy/what.ts";
import type { KeyMessage } from "../rules/key-messages.ts";
import type { Key } from "../rules/key-state.ts";
import { signingKeyAt } from "./signing-key.ts";

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
    const { sign, facts } = whatIs(signingKeyAt(key, path), message, place);
    return { digest: toHex(sign), reading: facts as Record<string, never> };
  } catch {
    return { digest: null, reading: null };
  }
};
