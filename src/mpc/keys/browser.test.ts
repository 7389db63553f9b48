/** A client splits and puts together keys in a browser: what it needs bundles without Node.js modules and does its work. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { seeded } from "../../../test/support/simulate.ts";
import { toHex } from "../../base/bytes.ts";
import { curveOf } from "../curves/registry.ts";
import { acceptDealt } from "./dealer.ts";
import { CURVE_OF } from "./sharing.ts";

const directory = mkdtempSync(join(tmpdir(), "entente-dealer-"));
after(() => rmSync(directory, { recursive: true }));

test("split in a browser, taken by nodes, put together in a browser", async () => {
  const contents = ["./dealer.ts", "./export.ts", "../curves/noble.ts"]
    .map((path) => `export * from "${path}";`)
    .join("\n");
  const { outputFiles, warnings } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    platform: "browser",
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  assert.deepEqual(warnings, []);
  const text = outputFiles[0]?.text ?? "";
  assert.doesNotMatch(text, /from "node:|import\("node:|require\("node:/);
  const file = join(directory, "bundle.mjs");
  writeFileSync(file, text);
  const { dealKey, combineShares, scalarOf, nobleCurves } = await import(pathToFileURL(file).href);

  for (const scheme of ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SCHNORR_BIP340", "SM2"] as const) {
    const random = seeded(`browser ${scheme}`);
    const privateKey = random(32);
    const there = nobleCurves[CURVE_OF[scheme]];
    const parties = [1, 2, 3];
    const { dealt, shares } = dealKey(there, { scheme, threshold: 2, parties }, privateKey, random);
    const taken = parties.map((party) => acceptDealt(curveOf(CURVE_OF[scheme]), dealt, party, shares.get(party)));
    const some = new Map(taken.slice(1).map(({ self, secret }) => [self, secret]));
    const back = combineShares(there, taken[0], some);
    assert.equal(BigInt(`0x${toHex(back)}`), scalarOf(scheme, privateKey, there));
  }
});
