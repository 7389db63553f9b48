/** Plants a violation of every rule of `npm run check` in a tree of its own, and expects the rule to fire. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { consoleTexts } from "./checks/console-texts.ts";
import { documentPairs } from "./checks/documents.ts";
import { houseRules } from "./checks/house.ts";
import { cruise, importDirections, judge } from "./checks/imports.ts";
import { disagreements, languages } from "./checks/languages.ts";
import { root } from "./tree.ts";

mkdirSync(join(root, ".cache"), { recursive: true });
/** Within the checkout, so that packages resolve as they do in src/. */
const trees = mkdtempSync(join(root, ".cache", "plant-"));
after(() => rmSync(trees, { recursive: true }));

const write = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};

let count = 0;
const plant = (files: Readonly<Record<string, string>>): string => {
  const tree = join(trees, String(++count));
  for (const [file, text] of Object.entries(files)) write(join(tree, file), text);
  for (const file of ["package.json", "tsconfig.json"]) copyFileSync(join(root, file), join(tree, file));
  return tree;
};

/** A house in order: every import that the rules allow and that a stricter rule would catch. */
const ORDERLY = {
  "scripts/check.ts": "export {};\n",
  "src/base/bytes.ts": "export const bytes = 1;\nexport type Bytes = 1;\n",
  "src/trust/crypto/node.ts": 'import { createHash } from "node:crypto";\nexport const sha256 = createHash;\n',
  "src/trust/crypto/noble.ts": 'import { sha256 as hash } from "@noble/hashes/sha2.js";\nexport const sha256 = hash;\n',
  "src/trust/digest.ts":
    'import { sha256 } from "#crypto";\nimport { bytes } from "../base/bytes.ts";\nexport default [sha256, bytes];\nexport type Digest = string;\n',
  "src/rules/world.ts":
    'import { Map } from "immutable";\nimport digest from "../trust/digest.ts";\nexport const world = [Map, digest];\n',
  "src/contract/api.ts":
    'import type { Digest } from "../trust/digest.ts";\nimport { world } from "../rules/world.ts";\nexport const api = world;\nexport type Api = Digest;\n',
  "src/platform/db.ts":
    'import { Kysely } from "kysely";\nimport type { Api } from "../contract/api.ts";\nexport const db = Kysely;\nexport type Db = Api;\n',
  "src/ledger/port.ts":
    'import { world } from "../rules/world.ts";\nexport const ledger = world;\nexport type Ledger = 1;\n',
  "src/compute/tasks.ts":
    'import { api } from "../contract/api.ts";\nimport { db } from "../platform/db.ts";\nexport const tasks = [api, db];\n',
  "src/tee/follower.ts": 'import { world } from "../rules/world.ts";\nexport const follower = world;\n',
  "src/mpc/keys/export.ts": "export const whole = 1;\n",
  "src/enclave/protocol/messages.ts": 'import { z } from "zod";\nexport const messages = z;\n',
  "src/enclave/agent.ts":
    'import { spawn } from "node:child_process";\nimport { follower } from "../tee/follower.ts";\nimport { messages } from "./protocol/messages.ts";\nexport const agent = [spawn, follower, messages];\n',
  "src/sdk/index.ts": 'import { api } from "../contract/api.ts";\nexport const sdk = api;\n',
  "src/console/main.tsx": 'import { sdk } from "../sdk/index.ts";\nexport const Main = () => <p>{String(sdk)}</p>;\n',
  "src/server/app.ts":
    'import fastify from "fastify";\nimport { tasks } from "../compute/tasks.ts";\nimport type { Ledger } from "../ledger/port.ts";\nexport const app = [fastify, tasks];\nexport type App = Ledger;\n',
  "src/compose.ts":
    'import { tasks } from "./compute/tasks.ts";\nimport { messages } from "./enclave/protocol/messages.ts";\nimport { ledger } from "./ledger/port.ts";\nexport const all = [tasks, ledger, messages];\n',
  "src/cli/main.ts":
    'import { all } from "../compose.ts";\nimport { sdk } from "../sdk/index.ts";\nexport const main = [all, sdk];\n',
  "src/base/bytes.test.ts":
    'import fastify from "fastify";\nimport { all } from "../compose.ts";\nexport default [fastify, all];\n',
};

/** Rule, file, and the line that breaks it there. */
const BREACHES: readonly (readonly [rule: string, file: string, line: string])[] = [
  ["base-imports", "src/base/a.ts", 'export * from "../trust/digest.ts";'],
  ["trust-imports", "src/trust/a.ts", 'export * from "../rules/world.ts";'],
  ["rules-imports", "src/rules/a.ts", 'export * from "../contract/api.ts";'],
  ["evidence-imports", "src/evidence/a.ts", 'export * from "../contract/api.ts";'],
  ["contract-imports", "src/contract/a.ts", 'export * from "../platform/db.ts";'],
  [
    "platform-imports",
    "src/platform/a.ts",
    'import type { Ledger } from "../ledger/port.ts";\nexport type A = Ledger;',
  ],
  ["platform-imports-types", "src/platform/b.ts", 'export { api } from "../contract/api.ts";'],
  ["ledger-imports", "src/ledger/a.ts", 'export * from "../platform/db.ts";'],
  ["spine-imports", "src/spine/a.ts", 'export * from "../compute/tasks.ts";'],
  ["keys-imports", "src/keys/a.ts", 'export * from "../compute/tasks.ts";'],
  ["compute-imports", "src/compute/a.ts", 'export * from "../server/app.ts";'],
  ["mpc-imports", "src/mpc/a.ts", 'export * from "../rules/world.ts";'],
  ["policy-imports", "src/policy/a.ts", 'export * from "../contract/api.ts";'],
  ["tee-imports", "src/tee/a.ts", 'export * from "../enclave/protocol/messages.ts";'],
  ["keynode-imports", "src/keynode/a.ts", 'export * from "../enclave/protocol/messages.ts";'],
  ["enclave-imports", "src/enclave/a.ts", 'export * from "../platform/db.ts";'],
  ["sdk-imports", "src/sdk/a.ts", 'export * from "../platform/db.ts";'],
  ["cli-imports", "src/cli/a.ts", 'export * from "../platform/db.ts";'],
  ["console-imports", "src/console/a.tsx", 'export * from "../platform/db.ts";'],
  ["sample-imports", "src/sample/a.ts", 'export * from "../platform/db.ts";'],
  ["console-served", "src/server/g.ts", 'export * from "../console/main.tsx";'],
  ["enclave-internals", "src/server/a.ts", 'export * from "../enclave/agent.ts";'],
  ["tee-internals", "src/server/f.ts", 'export * from "../tee/follower.ts";'],
  ["compose-wires", "src/server/b.ts", 'export * from "../compute/tasks.ts";\nexport * from "../ledger/port.ts";'],
  ["never-whole", "src/keynode/b.ts", 'export * from "../mpc/keys/export.ts";'],
  ["no-cycles", "src/base/c.ts", 'import "./d.ts";'],
  ["no-builtins", "src/rules/b.ts", 'import "node:fs";'],
  ["trusted-packages", "src/enclave/b.ts", 'import "pino";'],
  ["key-node-packages", "src/keynode/c.ts", 'import "pg";'],
  ["fastify-in-server", "src/compute/b.ts", 'import "fastify";'],
  ["not-resolvable", "src/base/b.ts", 'import "./nowhere.ts";'],
  ["no-dev-packages", "src/server/c.ts", 'import "jose";'],
  ["no-tests", "src/server/d.ts", 'import "../base/bytes.test.ts";'],
  ["no-tests", "src/server/e.ts", 'import "../../scripts/check.ts";'],
];

describe("import directions", () => {
  test("an orderly house has no violation", async () => {
    assert.deepEqual(await importDirections(plant(ORDERLY)), []);
  });

  test("every rule fires", async () => {
    const tree = plant(ORDERLY);
    for (const [, file, line] of BREACHES) write(join(tree, file), `${line}\n`);
    write(join(tree, "src/base/d.ts"), 'import type {} from "./c.ts";\n');
    const result = await cruise(tree);
    const found = judge(result, []);
    for (const [rule, file] of BREACHES)
      assert.ok(
        found.some((line) => line.startsWith(`${rule}: ${file} `)),
        `${rule} did not fire on ${file}; found:\n${found.join("\n")}`,
      );
    const planted = new Set(BREACHES.map(([rule]) => rule));
    const rules = result.summary.ruleSetUsed.forbidden.map(({ name }) => name);
    assert.deepEqual(
      rules.filter((name) => !planted.has(name)),
      [],
      "rules without a planted violation",
    );
  });

  test("a file that was not cruised is a failure", async () => {
    const result = await cruise(plant(ORDERLY));
    assert.deepEqual(judge(result, ["src/base/bytes.ts", "src/console/main.tsx", "scripts/a.ts"]), []);
    assert.match(judge({ ...result, modules: [] }, ["src/base/bytes.ts"]).join(), /bytes\.ts was not cruised/);
    assert.match(judge({ ...result, modules: [] }, ["src/console/a.tsx"]).join(), /a\.tsx was not cruised/);
  });
});

/** Written in two halves, so that the check does not find them here. */
const MACHINE = ["/wo", "rk/main"].join("");

describe("rules of the house", () => {
  const breaches: readonly (readonly [file: string, text: string, expected: RegExp])[] = [
    ["src/compute/tasks.ts", 'db.selectFrom("task");\n', /SQL belongs/],
    ["src/platform/jobs.ts", 'db\n  .insertInto("job");\n', /jobs\.ts:2 SQL belongs/],
    ["src/server/app.ts", "const port = process.env.PORT;\n", /process\.env belongs/],
    ["src/server/env.ts", 'import { env } from "node:process";\n', /process\.env belongs/],
    ["docs/en/start.md", `cd ${MACHINE}\n`, /start\.md:1 path of a developer's machine/],
    ["src/rules/long.ts", "// line\n".repeat(401), /long\.ts has 401 lines/],
    ["src/rules/later.ts", `// ${"TO"}DO\n`, /unfinished work/],
    ["docs/en/merged.md", `Title\n=======\n${">".repeat(7)} a-branch\n`, /merged\.md:3 a merge that was not decided/],
    ["src/console/page.tsx", "// line\n".repeat(401), /page\.tsx has 401 lines/],
    [
      "src/console/raw.tsx",
      `export const raw = <p ${"dangerously"}SetInnerHTML={{ __html: "" }} />;\n`,
      /never as HTML/,
    ],
    ["src/rules/cast.ts", `export const n = 1 as ${"unknown"} as string;\n`, /type check switched off/],
  ];
  for (const [file, text, expected] of breaches)
    test(`${expected.source} fires on ${file}`, () => {
      const found = houseRules(plant({ [file]: text }));
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found.join("\n"), expected);
    });

  test("stores, migrations, configuration and tests may; URLs and long data are no breach", () => {
    const tree = plant({
      "src/compute/task-store.ts": 'db.selectFrom("task");\n',
      "src/platform/db/migrate.ts": 'db.insertInto("done");\n',
      "src/compute/migrations/0100.ts": 'db.updateTable("task");\n',
      "src/platform/config/environment.ts": "export const all = process.env;\n",
      "src/compute/tasks.test.ts": 'db.deleteFrom("task"); process.env.CI;\n',
      "docs/en/links.md": "https://example.org/work/root/ ./work/x\n",
      "test/vectors/long.json": "1\n".repeat(1000),
      "src/rules/full.ts": "// line\n".repeat(400),
    });
    assert.deepEqual(houseRules(tree), []);
  });
});

describe("both languages", () => {
  test("a text needs both languages and the same placeholders", () => {
    assert.deepEqual(disagreements("x", "No {name}.", "没有 {name}。"), []);
    assert.deepEqual(disagreements("x", "URL", "URL", true), []);
    assert.match(disagreements("x", "Gone.", "").join(), /Chinese text is missing/);
    assert.match(disagreements("x", " ", "没有。").join(), /English text is missing/);
    assert.match(disagreements("x", "Gone.", "Gone.").join(), /holds no Chinese/);
    assert.match(disagreements("x", "没有。", "没有。").join(), /holds no English/);
    assert.match(disagreements("x", "No {name}.", "没有 {nom}。").join(), /placeholders \{name\} in English, \{nom\}/);
  });

  test("refusals and texts of modules are found wherever they lie", async () => {
    const base = "src/base/refusal.ts";
    const line = (en: string, zh: string) =>
      `import { refusals } from "../base/refusal.ts";\nexport const refuse = refusals({ "a.b": { status: 404, en: "${en}", zh: "${zh}" } });\n`;
    const tree = plant({
      "src/rules/errors.ts": line("No {id}.", "没有。"),
      "src/contract/things.ts": 'export const list = { get: { summary: { en: "Get it", "zh-CN": "Get" } } };\n',
    });
    write(join(tree, base), readFileSync(join(root, base), "utf8"));
    const found = await languages(tree);
    assert.equal(found.length, 2, found.join("\n"));
    assert.match(found.join("\n"), /refusal a\.b: placeholders \{id\} in English, none in Chinese/);
    assert.match(found.join("\n"), /things\.ts list get summary "Get it": the Chinese text holds no Chinese/);
  });
});

describe("texts of the console", () => {
  const found = (text: string) => consoleTexts(plant({ "src/console/page.tsx": text }));
  test("both languages stand side by side, with the same placeholders", () => {
    assert.deepEqual(
      found(
        'export const a = [t("Search", "搜索"), t("URL", "URL"), t("{n} in all", "共 {n} 条", { n }), t(label), t(en, zh)];\nexport const b = <p>{t(`Wide`, `宽`)}</p>;\n',
      ),
      [],
    );
    assert.match(found('t("Search", "Search it");').join(), /page\.tsx:1 "Search": the Chinese text holds no Chinese/);
    assert.match(found('\nt("搜索", "搜索");').join(), /page\.tsx:2 "搜索": the English text holds no English/);
    assert.match(
      found('t("{n} in all", "共 {m} 条", { n });').join(),
      /placeholders \{n\} in English, \{m\} in Chinese/,
    );
    assert.match(found('label("Alliances", "");').join(), /Chinese text is missing/);
    assert.match(found('field("name", "A {x}", "名称");').join(), /placeholders \{x\} in English, none in Chinese/);
  });

  test("a text in one language alone is found", () => {
    assert.match(found('export const a = <p title="搜索" />;').join(), /page\.tsx:1 "搜索": one language alone/);
    assert.match(found("export const a = <p>搜索</p>;").join(), /one language alone/);
    assert.match(found("export const a = <p>Search it</p>;").join(), /"Search it": one language alone/);
    assert.deepEqual(found('export const a = { en: "Gone.", zh: "没有。" };\nexport const b = <dt>APPID</dt>;\n'), []);
  });
});

describe("documents", () => {
  const readmes = { "README.md": "# A\n", "README.zh-CN.md": "# 甲\n" };
  test("pairs with the same headings pass, code blocks aside", () => {
    const tree = plant({
      ...readmes,
      "docs/en/start.md": "# Start\n```sh\n# a comment\n```\n## Next\n",
      "docs/zh-CN/start.md": "# 开始\n## 下一步\n",
      "docs/protocols/log.md": "# Log\n",
    });
    assert.deepEqual(documentPairs(tree), []);
  });

  test("a missing half and other headings are failures", () => {
    assert.deepEqual(documentPairs(plant({ "README.md": "# A\n" })), ["README.zh-CN.md is missing"]);
    assert.deepEqual(documentPairs(plant({ ...readmes, "docs/zh-CN/a.md": "# 甲\n" })), ["docs/en/a.md is missing"]);
    const differing = plant({ ...readmes, "docs/en/a.md": "# A\n## B\n", "docs/zh-CN/a.md": "# 甲\n### 乙\n" });
    assert.match(documentPairs(differing).join(), /levels 1 3, not 1 2/);
  });
});
