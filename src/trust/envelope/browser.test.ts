/** The code a browser runs, with its own primitives, opens what Node.js sealed, and the other way round. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { generateKey, randomBytes } from "#crypto";
import { type keyFromPem, keyToPem, publicKeyToPem } from "../keys.ts";
import * as node from "./envelope.ts";
import { enclaveKey, receiverKey } from "./recipient.ts";

const KINDS = ["P-256", "X25519", "SM2"] as const;
const CONTEXT = { purpose: "test" };

type Browser = typeof node & { keyFromPem: typeof keyFromPem };
const bundle = async (): Promise<Browser> => {
  const contents = `export * from "./envelope.ts"; export { keyFromPem } from "../keys.ts";`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    platform: "browser",
    format: "esm",
    write: false,
  });
  const [output] = outputFiles;
  assert(output && !/from ?"node:|require\(/.test(output.text), "nothing of Node.js is bundled");
  return import(`data:text/javascript;base64,${Buffer.from(output.contents).toString("base64")}`);
};

test("envelopes pass between browser and Node.js", async () => {
  const browser = await bundle();
  const content = randomBytes(1_500_000);
  for (const kind of KINDS) {
    const key = generateKey(kind);
    const theirs = browser.keyFromPem(keyToPem(key), { accept: KINDS });
    const to = receiverKey(publicKeyToPem(key.publicKey));
    for (const recipient of kind === "X25519" ? [to, enclaveKey(key.publicKey.spki)] : [to]) {
      const options = { to: recipient, context: CONTEXT };
      const sealed = await node.sealBytes(content, options);
      assert.deepEqual(await browser.openBytes(sealed, { key: theirs, context: CONTEXT }), content);
      const back = await browser.sealBytes(content, options);
      assert.deepEqual(await node.openBytes(back, { key, context: CONTEXT }), content);
    }
  }
});
