/**
 * Which sealed shares were taken, and for which key. Whoever kept the envelopes of an import could found another key
 * with them, whose stream nobody has disabled or deleted; so each is good for one stream, for ever, erased or not.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Store } from "./store.ts";

export interface Imports {
  /**
   * Takes an envelope for a key; durable when it resolves, beyond any rollback.
   * @param envelope its digest
   * @returns false where it was taken for another key
   */
  take(envelope: string, stream: string): Promise<boolean>;
}

export const createImports = (store: Pick<Store, "get" | "put" | "anchor">): Imports => ({
  async take(envelope, stream) {
    const row = `import/${envelope}`;
    const taken = store.get(row);
    if (taken && fromUtf8(taken) !== stream) return false;
    if (!taken) await store.put(row, utf8(stream));
    await store.anchor();
    return true;
  },
});
