/** What the machine's operator says to the enclave program when it is started. Nothing here is believed about data. */
import { z } from "zod";

export const Configuration = z.strictObject({
  /** Where enclaves keep their state, each in a folder named by its measurement. */
  directory: z.string().min(1),
  /** Verifier key (C2SP vkey) of the ledger to follow. */
  ledger: z.string().min(1).max(256),
  attestation: z.strictObject({
    /** Id of the provider. */
    provider: z.string().max(32),
    /** What the provider needs to know, by name: addresses, folders. */
    options: z.record(z.string(), z.string()).default({}),
  }),
  /** `auto` takes bubblewrap where it works and QuickJS elsewhere. */
  sandbox: z.enum(["auto", "bubblewrap", "quickjs"]),
  /** What a run may use at most: seconds, and bytes of memory and of the result's columns. */
  limits: z.strictObject({ seconds: z.number().positive(), memory: z.int().min(1), output: z.int().min(1) }),
  /** Folder of the Python image; no models in Python without. */
  python: z.string().min(1).optional(),
  /** Folders of the cgroup file system that are the enclave's: where there are any, every sandbox has limits in them. */
  cgroup: z.array(z.string().startsWith("/")).min(1).optional(),
  /** Hosts, and blocks of addresses, that it may connect to (network.ts); all without. */
  networks: z.array(z.string()).min(1).optional(),
});
export type Configuration = z.output<typeof Configuration>;
