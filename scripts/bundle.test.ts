/** Bundles small programs that use what the real ones do, and runs them where there is nothing but the bundle. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { pack } from "../src/enclave/archive.ts";
import { bundleProgram, currentProgram, programs } from "./bundle.ts";
import { root } from "./tree.ts";

const trees = mkdtempSync(join(realpathSync(tmpdir()), "entente-bundle-test-"));
after(() => rmSync(trees, { recursive: true }));

const PACKAGE = { type: "module", imports: { "#crypto": { node: "./src/node.ts", default: "./src/noble.ts" } } };

/** @returns the top of a tree with these files, the project's packages and its imports */
const tree = (name: string, files: Readonly<Record<string, string>>): string => {
  const top = join(trees, name);
  for (const [file, text] of Object.entries({ ...files, "package.json": JSON.stringify(PACKAGE) })) {
    mkdirSync(dirname(join(top, file)), { recursive: true });
    writeFileSync(join(top, file), text);
  }
  symlinkSync(join(root, "node_modules"), join(top, "node_modules"));
  return top;
};

/** Runs a bundle from an empty folder; `flags` go to Node.js. */
const runAlone = (bytes: Uint8Array, ...flags: string[]): unknown => {
  const folder = mkdtempSync(join(trees, "alone-"));
  const file = join(folder, "program.mjs");
  writeFileSync(file, bytes);
  return JSON.parse(execFileSync(process.execPath, [...flags, file], { cwd: folder, encoding: "utf8" }));
};

const CRYPTO = { "src/node.ts": 'export const which = "node";\n', "src/noble.ts": 'export const which = "noble";\n' };

test("a program of Node.js: text and thread beside it, QuickJS, a CommonJS package", async () => {
  const top = tree("node", {
    ...CRYPTO,
    [programs.enclave.entry]: `
      import { readFileSync } from "node:fs";
      import { Worker } from "node:worker_threads";
      import { which } from "#crypto";
      import tar from "tar-stream";
      const guest = readFileSync(new URL("./guest.js", import.meta.url), "utf8");
      const worker = new Worker(new URL("./worker.ts", import.meta.url));
      worker.on("message", (sum: number) => console.log(JSON.stringify({ which, guest, sum, tar: typeof tar.pack })));
    `,
    "src/enclave/guest.js": "export const answer = `42`; // a guest\n",
    "src/enclave/worker.ts": `
      import { parentPort } from "node:worker_threads";
      import { getQuickJS } from "quickjs-emscripten";
      void getQuickJS().then((quickjs) => parentPort?.postMessage(quickjs.evalCode("40 + 2")));
    `,
  });
  const { bytes } = await bundleProgram("enclave", top);
  assert.deepEqual(runAlone(bytes), {
    which: "node",
    guest: "export const answer = `42`; // a guest\n",
    sum: 42,
    tar: "function",
  });
});

test("a program of Node.js with the policy engine carries its bytes", async () => {
  const top = tree("cedar", {
    ...CRYPTO,
    [programs.enclave.entry]: `
      import { cedar } from ${JSON.stringify(join(root, "src", "policy", "engine.ts"))};
      console.log(JSON.stringify(cedar().checkParsePolicySet({ staticPolicies: "permit(principal, action, resource);" })));
    `,
  });
  const { bytes } = await bundleProgram("enclave", top);
  assert.deepEqual(runAlone(bytes), { type: "success" });
});

test("a program for browsers takes the browser's cryptography", async () => {
  const entry = 'import { which } from "#crypto";\nconsole.log(JSON.stringify(which));\n';
  const { bytes } = await bundleProgram("sdk", tree("browser", { ...CRYPTO, [programs.sdk.entry]: entry }));
  assert.equal(runAlone(bytes), "noble");
});

test("a program for browsers reads a model's archive", async () => {
  const archive = await pack(new Map([["lib/score.js", new TextEncoder().encode("export const main = 1;")]]));
  const entry = `
    import { unpackArchive } from ${JSON.stringify(join(root, "src", "sdk", "unpack.ts"))};
    const archive = Uint8Array.from(atob("${Buffer.from(archive).toString("base64")}"), (c) => c.charCodeAt(0));
    const files = await unpackArchive(archive);
    const text = [...files].map(([path, bytes]) => path + ": " + new TextDecoder().decode(bytes));
    console.log(JSON.stringify(text));
  `;
  const { bytes } = await bundleProgram("sdk", tree("archive", { ...CRYPTO, [programs.sdk.entry]: entry }));
  assert.doesNotMatch(Buffer.from(bytes).toString(), /from"node:|require\("/);
  assert.deepEqual(runAlone(bytes), ["lib/score.js: export const main = 1;"]);
});

test("the digest depends on the source, not on where it lies", async () => {
  const digests = new Map<string, string>();
  const source = 'import { z } from "zod";\n/** @license nobody */\nconsole.log(z.string().parse("一"));\n';
  for (const [name, text] of [
    ["a", source],
    ["b/c", source],
    ["d", source.replace("一", "二")],
  ] as const)
    digests.set(name, (await bundleProgram("verify", tree(name, { [programs.verify.entry]: text }))).sha384);
  assert.match(digests.get("a") ?? "", /^[0-9a-f]{96}$/);
  assert.equal(digests.get("a"), digests.get("b/c"));
  assert.notEqual(digests.get("a"), digests.get("d"));
});

test("what was built is not built again while its sources are the same", async () => {
  const { file } = await bundleProgram("verify");
  const { ino } = statSync(file);
  assert.equal(await currentProgram("verify"), file);
  assert.equal(statSync(file).ino, ino);
});

test("a file beside the program that a bundle would not have is refused", async () => {
  const source = 'import { fork } from "node:child_process";\nfork(new URL("./child.ts", import.meta.url));\n';
  const top = tree("beside", { [programs.verify.entry]: source });
  await assert.rejects(bundleProgram("verify", top), /verify-main\.ts: new URL\("\.\/child\.ts".* read it as a text/);
});

test("a bundle that names its folder is refused", async () => {
  const top = tree("path", { [programs.verify.entry]: `console.log(${JSON.stringify(join(trees, "path"))});\n` });
  await assert.rejects(bundleProgram("verify", top), /holds the path it was built under/);
});
