import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { keptProgram } from "./programs.ts";

test("a node that was founded without native packages finds none that are installed later", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "entente-programs-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const program = join(home, "keynode.mjs");
  writeFileSync(program, "// A program.\n");
  const kept = await keptProgram({ directory: join(home, "key-nodes"), tag: "node-1", program });
  for (const name of ["secp256k1", "sodium-native"]) {
    mkdirSync(join(home, "node_modules", name), { recursive: true });
    writeFileSync(join(home, "node_modules", name, "index.js"), "");
    writeFileSync(join(home, "node_modules", name, "bindings.js"), "");
  }
  for (const name of ["secp256k1/bindings.js", "sodium-native"]) {
    createRequire(program)(name);
    assert.throws(() => createRequire(kept)(name), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
  }
});

test("nodes of one program share a copy, with the packages beside it; a later program has another", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "entente-programs-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const directory = join(home, "key-nodes");
  const program = join(home, "keynode.mjs");
  writeFileSync(program, "// A program.\n");
  const modules = join(home, "real");
  mkdirSync(join(modules, "secp256k1", "prebuilds", "elsewhere-x64"), { recursive: true });
  writeFileSync(join(modules, "secp256k1", "package.json"), '{"dependencies":{"beneath":"1","nowhere":"1"}}');
  writeFileSync(join(modules, "secp256k1", "bindings.js"), 'module.exports = require("beneath");');
  mkdirSync(join(modules, "beneath"));
  writeFileSync(join(modules, "beneath", "package.json"), "{}");
  writeFileSync(join(modules, "beneath", "index.js"), "module.exports = 1;");
  symlinkSync(modules, join(home, "node_modules"));
  const [one, two] = await Promise.all(["node-1", "node-2"].map((tag) => keptProgram({ directory, tag, program })));
  assert.equal(one, two);
  writeFileSync(join(modules, "beneath", "index.js"), "module.exports = 2;");
  assert.equal(createRequire(one ?? "")("secp256k1/bindings.js"), 1);
  assert.notEqual(await keptProgram({ directory, tag: "node-3", program }), one, "other packages are another program");
  assert.equal(await keptProgram({ directory, tag: "node-1", program }), one);
});
