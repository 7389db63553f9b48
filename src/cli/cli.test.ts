import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import type { Endpoint } from "../contract/endpoint.ts";
import { contract } from "../contract/index.ts";
import { type Command, nameOf } from "./command.ts";
import { commands } from "./commands/index.ts";
import { parseCsv } from "./csv.ts";
import { fields } from "./fields.ts";
import { RESOURCES } from "./help.ts";
import { kebab } from "./names.ts";
import { findCommand, GLOBAL_FLAGS, parseGiven } from "./parse.ts";
import { currentProfile, openProfile, profileNames, useProfile } from "./profile.ts";
import { startProgress } from "./progress.ts";
import { nearest, runCommandLine } from "./run.ts";
import { flagsOf, inputOf, type Schema } from "./schema-flags.ts";
import { show } from "./show.ts";
import { padTo, pairs, shownCode, table, widthOf } from "./table.ts";
import { verifyMain } from "./verify.ts";

const home = mkdtempSync(join(tmpdir(), "entente-cli-unit-"));
after(() => rmSync(home, { recursive: true }));

const HAN = /\p{Script=Han}/u;

const run = async (...words: string[]) => {
  const [out, error]: [string[], string[]] = [[], []];
  const status = await runCommandLine(words, { out: (line) => out.push(line), error: (line) => error.push(line) });
  return { status, out: out.join("\n"), error: error.join("\n") };
};
const command = (...words: string[]): Command => {
  const found = findCommand(commands, words);
  assert.ok(found, words.join(" "));
  return found.command;
};

test("every endpoint has a command, or one of another name that stands for it", () => {
  const standIns: Record<string, string> = {
    "organisations.found": "identity create",
    "organisations.manage": "identity create",
    "organisations.renewAuthority": "identity renew",
    "organisations.publishCrl": "identity revoke",
    "organisations.find": "members find",
    "enclaves.attest": "enclaves verify",
    "enclaves.challenge": "enclaves verify",
    "enclaves.describe": "sources structure",
    "keyNodes.attest": "key-nodes verify",
    "keyNodes.challenge": "key-nodes verify",
    "keyNodes.store": "key-nodes restore",
    "keys.backup": "key-nodes backup",
    "keys.restore": "key-nodes restore",
    "alliances.move": "enclaves move",
    "models.move": "enclaves move",
    "sources.move": "enclaves move",
    "tasks.authoriseReceiver": "tasks authorise",
    "tasks.authoriseSource": "tasks authorise",
    "tasks.authoriseModel": "tasks authorise",
  };
  const names = new Set(commands.map(nameOf));
  for (const [resource, endpoints] of Object.entries(contract))
    for (const action of Object.keys(endpoints)) {
      if (resource === "sessions") continue;
      const name = standIns[`${resource}.${action}`] ?? `${kebab(resource)} ${kebab(action)}`;
      assert.ok(names.has(name), name);
    }
  assert.equal(names.size, commands.length, "no name twice");
});

test("no two flags of a command are called alike, and none hides a global one", () => {
  for (const one of commands) {
    const names = [...one.flags, ...GLOBAL_FLAGS].map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, `${nameOf(one)}: ${names.join(" ")}`);
    for (const name of names) assert.match(name, /^[a-z][a-z0-9-]*$/);
  }
});

test("help is there in both languages for everything", async () => {
  for (const { words, summary, flags } of commands) {
    assert.match(summary["zh-CN"], HAN);
    assert.match(summary.en, /[a-z]/);
    assert.ok(RESOURCES[words[0]], words[0]);
    for (const flag of flags) if (flag.summary) assert.match(flag.summary["zh-CN"], HAN, flag.name);
    for (const language of ["en", "zh-CN"]) {
      const { status, out } = await run(...words, "--help", "--lang", language);
      assert.equal(status, 0);
      assert.match(out, language === "en" ? /Usage: entente / : /用法: entente /);
      for (const { name } of flags) assert.ok(out.includes(`--${name}`), `${words.join(" ")} --${name}`);
    }
  }
  assert.match((await run("--help", "--lang", "zh-CN")).out, /计算任务管理/);
  assert.match((await run("tasks", "--lang", "en")).out, /tasks authorise ID/);
});

test("flags come from the contract's schemas: types, limits, choices, defaults", () => {
  const flag = (of: Command, name: string) => of.flags.find((each) => each.name === name);
  const list = command("tasks", "list");
  assert.deepEqual(flag(list, "tab")?.choices, ["all", "mine", "participating"]);
  assert.deepEqual([flag(list, "page-size")?.type, flag(list, "page-size")?.limits], ["integer", "1..100"]);
  assert.equal(flag(list, "page")?.default, 1);
  const permit = command("models", "permit");
  assert.deepEqual(flag(permit, "permission")?.choices, ["private", "named", "public"]);
  assert.equal(flag(permit, "permission")?.required, true);
  assert.equal(flag(permit, "permission-members")?.many, true);
  assert.deepEqual(
    command("ledger", "proof").args.map(({ name }) => name),
    ["index"],
  );
  assert.ok(flag(command("users", "create"), "password-file"));
});

test("what is given becomes the input, in its place", () => {
  const schema = z.toJSONSchema(
    z.object({
      name: z.string(),
      limits: z.object({ rows: z.int().min(1), memory: z.int() }),
      parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      permission: z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("private") }),
        z.strictObject({ kind: z.literal("named"), members: z.array(z.string()) }),
      ]),
      rows: z.array(z.object({ a: z.int() })),
    }),
    { io: "input" },
  ) as Schema;
  const placed = flagsOf(schema);
  const fake: Command = {
    words: ["x"],
    summary: { en: "", "zh-CN": "" },
    args: [],
    flags: placed,
    run: async () => undefined,
  };
  const given = parseGiven(fake, [
    ...["--name", "n", "--limits-rows", "3", "--limits-memory=64", "--permission", "named"],
    ...["--permission-members", "a", "--permission-members", "b", "--rows", '[{"a":1}]'],
    ...["--parameters", "folds=5", "--parameters", "seed=x=y", "--parameters", 'id="007"', "--parameters", "on=true"],
  ]);
  assert.deepEqual(inputOf(placed, given.flags), {
    name: "n",
    limits: { rows: 3, memory: 64 },
    permission: { kind: "named", members: ["a", "b"] },
    rows: [{ a: 1 }],
    parameters: { folds: 5, seed: "x=y", id: "007", on: true },
  });
  assert.deepEqual(inputOf(placed, { name: "m" }, { name: "n", rows: [] }), { name: "m", rows: [] });
});

test("wrong use is said before anything is done, with status 2", async () => {
  const wrong: [string[], string][] = [
    [["tasks", "list", "--page", "x"], "usage.value"],
    [["tasks", "list", "--page", "1.5"], "usage.value"],
    [["tasks", "list", "--tab", "none"], "usage.value"],
    [["tasks", "list", "--nonsense"], "usage.flag"],
    [["tasks", "get"], "usage.missing"],
    [["tasks", "get", "a", "b"], "usage.flag"],
    [["tasks", "create", "--name", "x"], "usage.missing"],
    [["models", "permit", "M1", "--input", join(home, "absent")], "file.unreadable"],
    [["nonsense"], "usage.command"],
    [["tasks", "nonsense"], "usage.command"],
    [["completion", "tcsh"], "usage.value"],
  ];
  for (const [words, code] of wrong) {
    const { status, out, error } = await run(
      ...words,
      "--url",
      "http://127.0.0.1:1",
      "--profiles",
      home,
      "--lang",
      "en",
    );
    assert.match(error, new RegExp(`^${code.replace(".", "\\.")}: `), words.join(" "));
    assert.equal(status, code.startsWith("usage.") ? 2 : 1, words.join(" "));
    assert.equal(out, "");
  }
  assert.match((await run("tsks", "--lang", "zh-CN")).error, /您是指 `entente tasks` 吗/);
  assert.equal(nearest("lst", ["list", "get"]), "list");
  assert.equal(nearest("wholly-else", ["list", "get"]), undefined);
});

test("refusals are JSON where JSON is asked for; no connection is status 3", async () => {
  const { status, error } = await run("system", "health", "--url", "http://127.0.0.1:1", "--profiles", home, "--json");
  assert.equal(status, 3);
  const { code, text, details } = JSON.parse(error).error;
  assert.equal(code, "server.unreachable");
  assert.match(text, /ECONNREFUSED|bad port/);
  assert.equal(details.url, "http://127.0.0.1:1");
  const none = await run("system", "health", "--profiles", home, "--lang", "zh-CN");
  assert.equal(none.status, 1);
  assert.match(none.error, /^profile\.url: .*entente login/);
});

test("columns line up where characters are wide, and hold no control characters", () => {
  assert.equal(widthOf("计算task"), 8);
  assert.equal(widthOf("e\u0301"), 1);
  assert.equal(padTo("联盟", 6), "联盟  ");
  assert.equal(
    table(
      ["名称", "id"],
      [
        ["a", "1"],
        ["计算任务", "2"],
      ],
    ),
    "名称      id\n────────  ──\na         1\n计算任务  2",
  );
  assert.equal(table(["x"], [["a\u001b[31m\u202eb"]]).split("\n")[2], "a\\u001b[31m\\u202eb");
  assert.equal(
    pairs([
      ["名", "a\nb"],
      ["name", "c"],
    ]),
    "名    a\n      b\nname  c",
  );
});

test("code shows what it is made of, also what would not be seen", () => {
  assert.equal(shownCode("a\tb\u001b\n{ x,\u3164}"), "a\tb\\u001b\n{ x,\\u{3164}}");
  for (const hidden of ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u034f", "\uffa0", "\ufe0f", "\u{e0041}", "\u2800"])
    assert.equal(shownCode(hidden), `\\u{${hidden.codePointAt(0)?.toString(16)}}`);
  assert.equal(shownCode("const 年龄 = 1; // é 👍"), "const 年龄 = 1; // é 👍");
});

test("what a stranger's bundle says does not move the verifier's cursor", () => {
  const path = join(home, "forged.json");
  const words = "\u001b[2J\u001b[H\u2714 The bundle holds\u009b1m\u202e";
  writeFileSync(path, JSON.stringify({ [words]: 1, format: "entente/evidence-bundle/1" }));
  for (const words of [[path], [path, "--json"]]) {
    const lines: string[] = [];
    const said = (line: string) => void lines.push(line);
    assert.equal(verifyMain(words, { out: said, error: said }), 1);
    assert.match(lines.join("\n"), /The bundle holds/);
    assert.doesNotMatch(lines.join("\n"), /[\u001b\u009b\u202e]/);
  }
});

test("answers read well: lists, details, labels, members, times", () => {
  const member = { id: "m".repeat(64), nickname: "河畔医院", appId: "1300000001" };
  const task = {
    name: "良恶性",
    id: "T1",
    creator: member,
    alliance: { id: "a", name: "联盟" },
    stateLabel: { en: "Running", "zh-CN": "计算任务执行中" },
    createdAt: "2026-01-05T08:00:00.000Z",
    extra: { deep: [{ a: 1 }] },
  };
  const list = show({ items: [task], total: 11, page: 1, pageSize: 10 }, "tasks", "zh-CN");
  assert.match(list, /名称 +编号 +创建者 +所属计算联盟 +状态 +创建时间/);
  assert.match(list, /良恶性 +T1 +河畔医院 \(1300000001\) +联盟 +计算任务执行中 +2026-01-0\d \d\d:\d\d:\d\d/);
  assert.match(list, /第 1 页，1 条，共 11 条。/);
  const receipt = { index: 7, time: "2026-01-05T08:00:00.000Z", stream: "s", head: "h" };
  const acted = show({ receipt, resource: task }, "tasks", "en");
  assert.match(acted, /^Name +良恶性\n/);
  assert.match(acted, /State +Running/);
  assert.match(acted, /Ledger entry 7, /);
  assert.equal(show({ items: [], total: 0, page: 1, pageSize: 10 }, "tasks", "en"), "Nothing.");
  assert.match(show({ open: true, envelope: null }, "models", "zh-CN"), /公开代码 +是\n信封 +-/);
});

test("every field of every answer has a name in both languages", () => {
  const seen = new Set<string>();
  const walk = (schema: unknown): void => {
    if (typeof schema !== "object" || schema === null) return;
    const { type, properties } = schema as { type?: string; properties?: object };
    if (type === "object") for (const name of Object.keys(properties ?? {})) seen.add(name);
    Object.values(schema).forEach(walk);
  };
  for (const endpoints of Object.values(contract))
    for (const endpoint of Object.values(endpoints as Record<string, Endpoint>))
      if ("output" in endpoint && endpoint.output.type !== "void")
        walk(z.toJSONSchema(endpoint.output, { io: "output", unrepresentable: "any" }));
  const nameless = [...seen].filter((name) => !fields[name]);
  assert.deepEqual(nameless, []);
});

test("profiles: private, switched, damaged ones named", () => {
  const directory = join(home, "profiles");
  const hospital = openProfile(directory, "hospital");
  assert.equal(hospital.exists(), false);
  hospital.save({ url: "http://x", accessKey: { id: "k", secret: "s" }, enclaves: [], members: {} });
  hospital.write("key", "secret");
  assert.equal(statSync(hospital.directory).mode & 0o777, 0o700);
  for (const file of readdirSync(hospital.directory))
    assert.equal(statSync(join(hospital.directory, file)).mode & 0o777, 0o600);
  assert.equal(readFileSync(hospital.path("key"), "utf8"), "secret");
  openProfile(directory, "second").save({ enclaves: [], members: {} });
  assert.deepEqual(profileNames(directory), ["hospital", "second"]);
  assert.equal(currentProfile(directory), "default");
  useProfile(directory, "second");
  assert.equal(openProfile(directory).name, "second");
  assert.throws(() => useProfile(directory, "third"), { code: "profile.unknown" });
  for (const name of ["../x", "a/b", "", ".hidden", "current"])
    assert.throws(() => openProfile(directory, name), { code: "profile.name" });
  for (const damaged of ["{", '{"url":1}', '{"other":1}']) {
    writeFileSync(hospital.path("settings"), damaged);
    assert.throws(() => hospital.settings(), { code: "profile.damaged" });
  }
});

test("a key in a profile may be under a passphrase", async () => {
  const words = ["identity", "csr", "--common-name", "王芳", "--out", join(home, "a.csr"), "--profiles", home];
  const secret = join(home, "passphrase");
  writeFileSync(secret, "open sesame\n");
  assert.equal((await run(...words, "--profile", "closed", "--passphrase-file", secret, "--json")).status, 0);
  assert.match(openProfile(home, "closed").read("requestKey") ?? "", /BEGIN ENCRYPTED PRIVATE KEY/);
  assert.match(readFileSync(join(home, "a.csr"), "utf8"), /BEGIN CERTIFICATE REQUEST/);
});

test("completion knows every command and flag, for each shell", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { out } = await run("completion", shell);
    for (const word of ["authorise", "verify", "demo", "permission-members", "profiles"])
      assert.ok(out.includes(word), `${shell} ${word}`);
  }
});

test("metadata tables are read as CSV", () => {
  assert.deepEqual(parseCsv('a,b\r\n"x, ""y""",z\n\n"多\n行",w'), [
    ["a", "b"],
    ['x, "y"', "z"],
    ["多\n行", "w"],
  ]);
});

test("progress shows on a terminal only", () => {
  const written: string[] = [];
  const terminal = { isTTY: true, write: (text: string) => written.push(text) };
  const progress = startProgress("Sealing", 4 * 2 ** 20, terminal);
  progress.update(2 ** 20);
  progress.end();
  assert.match(written.join(""), /Sealing {2}100% {2}4\.0 \/ 4\.0 MiB/);
  const silent: string[] = [];
  startProgress("Sealing", 1, { write: (text: string) => silent.push(text) }).end();
  assert.deepEqual(silent, []);
});
