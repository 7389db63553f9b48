/** What a key node runs with. */
import type { Clock } from "../base/clock.ts";
import type { AttestationProvider } from "../tee/attestation/provider.ts";
import type { Components } from "../trust/attestation/measurement.ts";

export interface NodeOptions {
  /** What the node is measured as. */
  readonly components: Components;
  readonly directory: string;
  readonly provider: AttestationProvider;
  /** Verifier key (C2SP vkey) of the ledger to follow. */
  readonly ledger: string;
  readonly tag: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly clock: Clock;
  /** Milliseconds that signers wait for one another; 30,000 where absent. */
  readonly patience?: number;
  /** Starts without the store that was there, which is put aside. */
  readonly acceptLostStore?: boolean;
  /** Called when state could not be saved: then nothing goes on before the program is started again. */
  readonly onLost?: () => void;
}
