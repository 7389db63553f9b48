/**
 * What takes a second of computing, beside the page: keys closed and opened by passphrase, results checked and opened.
 * It has no network: the page fetches, and nothing that was fetched is believed here but by its proof.
 */
import { generateKey, sha256Hex } from "#crypto";
import type { EnclavePin } from "../../evidence/enclave-pin.ts";
import type { Client } from "../../sdk/client.ts";
import { openDiagnostics } from "../../sdk/workflows/diagnostics.ts";
import { openResult } from "../../sdk/workflows/open-result.ts";
import { keyToPem, publicKeyToPem } from "../../trust/keys.ts";
import { answering } from "../parts/beside.ts";
import type { TaskView } from "./task-view.ts";

interface Opening {
  readonly task: TaskView;
  /** Private key. */
  readonly pem: string;
  readonly passphrase?: string | undefined;
  /** Programs that this browser trusts; any, where there is none. */
  readonly pins: readonly EnclavePin[];
}
export interface Pair {
  readonly publicPem: string;
  /** Encrypted under the passphrase. */
  readonly privatePem: string;
}
type Answer<R extends "enclaves" | "tasks", V extends keyof Client[R]> = Client[R][V] extends (
  ...given: never[]
) => Promise<infer O>
  ? O
  : never;

export interface OpenedResult {
  readonly csv: string;
  /** SHA-256 (hex) of the sealed file, which is the one that the evidence names. */
  readonly digest: string;
}

export interface Work {
  pair: { readonly asked: { readonly passphrase: string }; readonly answer: Pair };
  result: {
    readonly asked: Opening & { readonly me: string; readonly sealed: Uint8Array; readonly bundle: Uint8Array };
    readonly answer: OpenedResult;
  };
  diagnostics: {
    readonly asked: Opening & {
      readonly enclave: Answer<"enclaves", "get">;
      readonly released: Answer<"tasks", "diagnostics">;
    };
    readonly answer: string;
  };
}

/** A client that has been asked already. */
const askedAlready = (answers: object): Client => answers as Client;
const file = (bytes: Uint8Array) => async () => ({ bytes: async () => bytes });

const work: { readonly [W in keyof Work]: (asked: Work[W]["asked"]) => Promise<Work[W]["answer"]> } = {
  async pair({ passphrase }) {
    const key = generateKey("P-256");
    return { publicPem: publicKeyToPem(key.publicKey), privatePem: keyToPem(key, passphrase) };
  },
  async result({ task, pem, passphrase, me, sealed, bundle, pins }) {
    const client = askedAlready({ tasks: { get: async () => task, bundle: file(bundle) } });
    const trust = pins.length > 0 ? { enclaves: [...pins] } : {};
    const csv = await openResult(client, task.id, pem, { passphrase, me, sealed, trust });
    return { csv, digest: sha256Hex(sealed) };
  },
  diagnostics({ task, pem, passphrase, enclave, released, pins }) {
    const client = askedAlready({
      tasks: { get: async () => task, diagnostics: async () => released },
      enclaves: { get: async () => enclave },
    });
    return openDiagnostics(client, task.id, pem, { passphrase, enclaves: pins.length > 0 ? pins : "any" });
  },
};

answering(([what, asked]: [keyof Work, never]) => work[what](asked));
