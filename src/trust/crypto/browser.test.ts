/** What browsers get: bundled as for them, without Node.js modules, and doing the same. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import * as jws from "../jws.ts";
import * as keys from "../keys.ts";
import * as issue from "../x509/issue.ts";
import * as verify from "../x509/verify.ts";
import * as node from "./node.ts";

const directory = mkdtempSync(join(tmpdir(), "entente-browser-"));
after(() => rmSync(directory, { recursive: true }));

const MODULES = { jws: "../jws.ts", keys: "../keys.ts", issue: "../x509/issue.ts", verify: "../x509/verify.ts" };

interface Bundle {
  jws: typeof jws;
  keys: typeof keys;
  issue: typeof issue;
  verify: typeof verify;
}

const bundle = async (): Promise<{ text: string; modules: Bundle }> => {
  const exports = Object.entries(MODULES).map(([name, path]) => `export * as ${name} from "${path}";`);
  const { outputFiles, warnings } = await build({
    stdin: { contents: exports.join("\n"), resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    platform: "browser",
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  assert.deepEqual(warnings, []);
  const text = outputFiles[0]?.text ?? "";
  const file = join(directory, "bundle.mjs");
  writeFileSync(file, text);
  return { text, modules: await import(pathToFileURL(file).href) };
};

test("signed there, verified here, and the other way round", async () => {
  const { text, modules: browser } = await bundle();
  assert.doesNotMatch(text, /from "node:|import\("node:|require\("node:/);

  for (const kind of keys.SIGNING_KINDS) {
    const passphrase = "口令";
    const pem = keys.keyToPem(node.generateKey(kind), passphrase);
    const there = browser.keys.keyFromPem(pem, { passphrase });
    const here = keys.keyFromPem(browser.keys.keyToPem(there, passphrase), { passphrase });
    assert.equal(keys.keyToPem(here), browser.keys.keyToPem(there));

    const at = Date.UTC(2026, 5, 1);
    const period = { notBefore: at - 1000, notAfter: at + 1000, serial: issue.randomSerial() };
    const name = { commonName: "一家医院" };
    const ca = browser.issue.createCa({ name, key: there, ...period });
    const leaf = browser.issue.issue({ ca, caKey: there, publicKey: there.publicKey, subject: name, ...period });
    verify.verifyLeaf({ leaf, ca, at });
    browser.verify.verifyLeaf({ leaf, ca, at });

    const signed = browser.jws.signJws({ key: there, typ: "test+jws", x5c: [leaf.der], payload: "内容" });
    jws.verifyJws(jws.parseJws(signed, "test+jws"), leaf.publicKey);
    const back = jws.signJws({ key: here, typ: "test+jws", payload: "内容" });
    browser.jws.verifyJws(browser.jws.parseJws(back, "test+jws"), leaf.publicKey);
  }
});
