/** Keys that nobody holds, from the command line: named, made, used, approved, imported, kept over a restart. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { schnorr } from "@noble/curves/secp256k1.js";
import { getBytes, Signature, Transaction, verifyTypedData } from "ethers";
import { fromBase64 } from "../src/base/bytes.ts";
import type { NodeBackup } from "../src/sdk/workflows/index.ts";
import { keyBackupContext } from "../src/trust/envelope/contexts.ts";
import { openBytes } from "../src/trust/envelope/envelope.ts";
import { keyFromPem } from "../src/trust/keys.ts";

const ROOT = join(import.meta.dirname, "..");
const MAIN = join(ROOT, "src", "cli", "main.ts");

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly error: string;
}

let home: string;
let platform: ChildProcess;
let url = "";
/** All that the platform and its nodes have logged. */
let logged = "";
const file = (name: string, content?: string): string => {
  if (content !== undefined) writeFileSync(join(home, name), content);
  return join(home, name);
};

const run = async (words: readonly string[], input = ""): Promise<Ended> => {
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ["pipe", "pipe", "pipe"] });
  let [out, error] = ["", ""];
  child.stdout.on("data", (text: Buffer) => {
    out += text;
  });
  child.stderr.on("data", (text: Buffer) => {
    error += text;
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number];
  return { status, out, error };
};
const as = (profile: string, words: readonly string[]) =>
  [...words, "--profiles", join(home, "profiles"), "--profile", profile, "--lang", "en"] as const;

// biome-ignore lint/suspicious/noExplicitAny: every command answers in its own form
const entente = async (profile: string, words: readonly string[], input?: string): Promise<any> => {
  const { status, out, error } = await run([...as(profile, words), "--json"], input);
  assert.equal(status, 0, `entente ${words.join(" ")}\n${error}`);
  return out === "" ? undefined : JSON.parse(out);
};
const said = async (profile: string, ...words: string[]): Promise<Ended> => {
  const ended = await run(as(profile, words));
  assert.equal(ended.status, 0, ended.error);
  return ended;
};
const refused = async (profile: string, words: readonly string[], code: string, expected = 1): Promise<void> => {
  const { status, error } = await run([...as(profile, words), "--json"]);
  assert.equal(JSON.parse(error).error.code, code, error);
  assert.equal(status, expected);
};
const openssl = (...words: string[]) => execFileSync("openssl", words, { encoding: "utf8", stdio: "pipe" });

/** On the port of before, once there is one. */
const up = async () => {
  const port = url === "" ? "0" : new URL(url).port;
  const words = [
    "up",
    "--data",
    file("platform"),
    "--port",
    port,
    "--log-level",
    "trace",
    "--key-nodes",
    "3",
    "--key-port",
    "0",
    "--json",
  ];
  platform = spawn(process.execPath, [MAIN, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  platform.stderr?.on("data", (text: Buffer) => {
    logged += text;
  });
  const [line] = (await once(createInterface({ input: platform.stdout as NodeJS.ReadableStream }), "line")) as [string];
  const ready = JSON.parse(line);
  url = ready.url;
  return ready;
};
const down = async () => {
  platform.kill("SIGTERM");
  await once(platform, "exit");
};

const MEMBERS = ["treasury", "risk", "finance", "stranger"] as const;
const appIds = new Map<string, string>();

before(async () => {
  home = mkdtempSync(join(tmpdir(), "entente-keys-"));
  const { accessKeyId, accessKeySecret } = (await up()).admin;
  await entente("operator", ["login", "--url", url, "--access-key-id", accessKeyId], accessKeySecret);
  const particulars = {
    ...{ legalName: "星河集团", registrationNumber: "12990000MB0000001J" },
    ...{ contact: "王芳", phone: "+86 21 5555 0100", country: "CN" },
  };
  for (const name of MEMBERS) {
    const words = ["accounts", "create", "--url", url, "--nickname", name, "--login", name, "--password-file", "-"];
    const { account } = await entente(name, words, "correct horse battery staple\n");
    appIds.set(name, account.appId);
    await entente(name, ["accounts", "submit-verification", "--input", "-"], JSON.stringify(particulars));
    await entente("operator", ["accounts", "review", account.id, "--decision", "approved"]);
    await entente(name, ["identity", "create"]);
  }
});
after(async () => {
  await down();
  rmSync(home, { recursive: true });
});

const SUPPLIER = `0x${"5a".repeat(20)}`;
const ETHER = 10n ** 18n;
const payment = (value: bigint, nonce = 0) =>
  Transaction.from({
    ...{ type: 2, chainId: 1, nonce, to: SUPPLIER, value, gasLimit: 21_000n },
    ...{ maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
  });
const ORDER = {
  domain: { name: "Shop", chainId: 1, verifyingContract: SUPPLIER },
  types: { Order: [{ name: "item", type: "string" }, { name: "price", type: "uint256" }] }, // biome-ignore format: one line
  message: { item: "纸张", price: "12" },
};
const TYPED = JSON.stringify({
  ...{ primaryType: "Order", domain: ORDER.domain, message: ORDER.message },
  types: {
    ...ORDER.types,
    EIP712Domain: [
      { name: "name", type: "string" },
      { name: "chainId", type: "uint256" },
      { name: "verifyingContract", type: "address" },
    ],
  },
});

test("nodes are verified and pinned; whoever is pinned alone is taken", async () => {
  const { tag, pinned, hardware, proves } = await entente("treasury", ["key-nodes", "verify", "node-1", "--pin"]);
  assert.deepEqual([tag, pinned, hardware], ["node-1", true, false]);
  assert.doesNotMatch(proves.en, /enclave/);
  // The enclave's program is another: it has not been pinned.
  await refused("treasury", ["enclaves", "verify"], "enclave.untrusted");
  await entente("treasury", ["enclaves", "verify", "--pin"]);
  await refused("treasury", ["key-nodes", "verify", "node-9"], "stream.unknown");
});

test("a group names nodes by tag in any order, policies by file, members as people know them", async () => {
  const all = file("all.cedar", "permit (principal, action, resource);\n");
  const { resource: open } = await entente("treasury", [
    ...["key-groups", "create", "--name", "Open", "--policy-file", `all=${all}`],
    ...["--nodes", "node-3", "--nodes", "node-1", "--nodes", "node-2"],
  ]);
  assert.deepEqual(open.nodes.map(({ tag }: { tag: string }) => tag).sort(), ["node-1", "node-2", "node-3"]);
  assert.equal(open.approvals, 1);
  assert.deepEqual(
    [open.administrators, open.requesters].map(([one]) => one.nickname),
    ["treasury", "treasury"],
  );

  const nodes = ["--nodes", "node-1", "--nodes", "node-2", "--nodes", "node-3"];
  const two = file(
    "two.cedar",
    'forbid (principal, action == Action::"sign", resource) when { context.approvals < 2 };',
  );
  const small = file(
    "small.cedar",
    'forbid (principal, action == Action::"sign", resource) when { context has transaction && context.transaction.valueGwei > 1000000000 };',
  );
  const guarded = ["key-groups", "create", "--name", "Guarded", ...nodes, "--policy-file", `all=${all}`];
  await refused("treasury", [...guarded, "--approvers", "risk"], "member.unmet");
  const { resource } = await entente("treasury", [
    ...guarded,
    ...["--policy-file", `two=${two}`, "--policy-file", `small=${small}`],
    ...["--approvers", `risk/${appIds.get("risk")}`, "--approvers", `finance/${appIds.get("finance")}`],
    ...["--requesters", "me", "--administrators", "me"],
  ]);
  assert.equal(resource.approvers.length, 2);
  assert.deepEqual(
    resource.policies.map(({ id }: { id: string }) => id),
    ["all", "two", "small"],
  );

  // Met now: the nickname is enough.
  const { resource: changed } = await entente("treasury", [
    ...["key-groups", "propose", "Guarded", "--requesters", "me", "--requesters", "risk"],
  ]);
  assert.equal(changed.requesters.length, 2);
  await refused("treasury", ["key-groups", "create", "--name", "X", "--nodes", "node-9"], "stream.unknown");
  await refused("treasury", ["key-groups", "create", "--name", "X"], "usage.missing", 2);
  await refused("treasury", ["key-groups", "propose", "Guarded"], "usage.missing", 2);
  const bad = file("bad.cedar", "permit (principal, action, resource) when { context.nothing };");
  await refused(
    "treasury",
    ["key-groups", "create", "--name", "X", ...nodes, "--policy-file", `x=${bad}`],
    "policy.invalid",
  );
});

const SCHEMES = ["ECDSA_K1", "ECDSA_R1", "EDDSA_ED25519", "SM2", "SCHNORR_BIP340"] as const;
const checks: Record<(typeof SCHEMES)[number], (pem: string, signature: string, message: string) => void> = {
  ECDSA_K1: (pem, signature, message) => openssl("dgst", "-sha256", "-verify", pem, "-signature", signature, message),
  ECDSA_R1: (pem, signature, message) => openssl("dgst", "-sha256", "-verify", pem, "-signature", signature, message),
  EDDSA_ED25519: (pem, signature, message) =>
    openssl("pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", message, "-sigfile", signature),
  SM2: (pem, signature, message) =>
    openssl(
      ...["pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-digest", "sm3"],
      ...["-pkeyopt", "distid:1234567812345678", "-in", message, "-sigfile", signature],
    ),
  // OpenSSL has no BIP 340.
  SCHNORR_BIP340: (pem, signature, message) => {
    const der = openssl("pkey", "-pubin", "-in", pem, "-text", "-noout").replace(/[\s\S]*pub:|ASN1[\s\S]*|[\s:]/g, "");
    const x = Buffer.from(der, "hex").subarray(1, 33);
    assert.ok(schnorr.verify(new Uint8Array(readFileSync(signature)), new Uint8Array(readFileSync(message)), x));
  },
};

for (const scheme of SCHEMES)
  test(`${scheme}: made, its PEM printed, a file signed; others verify it`, async () => {
    const alias = `file/${scheme}`;
    const words = ["keys", "create", "--group", "Open", "--scheme", scheme, "--alias", alias, "--wait"];
    const key = await entente("treasury", words);
    assert.deepEqual([key.state, key.threshold, key.shares], ["enabled", 2, 3]);
    const { out: pem } = await said("treasury", "keys", "public-key", alias);
    const message = file("message.txt", "付款 100");
    const signature = file(`${scheme}.sig`);
    await said("treasury", "key-requests", "sign", alias, "--file", message, "--out", signature);
    checks[scheme](file(`${scheme}.pem`, pem), signature, message);
    assert.throws(() => checks[scheme](file(`${scheme}.pem`), signature, file("other.txt", "付款 1000")));
  });

let address = "";

test("approvers see the transaction that was signed for, decoded; two approve, and ethers finds the sender", async () => {
  ({ address } = await entente("treasury", ["keys", "create", "--group", "Guarded", "--alias", "pay", "--wait"]));
  const unsigned = payment((3n * ETHER) / 4n).unsignedSerialized;
  const { resource } = await entente("treasury", [
    ...["key-requests", "sign", "pay", "--transaction", unsigned, "--note", "Q3"],
  ]);
  const { id } = resource;
  const shown = await said("risk", "key-requests", "review", id);
  for (const line of [/asked for by treasury/, /value 0\.75 ether/, /in the requester's words: Q3/])
    assert.match(shown.error, line);
  assert.match(shown.error.toLowerCase(), new RegExp(SUPPLIER));
  assert.match((await said("risk", "key-requests", "approve", id)).error, /value 0\.75 ether/);
  await refused("risk", ["key-requests", "approve", id], "key.said");
  await refused("treasury", ["key-requests", "wait", id, "--timeout", "0"], "wait.timeout");
  await entente("finance", ["key-requests", "approve", id]);
  const { out } = await said("treasury", "key-requests", "wait", id);
  const sent = Transaction.from(`0x${out.trim()}`);
  assert.deepEqual([sent.from, sent.to?.toLowerCase(), sent.value], [address, SUPPLIER, (3n * ETHER) / 4n]);
  const bundle = file("request.evidence.json");
  await entente("finance", ["key-requests", "bundle", id, "--out", bundle]);
  const { status } = await run(["verify", bundle, "--json"]);
  assert.equal(status, 0);
  const torn = file(
    "torn.json",
    readFileSync(bundle, "utf8").replace(/[0-9a-f]{128}/, (hex) => hex.replace(/./, "0")),
  );
  assert.notEqual((await run(["verify", torn, "--json"])).status, 0);
});

test("typed data is shown as a whole, and ethers verifies it", async () => {
  const words = ["key-requests", "sign", "pay", "--typed-data", file("order.json", TYPED)];
  const { id } = (await entente("treasury", words)).resource;
  assert.match((await said("risk", "key-requests", "approve", id)).error, /typed data Order[\s\S]*纸张/);
  await said("finance", "key-requests", "approve", id);
  const { signatures } = await entente("treasury", ["key-requests", "wait", id]);
  const compact = getBytes(`0x${signatures[0].signature}`);
  const [r, s] = [compact.slice(0, 32), compact.slice(32)].map((part) => `0x${Buffer.from(part).toString("hex")}`);
  const signers = [27, 28].map((v) =>
    verifyTypedData(ORDER.domain, ORDER.types, ORDER.message, Signature.from({ r: r ?? "", s: s ?? "", v })),
  );
  assert.ok(signers.includes(address));
});

test("what the policies forbid is not signed, whoever would approve, and the command fails", async () => {
  const unsigned = payment(5n * ETHER, 1).unsignedSerialized;
  await refused("treasury", ["key-requests", "sign", "pay", "--transaction", unsigned, "--wait"], "request.ended");
});

test("a private key in a file is split here; the key in the nodes has its public key", async () => {
  const pem = file("own.pem", openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"));
  const sealed = file("sealed.pem");
  openssl("pkcs8", "-topk8", "-in", pem, "-out", sealed, "-v2", "aes-256-cbc", "-passout", "pass:a good passphrase");
  const words = ["keys", "import", "--group", "Open", "--scheme", "ECDSA_R1", "--alias", "own", "--wait"];
  const wrong = ["--pem", sealed, "--pem-passphrase-file", file("wrong", "another passphrase\n")];
  await refused("treasury", [...words, ...wrong], "key.passphrase");
  const given = ["--pem", sealed, "--pem-passphrase-file", file("right", "a good passphrase\n")];
  const { publicKeyPem, origin } = await entente("treasury", [...words, ...given]);
  assert.equal(origin, "imported");
  assert.equal(publicKeyPem.trim(), openssl("pkey", "-in", pem, "-pubout").trim());
  const signature = file("own.sig");
  await said("treasury", "key-requests", "sign", "own", "--file", file("message.txt"), "--out", signature);
  checks.ECDSA_R1(file("own.pub.pem", publicKeyPem), signature, file("message.txt"));
  // Of another curve.
  await refused("treasury", ["keys", "import", "--group", "Open", "--pem", pem], "key.kind");
});

test("shares are made anew, recovered, and handed over; the key stays and signs", async () => {
  const { publicKey } = await entente("treasury", ["keys", "create", "--group", "Open", "--alias", "moved", "--wait"]);
  for (const [words, epoch, threshold] of [
    [[], 2, 2],
    [["--lost", "node-2"], 3, 2],
    [["--nodes", "node-3", "--nodes", "node-1", "--nodes", "node-2", "--threshold", "3"], 4, 3],
  ] as const) {
    const key = await entente("treasury", ["keys", "reshare", "moved", ...words, "--wait"]);
    assert.deepEqual([key.epoch, key.threshold, key.publicKey], [epoch, threshold, publicKey]);
    await said("treasury", "key-requests", "sign", "moved", "--message", "x", "--wait");
  }
  await refused("treasury", ["keys", "reshare", "moved", "--lost", "node-9"], "usage.value", 2);
});

test("what another administrator agrees to is shown first: a change, and other holders", async () => {
  const nodes = ["--nodes", "node-1", "--nodes", "node-2", "--nodes", "node-3"];
  await entente("treasury", [
    ...["key-groups", "create", "--name", "Shared", ...nodes, "--policy-file", `all=${file("all.cedar")}`],
    ...["--administrators", "me", "--administrators", "risk", "--approvals", "2"],
  ]);
  const { resource: asked } = await entente("treasury", [
    ...["key-groups", "propose", "Shared", "--requesters", "me", "--requesters", "risk"],
  ]);
  const [{ proposal, state }] = asked.proposals;
  assert.deepEqual([state, asked.requesters.length], ["open", 1]);
  await refused("risk", ["key-groups", "approve", "Shared", "--proposal", "0".repeat(64)], "request.shown-otherwise");
  // "risk" meets "treasury" by what is shown, and is told by which authority.
  const { error } = await said("risk", "key-groups", "approve", "Shared", "--proposal", proposal);
  assert.match(error, /treasury \(\d{10}\), CA .* proposes\n {2}requesters: \["[0-9a-f]{64}","[0-9a-f]{64}"\]/);
  assert.equal((await entente("treasury", ["key-groups", "get", asked.id])).requesters.length, 2);

  const made = await entente("treasury", ["keys", "create", "--group", "Shared", "--alias", "shared", "--wait"]);
  await refused("risk", ["keys", "approve-reshare", "shared"], "request.shown-otherwise");
  await said("treasury", "keys", "reshare", "shared", ...nodes, "--threshold", "3");
  const shown = await said("risk", "keys", "approve-reshare", "shared");
  assert.match(shown.error, /Key shared: Other holders or threshold, any 3 of node-1 \(/);
  while ((await entente("treasury", ["keys", "get", made.id])).attempt) await sleep(200);
  assert.equal((await entente("treasury", ["keys", "get", made.id])).threshold, 3);
});

test("a key is exported, its shares are kept outside the nodes and given back, and another takes its place", async () => {
  const all = file("kept.cedar", "permit (principal, action, resource);\n");
  const words = file("words", "correct horse\n");
  const [one, two] = [file("keeper-1.pem"), file("keeper-2.pem")] as const;
  const backup = [];
  for (const [i, out] of [one, two].entries()) {
    const { recipient } = await entente("treasury", [
      ...["key-nodes", "backup-key", "--out", out, "--key-passphrase-file", words],
    ]);
    backup.push({ node: (await entente("treasury", ["key-nodes", "get", `node-${i + 1}`])).stream, recipient });
  }
  await entente("treasury", [
    ...["key-groups", "create", "--name", "Kept", "--policy-file", `all=${all}`, "--backup", JSON.stringify(backup)],
    ...["--nodes", "node-1", "--nodes", "node-2"],
  ]);
  await entente("treasury", ["keys", "create", "--group", "Kept", "--alias", "kept", "--wait"]);
  const before = (await said("treasury", "keys", "public-key", "kept")).out.trim();

  const whole = file("kept.pem");
  const asked = ["keys", "export", "kept", "--out", whole, "--pem-passphrase-file", words];
  await entente("treasury", asked);
  assert.equal(openssl("pkey", "-in", whole, "-passin", `file:${words}`, "-pubout").trim(), before);
  assert.ok(!existsSync(`${whole}.opener`));
  await refused("treasury", asked, "file.exists");

  const kept = file("node-1.backup.json");
  const made = await entente("treasury", ["key-nodes", "backup", "node-1", "--out", kept]);
  assert.equal(made.keys.length, 1);
  assert.ok(made.without.length > 0, "keys of groups without keepers are named");
  const check = ["key-nodes", "check-backup", kept, "--key-passphrase-file", words, "--key"];
  assert.deepEqual((await entente("treasury", [...check, one])).keys, made.keys);
  await refused("treasury", [...check, two], "envelope.recipient");
  const restore = ["key-nodes", "restore", kept, "--key-passphrase-file", words, "--key"];
  assert.deepEqual((await entente("treasury", [...restore, one])).keys, made.keys);
  await refused("treasury", [...restore, two], "envelope.recipient");

  const { id, rotates } = await entente("treasury", ["keys", "rotate", "kept"]);
  assert.deepEqual(
    [(await entente("treasury", ["keys", "public-key", id])) !== before, [rotates.id]],
    [true, made.keys],
  );
  assert.notEqual((await said("treasury", "keys", "public-key", "kept")).out.trim(), before);
});

/** Every way in which somebody would write it down. */
const written = (secret: Buffer): Buffer[] => {
  const shifts = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), secret])
      .toString("base64")
      .slice(4, 40),
  );
  const texts = [...shifts, ...shifts.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))];
  const hex = secret.toString("hex");
  texts.push(hex, hex.toUpperCase(), BigInt(`0x${hex}`).toString(), [...secret].join(","));
  return [secret, Buffer.from(secret).reverse(), ...texts.map((text) => Buffer.from(text))];
};

test("nothing that the platform logs or keeps has a key or a share in it", async () => {
  const key = createPrivateKey({ key: readFileSync(file("kept.pem")), passphrase: "correct horse" });
  const { d = "" } = key.export({ format: "jwk" });
  const { node, shares } = JSON.parse(readFileSync(file("node-1.backup.json"), "utf8")) as NodeBackup;
  const keeper = keyFromPem(readFileSync(file("keeper-1.pem"), "utf8"), {
    ...{ accept: ["X25519"] as const, passphrase: "correct horse" },
  });
  const [share] = shares as [NodeBackup["shares"][number]];
  const context = keyBackupContext(share.key, share.epoch, node);
  const opened = await openBytes(fromBase64(share.envelope), { key: keeper, context });
  const forms = [Buffer.from(d, "base64url"), Buffer.from(opened)].flatMap(written);
  assert.equal(forms.length, 24);
  const found = (bytes: Buffer) => forms.some((form) => bytes.includes(form));
  assert.ok(found(Buffer.from(`{"d":"x${d}"}`)) && found(Buffer.from(`share ${Buffer.from(opened).toString("hex")}`)));

  assert.ok(logged.length > 10_000);
  assert.ok(!found(Buffer.from(logged)), "in the log");
  const files = readdirSync(file("platform"), { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  assert.ok(files.some(({ name }) => name === "store.db"));
  for (const { parentPath, name } of files) assert.ok(!found(readFileSync(join(parentPath, name))), name);
});

test("a disabled key signs nothing; strangers see nothing; bad input says what is wrong", async () => {
  const { id } = await entente("treasury", ["keys", "create", "--group", "Open", "--alias", "spare", "--wait"]);
  await entente("treasury", ["keys", "disable", id]);
  await refused("treasury", ["key-requests", "sign", "spare", "--message", "x"], "key.state");
  await entente("treasury", ["keys", "enable", id]);
  await said("treasury", "key-requests", "sign", "spare", "--message", "x", "--wait");

  await refused("stranger", ["keys", "public-key", "spare"], "name.unknown");
  await refused("stranger", ["keys", "public-key", id], "stream.unknown");
  await refused("stranger", ["key-requests", "sign", id, "--message", "x"], "stream.unknown");
  await refused("stranger", ["keys", "create", "--group", "Open"], "name.unknown");

  for (const [words, code, status] of [
    [["--digest", "abcd"], "usage.value", 2],
    [["--digest", "0".repeat(63)], "usage.value", 2],
    [["--transaction", "0x"], "usage.value", 2],
    [[], "usage.missing", 2],
    [["--message", "x", "--path", "m/0'"], "usage.value", 2],
    [["--file", join(home, "none")], "file.unreadable", 1],
    [["--message", "x", "--expires-in", "99999"], "key-request.expires", 1],
  ] as const)
    await refused("treasury", ["key-requests", "sign", "spare", ...words], code, status);
  await refused("treasury", ["keys", "create", "--group", "Open", "--threshold", "4"], "key.nodes");
  await refused("treasury", ["keys", "create", "--group", "Nowhere"], "name.unknown");
  await entente("treasury", ["keys", "create", "--group", "Open", "--alias", "spare"]);
  await refused("treasury", ["keys", "public-key", "spare"], "name.several");
  await refused("treasury", ["key-requests", "review", "R202611010000001"], "stream.unknown");
});

test("after a restart everything is there, and the nodes sign with the shares that they kept", async () => {
  const before = await entente("treasury", ["keys", "list", "--page-size", "100"]);
  await down();
  await up();
  const shown = await entente("treasury", ["keys", "list", "--page-size", "100"]);
  const ids = ({ items }: { items: { id: string; publicKey: string }[] }) =>
    items.map((one) => [one.id, one.publicKey]);
  assert.deepEqual(ids(shown), ids(before));
  const signature = file("again.sig");
  await said("treasury", "key-requests", "sign", "file/SM2", "--file", file("message.txt"), "--out", signature);
  checks.SM2(file("SM2.pem"), signature, file("message.txt"));
});

test("the demo of keys ends with a payment on the chain and a bundle that holds", async () => {
  const { status, out, error } = await run(["demo", "keys", "--once", "--json"]);
  assert.equal(status, 0, error);
  const last = JSON.parse(out.trim().split("\n").at(-1) ?? "{}");
  assert.deepEqual([last.done, last.verify.ok, last.balances.supplier], [true, true, "750000000000000000"]);
  assert.notEqual((await run(["demo", "nothing"])).status, 0);
});
