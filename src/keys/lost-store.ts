/** What an operator says of a key node whose store is gone for good. */
import { rm } from "node:fs/promises";
import { join } from "node:path";

/** A file that the operator puts into the node's folder. */
const CONSENT = "accept-lost-store";

/** Whether the node may start without the store that it wrote last: this once, the file is gone after. */
export const acceptsLostStore = (directory: string): Promise<boolean> =>
  rm(join(directory, CONSENT)).then(
    () => true,
    () => false,
  );
