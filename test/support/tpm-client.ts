/** Keeps a TPM busy until it is killed. Usage: tpm-client.ts ENCLAVE MEASUREMENT, with a channel to its parent. */
import { openSwtpm } from "../../src/tee/attestation/tpm2/provider.ts";

const [enclave = "[]", measurement = ""] = process.argv.slice(2);
const arguments_ = JSON.parse(enclave) as Parameters<typeof openSwtpm>;
process.send?.("begins");
for (;;) {
  const provider = await openSwtpm(...arguments_);
  await provider.evidence("00".repeat(64), measurement);
  await provider.sealingKey(measurement);
  await provider.register.extend("11".repeat(32));
  await provider.close();
}
