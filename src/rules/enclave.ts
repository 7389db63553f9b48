/** An enclave: its keys and the evidence that they were made inside the program it says it is. */
import { z } from "zod";
import { type Machine, machine, machineOf } from "./attested.ts";
import { kindsOf, type Rulebook } from "./rulebook.ts";

export interface EnclaveState extends Machine {
  /** What keeps models in: `bubblewrap`, `quickjs`. */
  readonly isolation: string;
}

const kind = kindsOf<EnclaveState>();

export const attested = kind({
  name: "enclave.attested",
  founds: true,
  by: "enclave",
  payload: z.strictObject({ ...machine, isolation: z.enum(["bubblewrap", "quickjs"]) }),
  apply: (_, { payload, time }) => ({
    ...machineOf(payload, payload.isolation, time),
    isolation: payload.isolation,
  }),
});

export const enclave: Rulebook<EnclaveState> = {
  name: "enclave",
  initial: {
    signingKey: "",
    encryptionKey: "",
    measurement: "",
    components: {},
    ledger: "",
    isolation: "",
    provider: "",
  },
  kinds: [attested],
};
