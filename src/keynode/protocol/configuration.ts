/** What the machine's operator says to the key node program when it is started. Nothing here is believed about keys. */
import { z } from "zod";
import { Tag } from "../../rules/key-node.ts";

export const Configuration = z.strictObject({
  /** Where key nodes keep their state, each in a folder named by its measurement. */
  directory: z.string().min(1),
  /** Verifier key (C2SP vkey) of the ledger to follow. */
  ledger: z.string().min(1).max(256),
  tag: Tag,
  attestation: z.strictObject({
    /** Id of the provider. */
    provider: z.string().max(32),
    /** What the provider needs to know, by name: addresses, folders. */
    options: z.record(z.string(), z.string()).default({}),
  }),
  /** Where it listens for other nodes; port 0 takes a free one. */
  listen: z.strictObject({ host: z.string().min(1).max(255), port: z.int().min(0).max(65_535) }),
  /**
   * Starts without the store that was there, or with one that was rolled back: it is put aside, and with it all shares,
   * which have to be restored or recovered.
   */
  acceptLostStore: z.boolean().default(false),
});
export type Configuration = z.input<typeof Configuration>;
