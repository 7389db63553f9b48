/** What a message is, as the nodes read it: the very same code. */
import type { KeyMessage } from "../rules/key-messages.ts";
import type { Key } from "../rules/key-state.ts";

export const readMessage = (_key: Key | undefined, message: KeyMessage) => ({
  digest: message.kind === "digest" ? message.hex : null,
  reading: null,
});
