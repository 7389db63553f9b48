/** What takes a second of computing, beside the page: keys closed and opened by passphrase, results checked and opened. */
import { generateKey } from "#crypto";
import { Refusal } from "../../base/refusal.ts";
import type { EnclavePin } from "../../evidence/enclave-pin.ts";
import { createClient } from "../../sdk/client.ts";
import { openDiagnostics } from "../../sdk/workflows/diagnostics.ts";
import { openResult } from "../../sdk/workflows/open-result.ts";
import { keyToPem, publicKeyToPem } from "../../trust/keys.ts";

interface Opening {
  readonly url: string;
  readonly language: "en" | "zh-CN";
  readonly id: string;
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
export interface Work {
  pair: { readonly asked: { readonly passphrase: string }; readonly answer: Pair };
  result: {
    readonly asked: Opening & { readonly me: string; readonly sealed?: Uint8Array | undefined };
    readonly answer: string;
  };
  diagnostics: { readonly asked: Opening; readonly answer: string };
}

const clientFor = ({ url, language }: Opening) =>
  createClient({ url, language, credentials: { session: { csrf: "" } } });

const work: { readonly [W in keyof Work]: (asked: Work[W]["asked"]) => Promise<Work[W]["answer"]> } = {
  async pair({ passphrase }) {
    const key = generateKey("P-256");
    return { publicPem: publicKeyToPem(key.publicKey), privatePem: keyToPem(key, passphrase) };
  },
  result: (asked) => {
    const { id, pem, passphrase, me, sealed, pins } = asked;
    const trust = pins.length > 0 ? { enclaves: [...pins] } : {};
    return openResult(clientFor(asked), id, pem, { passphrase, me, sealed, trust });
  },
  diagnostics: (asked) => {
    const { id, pem, passphrase, pins } = asked;
    return openDiagnostics(clientFor(asked), id, pem, { passphrase, enclaves: pins.length > 0 ? pins : "any" });
  },
};

self.onmessage = async ({ data: [what, asked] }: MessageEvent<[keyof Work, never]>) => {
  try {
    postMessage({ done: await work[what](asked) });
  } catch (error) {
    const { code, status, details, message } =
      error instanceof Refusal ? error : new Refusal("console.failed", 0, {}, String(error));
    postMessage({ failed: { code, status, details, message } });
  }
};
