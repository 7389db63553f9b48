/** The command line against a running platform: the whole story, each organisation with a profile of its own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

const ROOT = join(import.meta.dirname, "..");
const MAIN = join(ROOT, "src", "cli", "main.ts");
const MODEL = join(ROOT, "examples", "models", "logistic-regression");
const DATA = join(ROOT, "examples", "data", "breast-cancer");

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly error: string;
}

let home: string;
let platform: ChildProcess;
let url: string;

const run = async (words: readonly string[], input = ""): Promise<Ended> => {
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ["pipe", "pipe", "pipe"] });
  let [out, error] = ["", ""];
  child.stdout.on("data", (text: Buffer) => {
    out += text;
  });
  child.stderr.on("data", (text: Buffer) => {
    error += text;
  });
  // A command that reads nothing may have ended before.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number];
  return { status, out, error };
};

const asWords = (profile: string, words: readonly string[]) => [
  ...words,
  "--profiles",
  join(home, "profiles"),
  "--profile",
  profile,
];

/** What an organisation's command answers, as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: every command answers in its own form
const entente = async (profile: string, words: readonly string[], input?: string): Promise<any> => {
  const { status, out, error } = await run([...asWords(profile, words), "--json"], input);
  assert.equal(status, 0, `entente ${words.join(" ")}\n${error}`);
  return out === "" ? undefined : JSON.parse(out);
};

const refused = async (profile: string, words: readonly string[], code: string, expected = 1): Promise<void> => {
  const { status, error } = await run([...asWords(profile, words), "--json"]);
  assert.equal(JSON.parse(error).error.code, code);
  assert.equal(status, expected);
};

const ORGANISATIONS = {
  institute: { nickname: "肿瘤研究所", type: "P-256", number: "12990000MB0000003Q" },
  riverside: { nickname: "河畔医院", type: "Ed25519", number: "12990000MB0000001J" },
  lakeside: { nickname: "湖滨医院", type: "SM2", number: "12990000MB0000002M" },
} as const;
type Name = keyof typeof ORGANISATIONS;
const NAMES = Object.keys(ORGANISATIONS) as Name[];
const appIds = new Map<Name, string>();

before(async () => {
  home = mkdtempSync(join(tmpdir(), "entente-cli-"));
  const words = [
    "up",
    "--data",
    join(home, "platform"),
    "--port",
    "0",
    "--log-level",
    "silent",
    "--key-nodes",
    "0",
    "--json",
  ];
  platform = spawn(process.execPath, [MAIN, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: platform.stdout as NodeJS.ReadableStream });
  const [line] = (await once(lines, "line")) as [string];
  const ready = JSON.parse(line);
  url = ready.url;
  const { accessKeyId, accessKeySecret } = ready.admin;
  await entente("operator", ["login", "--url", url, "--access-key-id", accessKeyId], accessKeySecret);
});

after(async () => {
  platform.kill("SIGTERM");
  await once(platform, "exit");
  rmSync(home, { recursive: true });
});

test("organisations sign up, are reviewed, and found their identities here", async () => {
  for (const name of NAMES) {
    const { nickname, type, number } = ORGANISATIONS[name];
    const words = ["accounts", "create", "--url", url, "--nickname", nickname, "--login", name, "--password-file", "-"];
    const { account } = await entente(name, words, "correct horse battery staple\n");
    appIds.set(name, account.appId);
    const particulars = {
      legalName: nickname,
      registrationNumber: number,
      contact: "王芳",
      phone: "+86 21 5555 0100",
      country: "CN",
    };
    await entente(name, ["accounts", "submit-verification", "--input", "-"], JSON.stringify(particulars));
    await refused(name, ["identity", "create", "--type", type], "account.not-verified");
    await entente("operator", ["accounts", "review", account.id, "--decision", "approved"]);
    const { fingerprint } = await entente(name, ["identity", "create", "--type", type]);
    const shown = await entente(name, ["identity", "show"]);
    assert.equal(shown.nickname, nickname);
    assert.equal(shown.authority.fingerprint, fingerprint);
    assert.equal(shown.certificate.keyType, type);
  }
  await refused("institute", ["identity", "create"], "identity.exists");
});

test("a profile is for its owner's eyes only", () => {
  for (const name of [...NAMES, "operator"]) {
    const directory = join(home, "profiles", name);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    for (const file of readdirSync(directory)) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
  }
});

let alliance: string;
let task: string;

test("an alliance: members are found by nickname and APPID, verified and pinned", async () => {
  const enclave = await entente("institute", ["enclaves", "verify", "--pin"]);
  assert.equal(enclave.provider, "simulated");
  assert.equal(enclave.hardware, false);
  const { resource } = await entente("institute", ["alliances", "create", "--name", "乳腺肿瘤研究联盟"]);
  alliance = resource.id;
  for (const name of ["riverside", "lakeside"] as const) {
    const { nickname } = ORGANISATIONS[name];
    const appId = appIds.get(name) ?? "";
    const { pinned } = await entente("institute", ["members", "find", nickname, appId, "--pin"]);
    assert.equal(pinned, true);
    await entente("institute", ["alliances", "invite", alliance, "--nickname", nickname, "--app-id", appId]);
    const { items } = await entente(name, ["events", "list", "--tab", "pending"]);
    assert.equal(items[0].kind, "invitation");
    await entente(name, ["alliances", "join", alliance]);
  }
  await refused("institute", ["members", "find", "河畔医院", "1399999999"], "organisation.unknown");
});

test("a model from its directory, sealed; tables sealed and described", async () => {
  const publish = ["models", "publish", MODEL, "--name", "逻辑回归", "--permission", "public"];
  const { resource: model } = await entente("institute", publish);
  assert.equal(model.open, false);
  assert.ok(model.description.size > 0);

  const measurements = join(DATA, "measurements.csv");
  const { columns } = await entente("riverside", ["sources", "structure", measurements]);
  const described = join(home, "columns.csv");
  const rows = columns.map(({ name }: { name: string }) => `${name},"说明, ${name}"`);
  writeFileSync(described, ["name,description", ...rows].join("\n"));
  const register = ["sources", "register", measurements, "--name", "细胞测量", "--permission", "public"];
  const more = ["--metadata", described, "--describe", `${columns[0].name}=患者编号`];
  const { resource: left } = await entente("riverside", [...register, ...more]);
  assert.equal(left.columns[0].description, "患者编号");
  assert.equal(left.columns[1].description, `说明, ${columns[1].name}`);
  assert.equal(left.metadata, "columns.csv");
  await refused("riverside", ["sources", "reconnect", left.id, "--host", "db.example"], "source.not-connected");
  const { resource: again } = await entente("riverside", ["sources", "describe", left.id, "--description", "半表"]);
  assert.deepEqual([again.description, again.columns], ["半表", left.columns]);

  const diagnoses = join(DATA, "diagnoses.csv");
  const { resource: right } = await entente("lakeside", [
    ...["sources", "register", diagnoses, "--name", "诊断结果", "--permission", "public"],
  ]);
  await refused(
    "lakeside",
    ["sources", "register", diagnoses, "--name", "诊断", "--describe", "no_such_column=x"],
    "source.column-unknown",
  );

  const { resource } = await entente("institute", [
    ...[
      "tasks",
      "create",
      "--name",
      "良恶性判别",
      "--alliance",
      alliance,
      "--model",
      model.id,
      "--receiver",
      "肿瘤研究所",
    ],
    ...["--source", `${left.id}=measurements`, "--source", `${right.id}=diagnoses`],
  ]);
  task = resource.id;
});

test("everybody authorises in turn; the receiver alone reads the result", async () => {
  const key = join(home, "result");
  const { type } = await entente("institute", ["keys", "generate", "--type", "sm2", "--out", key]);
  assert.equal(type, "SM2");
  assert.equal(statSync(`${key}.key.pem`).mode & 0o777, 0o600);
  await refused("institute", ["keys", "generate", "--out", key], "file.exists");

  await refused("riverside", ["tasks", "authorise", task], "task.not-yours");
  await refused("institute", ["tasks", "authorise", task], "task.key-required");
  await refused("institute", ["tasks", "authorise", task, "--key", `${key}.key.pem`], "receiver-key.private");
  await entente("institute", ["tasks", "authorise", task, "--key", `${key}.pub.pem`]);
  await Promise.all(["riverside", "lakeside"].map((name) => entente(name, ["tasks", "authorise", task])));
  await entente("institute", ["tasks", "authorise", task]);
  const ended = await entente("institute", ["tasks", "wait", task, "--timeout", "60"]);
  assert.equal(ended.state, "succeeded");

  const out = join(home, "result.csv");
  await entente("institute", ["tasks", "result", task, "--key", `${key}.key.pem`, "--out", out]);
  const auc = Number(/^auc,(.+)$/m.exec(readFileSync(out, "utf8"))?.[1]);
  assert.ok(auc > 0.95 && auc < 1, `area under the curve ${auc}`);
  const stranger = join(home, "stranger");
  await entente("lakeside", ["keys", "generate", "--type", "sm2", "--out", stranger]);
  await refused("institute", ["tasks", "result", task, "--key", `${stranger}.key.pem`], "envelope.recipient");
  await refused("lakeside", ["tasks", "result", task, "--key", `${stranger}.key.pem`], "blob.unknown");
});

test("a model that fails: its author reads why, when its provider has agreed", async () => {
  const folder = join(home, "failing");
  mkdirSync(folder);
  const manifest = {
    ...{ runner: "javascript", entry: "index.js" },
    tables: { visits: { columns: { patient: "i32" } } },
    result: { columns: { n: "f64" }, maxRows: 1 },
  };
  writeFileSync(join(folder, "entente.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "index.js"), 'export const main = () => { throw new Error("no\\u001b[31m 4711"); };');
  const visits = join(home, "visits.csv");
  writeFileSync(visits, "patient\n1\n");
  const shared = ["--permission", "public"];
  const publish = ["models", "publish", folder, "--name", "会失败", "--open", ...shared];
  const { resource: model } = await entente("institute", publish);
  const { resource: table } = await entente("riverside", ["sources", "register", visits, "--name", "就诊", ...shared]);
  const parts = ["--alliance", alliance, "--model", model.id, "--source", `${table.id}=visits`];
  const { resource: failing } = await entente("institute", ["tasks", "create", "--name", "会失败", ...parts]);
  const key = join(home, "result");
  await entente("institute", ["tasks", "authorise", failing.id, "--key", `${key}.pub.pem`]);
  await entente("riverside", ["tasks", "authorise", failing.id]);
  await entente("institute", ["tasks", "authorise", failing.id]);
  await refused("institute", ["tasks", "wait", failing.id, "--timeout", "60"], "wait.failed");

  const get = ["tasks", "diagnostics", failing.id, "--key", `${key}.key.pem`];
  await refused("institute", get, "diagnostics.missing");
  await refused("riverside", ["tasks", "authorise-diagnostics", failing.id], "diagnostics.missing");
  await entente("institute", ["tasks", "request-diagnostics", failing.id, "--key", `${key}.pub.pem`]);
  await refused("institute", get, "enclave.diagnostics-consent");
  const { items } = await entente("riverside", ["events", "list", "--tab", "pending", "--kind", "diagnostics"]);
  assert.equal(items[0].initiator.nickname, ORGANISATIONS.institute.nickname);
  const agreed = await run(asWords("riverside", ["tasks", "authorise-diagnostics", failing.id, "--lang", "en"]));
  assert.equal(agreed.status, 0, agreed.error);
  assert.match(
    agreed.error,
    /up to 16 KiB that the model chose.*\n.*Read by: 肿瘤研究所 \(\d+\), CA .*, key [0-9a-f]{64}/,
  );
  assert.match((await entente("institute", get)).text, /^model\.threw\n.*4711.*index\.js:1/s);
  const shown = await run(asWords("institute", get));
  assert.match(shown.out, /no\[31m 4711/, "nothing steers the terminal");
  assert.equal(shown.out.includes("\u001b"), false);
  await entente("riverside", ["tasks", "refuse-diagnostics", failing.id]);
  await refused("institute", get, "enclave.diagnostics-consent");
});

test("the bundle is verified offline, and held to what an outsider knows", async () => {
  const bundle = join(home, "bundle.json");
  await entente("institute", ["tasks", "bundle", task, "--out", bundle]);
  const { status, out } = await run(["verify", bundle, "--json"]);
  const report = JSON.parse(out);
  assert.deepEqual([status, report.ok, report.task.id], [0, true, task]);
  assert.equal(report.acts.at(-1).kind, "task.completed");

  const people = await run(["verify", bundle, "--lang", "zh-CN"]);
  assert.match(people.out, /证据包成立[\s\S]*作为数据源提供方授权[\s\S]*未能证明[\s\S]*机器的运营者可以读取其内存/);

  const { members } = JSON.parse(readFileSync(join(home, "profiles", "institute", "profile.json"), "utf8"));
  const trust = join(home, "trust.json");
  const { fingerprint } = (await entente("lakeside", ["identity", "show"])).authority;
  const known = {
    ledger: report.ledger.key,
    enclaves: [{ provider: "simulated", measurement: report.code.measurement }],
    members: { 河畔医院: members[`河畔医院/${appIds.get("riverside")}`], [appIds.get("lakeside") ?? ""]: fingerprint },
  };
  writeFileSync(trust, JSON.stringify(known));
  assert.equal((await run(["verify", bundle, "--trust", trust])).status, 0);
  writeFileSync(trust, JSON.stringify({ ...known, providers: ["tdx"] }));
  const other = await run(["verify", bundle, "--trust", trust, "--json"]);
  assert.deepEqual([other.status, JSON.parse(other.out).error.code], [1, "bundle.trust"]);
});

test("certificates: renewed, asked for, issued, installed, revoked", async () => {
  const before = await entente("lakeside", ["identity", "show"]);
  const renewed = await entente("lakeside", ["identity", "renew", "--type", "secp256k1"]);
  assert.notEqual(renewed.serial, before.certificate.serial);
  await entente("lakeside", ["identity", "revoke", before.certificate.serial, "--reason", "superseded"]);
  const { number, items } = await entente("lakeside", ["identity", "crl", "--publish"]);
  assert.equal(number, 2);
  assert.deepEqual([items[0].serial, items[0].reason], [before.certificate.serial, "superseded"]);

  const request = join(home, "request.csr");
  const issued = join(home, "issued.pem");
  await entente("lakeside", ["identity", "csr", "--common-name", "李雷", "--type", "Ed25519", "--out", request]);
  await entente("lakeside", ["identity", "issue", request, "--out", issued]);
  await entente("lakeside", ["identity", "install", issued]);
  const { certificate } = await entente("lakeside", ["identity", "show"]);
  assert.match(certificate.subject, /CN=李雷/);
  // The new leaf signs, and so does the authority's later certificate.
  await entente("lakeside", ["identity", "renew", "--authority"]);
  await entente("lakeside", ["identity", "renew"]);
  await entente("lakeside", ["identity", "crl", "--publish"]);
});

test("lists for people, refusals with their code, and statuses for scripts", async () => {
  const list = await run([...asWords("institute", ["tasks", "list"]), "--lang", "zh-CN"]);
  assert.match(list.out, /^名称 +编号 +创建者 +所属计算联盟 +状态 +创建时间\n─/);
  assert.match(
    list.out,
    new RegExp(`良恶性判别 +${task} +肿瘤研究所 \\(\\d{10}\\) +乳腺肿瘤研究联盟 +计算任务执行成功`),
  );
  const shown = await run([...asWords("institute", ["tasks", "get", task]), "--lang", "en"]);
  assert.match(shown.out, /Result receiver authorises/);
  const unknown = await run([...asWords("institute", ["tasks", "get", "T202601010000001"]), "--lang", "en"]);
  assert.deepEqual([unknown.status, unknown.out], [1, ""]);
  assert.match(unknown.error, /^stream\.unknown: There is nothing here/);
  await refused("institute", ["tasks", "list", "--url", "http://127.0.0.1:1"], "server.unreachable", 3);
  await refused("institute", ["tasks", "list", "--tab", "none"], "usage.value", 2);
  await refused("nobody", ["tasks", "list"], "profile.url");
  await refused("institute", ["profile", "use", "nobody"], "profile.unknown");
  await entente("institute", ["profile", "use", "lakeside"]);
  const { items } = await entente("institute", ["profile", "list"]);
  assert.equal(items.length, 4);
});

test("a managed identity is the platform's to sign with", async () => {
  const words = ["accounts", "create", "--url", url, "--nickname", "托管机构", "--login", "managed"];
  const { account } = await entente("managed", [...words, "--password-file", "-"], "correct horse battery staple");
  const particulars = ["--legal-name", "托管", "--registration-number", "HRB 12345", "--contact", "李"];
  await entente("managed", [
    "accounts",
    "submit-verification",
    ...particulars,
    "--phone",
    "+49 30 5555 0100",
    "--country",
    "DE",
  ]);
  await entente("operator", ["accounts", "review", account.id, "--decision", "approved"]);
  const { notice } = await entente("managed", ["identity", "create", "--managed"]);
  assert.match(notice.en, /its operator can sign in your name/);
  const { resource } = await entente("managed", ["alliances", "create", "--name", "托管联盟"]);
  assert.equal(resource.name, "托管联盟");
});
