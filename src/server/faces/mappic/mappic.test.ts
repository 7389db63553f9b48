import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { promisify } from "node:util";
import { schnorr } from "@noble/curves/secp256k1.js";
import { openFaces, openssl, type TestFaces } from "../../../../test/support/faces.ts";
import { createFaces } from "../listener.ts";

const directory = mkdtempSync(join(tmpdir(), "entente-mappic-"));
const at = (name: string) => join(directory, name);
let faces: TestFaces;
before(async () => {
  faces = await openFaces();
});
afterEach(() => {
  faces.keys.mode = "at once";
});
after(async () => {
  await faces.close();
  rmSync(directory, { recursive: true });
});

interface Given {
  method?: string;
  headers?: Record<string, string>;
  raw?: string;
}
const call = async (path: string, body?: unknown, { method, headers = {}, raw }: Given = {}) => {
  const response = await fetch(`${faces.url}/api/mappic/${path}`, {
    method: method ?? (body === undefined && raw === undefined ? "GET" : "POST"),
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(raw !== undefined && { body: raw }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const done = async (path: string, body?: unknown): Promise<Record<string, string>> => {
  const answer = await call(path, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.data as Record<string, string>;
};
/** @returns its errorCode */
const refused = async (path: string, body?: unknown, given?: Given): Promise<string> => {
  const answer = await call(path, body, given);
  const { errorCode, errorMessage, data, success } = answer.body;
  assert.deepEqual([data, success], [null, false]);
  assert.match(String(errorMessage), /\p{L}{3,}.*[.。]$/u);
  assert.equal(String(errorCode).slice(0, 3), String(answer.status));
  return String(errorCode);
};

const TWO = { serviceParticipants: ["node-1", "node-2"], threshold: 2, totalShares: 2 };
const gen = (type: string, more: object = {}) => ({ keyParams: { type, length: 256 }, ...TWO, ...more });
const imported = (type: string, privateKey: string, password?: string) => ({
  ...gen(type),
  privateKey,
  ...(password !== undefined && { password }),
});

test("the six calls as printed in their manual, by curl", async () => {
  const curl = async (method: string, path: string, data?: string): Promise<string> => {
    const json = ["--header", "Content-Type: application/json", "--data", data ?? ""];
    const host = `127.0.0.1:${faces.port}`;
    const { stdout } = await promisify(execFile)("curl", [
      ...["--silent", "--location", "--request", method, `${host}/api/mappic/${path}`],
      ...(data === undefined ? [] : json),
    ]);
    return stdout;
  };
  const envelope = (data: string) => `{"errorCode":"200","errorMessage":"success","data":${data},"success":true}`;
  const matching = (answer: string, data: string): string => {
    const pattern = envelope(data)
      .replace(/[{}[\]]/g, "\\$&")
      .replace("…", '([^"]+)');
    const [, found] = new RegExp(`^${pattern}$`).exec(answer) ?? [];
    assert.ok(found, answer);
    return found;
  };
  for (const tag of ["mappic234", "mappic235"])
    assert.equal(
      await curl("POST", "pod/createPod", `{\n        "nodeTag": "${tag}"\n        }\n        `),
      envelope(`"${tag}"`),
    );
  const common = `"keyParams": {
            "type": "ECDSA_K1",
            "length": 512
        },
        "serviceParticipants": [
            "mappic234",
            "mappic235"
        ],
        "threshold": 2,
        "totalShares": 2`;
  const keyId = matching(await curl("POST", "dkms/key/gen", `{ ${common} }`), '{"keyId":"…"}');
  const pem = openssl("ecparam", "-genkey", "-name", "secp256k1", "-noout");
  const given = JSON.stringify(pem);
  const instance = matching(
    await curl("POST", "dkms/key/import", `{ "privateKey": ${given}, "password":"", ${common} }`),
    '{"instanceId":"…"}',
  );
  writeFileSync(at("own.pem"), pem);
  for (const id of [keyId, instance]) {
    const key = matching(
      await curl("GET", `dkms/key/get?keyId=${id}`),
      '{"status":"FINISHED","publicKey":"…","errorMessage":null}',
    );
    writeFileSync(at(`${id}.pub`), JSON.parse(`"${key}"`) as string);
    writeFileSync(at("message"), `pay ${id}`);
    const digest = createHash("sha256").update(`pay ${id}`).digest("hex");
    const request = matching(
      await curl("POST", "dkms/sign/req", `{ "digestHex": "${digest}", "keyId": "${id}" }`),
      '{"instanceId":"…"}',
    );
    const sign = matching(
      await curl("GET", `dkms/sign/get?instanceId=${request}`),
      '{"sign":"…","status":"FINISHED","errorMessage":null}',
    );
    writeFileSync(at("signature"), Buffer.from(sign, "hex"));
    const said = openssl(
      ...["dgst", "-sha256", "-verify", at(`${id}.pub`), "-signature", at("signature"), at("message")],
    );
    assert.equal(said.trim(), "Verified OK");
  }
  assert.equal(readFileSync(at(`${instance}.pub`), "utf8"), openssl("ec", "-in", at("own.pem"), "-pubout"));
});

const finishedKey = async (keyId: string): Promise<string> => {
  const { status, publicKey = "" } = await done(`dkms/key/get?keyId=${keyId}`);
  assert.equal(status, "FINISHED");
  return publicKey;
};
const signed = async (keyId: string, digestHex: string): Promise<string> => {
  const { instanceId = "" } = await done("dkms/sign/req", { digestHex, keyId });
  const { sign = "", status } = await done(`dkms/sign/get?instanceId=${instanceId}`);
  assert.equal(status, "FINISHED");
  return sign;
};

test("every type of key: what openssl verifies under the PEM that is returned", async () => {
  for (const [type, length] of [
    ["ECDSA_K1", 512],
    ["ECDSA_R1", 256],
    ["SM2", 256],
    ["EDDSA_ED25519", 256],
  ] as const) {
    const { keyId = "" } = await done("dkms/key/gen", gen(type, { keyParams: { type, length } }));
    writeFileSync(at("public.pem"), await finishedKey(keyId));
    const digest = randomBytes(32);
    writeFileSync(at("digest"), digest);
    writeFileSync(at("signature"), Buffer.from(await signed(keyId, digest.toString("hex").toUpperCase()), "hex"));
    const raw = type === "EDDSA_ED25519" ? ["-rawin"] : [];
    const checked = ["-in", at("digest"), "-sigfile", at("signature")];
    const said = openssl("pkeyutl", "-verify", "-pubin", "-inkey", at("public.pem"), ...raw, ...checked);
    assert.match(said, /Verified Successfully/, type);
  }
});

test("BIP 340: the PEM is the point with even y, the signature 64 bytes under its x", async () => {
  const { keyId = "" } = await done("dkms/key/gen", gen("SCHNORR_BIP340"));
  writeFileSync(at("public.pem"), await finishedKey(keyId));
  const der = execDer("pkey", "-pubin", "-in", at("public.pem"), "-outform", "DER");
  assert.equal((der.at(-1) ?? 0) & 1, 0);
  const digest = randomBytes(32);
  const signature = Buffer.from(await signed(keyId, digest.toString("hex")), "hex");
  assert.ok(schnorr.verify(signature, digest, der.subarray(-64, -32)));
});
const execDer = (...args: string[]): Buffer => {
  openssl(...args, "-out", at("out.der"));
  return readFileSync(at("out.der"));
};

test("private keys as openssl writes them: plain, PKCS #8 and the old encryption", async () => {
  const ways: readonly (readonly [string, (name: string) => string, string?])[] = [
    ["SEC 1", (name) => openssl("ec", "-in", at(name))],
    ["PKCS #8", (name) => openssl("pkcs8", "-topk8", "-nocrypt", "-in", at(name))],
    ["PBES2", (name) => openssl("pkcs8", "-topk8", "-in", at(name), "-passout", "pass:口令 x"), "口令 x"],
    ...["aes128", "aes192", "aes256", "des3"].map(
      (cipher) =>
        [cipher, (name: string) => openssl("ec", "-in", at(name), `-${cipher}`, "-passout", "pass:pw"), "pw"] as const,
    ),
  ];
  for (const [type, curve] of [
    ["ECDSA_K1", "secp256k1"],
    ["ECDSA_R1", "prime256v1"],
  ] as const)
    for (const [way, write, password] of ways) {
      openssl("ecparam", "-genkey", "-name", curve, "-noout", "-out", at("fresh.pem"));
      const { instanceId = "" } = await done("dkms/key/import", imported(type, write("fresh.pem"), password));
      const expected = openssl("ec", "-in", at("fresh.pem"), "-pubout");
      assert.equal(await finishedKey(instanceId), expected, `${type} ${way}`);
    }
  for (const [type, ...how] of [
    ["EDDSA_ED25519", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", "pass:pw"],
    ["SM2", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-aes-256-cbc", "-pass", "pass:pw"],
  ] as const) {
    const pem = openssl("genpkey", ...how);
    writeFileSync(at("other.pem"), pem);
    const { instanceId = "" } = await done("dkms/key/import", imported(type, pem, "pw"));
    const expected = openssl("pkey", "-in", at("other.pem"), "-passin", "pass:pw", "-pubout");
    assert.equal(await finishedKey(instanceId), expected, type);
  }
});

test("keys and requests that take their time, and such that come to nothing", async () => {
  const { keyId: ready = "" } = await done("dkms/key/gen", gen("ECDSA_K1"));
  faces.keys.mode = "hold";
  const { keyId = "" } = await done("dkms/key/gen", gen("ECDSA_K1"));
  const key = () => done(`dkms/key/get?keyId=${keyId}`);
  assert.deepEqual(await key(), { status: "PROCESSING", publicKey: null, errorMessage: null });
  assert.equal(await refused("dkms/sign/req", { digestHex: "00".repeat(32), keyId }), "40902");
  faces.keys.finish(keyId, "failed", "key.conflict");
  assert.match(JSON.stringify(await key()), /^{"status":"FAILED","publicKey":null,"errorMessage":"The nodes said/);

  for (const [outcome, failure, en, zh] of [
    ["refused", undefined, /refused/, /拒绝/],
    ["failed", "keynode.policy", /policies do not allow/, /策略不允许/],
    ["expired", undefined, /expired/, /过期/],
  ] as const) {
    const { instanceId = "" } = await done("dkms/sign/req", { digestHex: "11".repeat(32), keyId: ready });
    const path = `dkms/sign/get?instanceId=${instanceId}`;
    assert.deepEqual(await done(path), { sign: null, status: "PROCESSING", errorMessage: null });
    faces.keys.finish(instanceId, outcome, failure);
    const { sign, status, errorMessage } = await done(path);
    assert.deepEqual([sign, status], [null, "FAILED"]);
    assert.match(String(errorMessage), en);
    const chinese = await call(path, undefined, { headers: { "accept-language": "zh-CN,zh;q=0.9" } });
    assert.match((chinese.body.data as { errorMessage: string }).errorMessage, zh);
  }
});

test("bad input about nodes and keys", async () => {
  assert.equal(await refused("pod/createPod", { nodeTag: "a b" }), "40001");
  assert.equal(await refused("pod/createPod", { nodeTag: "-" }), "40001");
  assert.equal(await refused("pod/createPod", { nodeTag: "node-1" }), "40901");
  assert.equal(await refused("pod/createPod", {}), "40000");
  assert.equal(await refused("pod/createPod", { nodeTag: 5 }), "40000");
  const length = (length: unknown) => gen("ECDSA_K1", { keyParams: { type: "ECDSA_K1", length } });
  assert.equal(await refused("dkms/key/gen", length(1024)), "40002");
  assert.equal(await refused("dkms/key/gen", length("256")), "40000");
  assert.equal(await refused("dkms/key/gen", gen("RSA")), "40000");
  assert.equal(await refused("dkms/key/gen", gen("ECDSA_K1", { threshold: 3 })), "40003");
  assert.equal(await refused("dkms/key/gen", gen("ECDSA_K1", { threshold: 1 })), "40000");
  assert.equal(await refused("dkms/key/gen", gen("ECDSA_K1", { totalShares: 17 })), "40000");
  assert.equal(await refused("dkms/key/gen", gen("ECDSA_K1", { totalShares: 3 })), "40004");
  assert.equal(await refused("dkms/key/gen", gen("ECDSA_K1", { serviceParticipants: ["node-1", "node-1"] })), "40004");
  assert.equal(await refused("dkms/key/gen", gen("ECDSA_K1", { serviceParticipants: ["node-1", "nobody"] })), "40402");
  assert.equal(await refused("dkms/key/gen", gen("ECDSA_K1", { treshold: 2 })), "40000");
  const { keyId } = await done("dkms/key/gen", gen("ECDSA_K1"));
  faces.keys.setUp("node-2", false);
  assert.equal(await refused("dkms/key/gen", gen("ECDSA_K1")), "50301");
  assert.equal(await refused("dkms/sign/req", { digestHex: "00".repeat(32), keyId }), "50301");
  faces.keys.setUp("node-2", true);
});

test("bad input about signatures", async () => {
  const { keyId = "" } = await done("dkms/key/gen", gen("ECDSA_K1"));
  for (const digestHex of ["", "0x", "ab", "zz".repeat(32), "a".repeat(63), "ab".repeat(31), "ab".repeat(33)])
    assert.equal(await refused("dkms/sign/req", { digestHex, keyId }), "40005", digestHex);
  assert.equal(await refused("dkms/sign/req", { digestHex: "ab".repeat(32), keyId: "K0" }), "40401");
  assert.equal(await refused("dkms/key/get?keyId=K0"), "40401");
  assert.equal(await refused("dkms/key/get"), "40000");
  assert.equal(await refused(`dkms/key/get?keyId=${keyId}&keyId=${keyId}`), "40000");
  assert.equal(await refused("dkms/sign/get?instanceId=R0"), "40401");
  await faces.keys.disableKey({ accountId: "house", member: "house" }, keyId);
  assert.equal(await refused("dkms/sign/req", { digestHex: "ab".repeat(32), keyId }), "40902");
});

test("bad private keys", async () => {
  const fresh = (curve: string) => openssl("ecparam", "-genkey", "-name", curve, "-noout");
  const key = (pem: string, password?: string) => refused("dkms/key/import", imported("ECDSA_K1", pem, password));
  const pem = fresh("secp256k1");
  writeFileSync(at("own.pem"), pem);
  const pkcs8 = openssl("pkcs8", "-topk8", "-in", at("own.pem"), "-passout", "pass:right");
  const old = openssl("ec", "-in", at("own.pem"), "-aes256", "-passout", "pass:right");
  for (const encrypted of [pkcs8, old]) {
    assert.equal(await key(encrypted, "wrong"), "40008");
    assert.equal(await key(encrypted, ""), "40008");
    assert.equal(await key(encrypted), "40008");
  }
  const rc2 = "Proc-Type: 4,ENCRYPTED\nDEK-Info: RC2-CBC,0011223344556677\n\n";
  const inner = pem.split("\n").slice(1, -2).join("\n");
  assert.equal(await key(`-----BEGIN EC PRIVATE KEY-----\n${rc2}${inner}\n-----END EC PRIVATE KEY-----\n`), "40009");
  assert.equal(await key(fresh("prime256v1")), "40007");
  assert.equal(await key(fresh("secp384r1")), "40007");
  assert.equal(await key(openssl("ec", "-in", at("own.pem"), "-pubout")), "40006");
  assert.equal(await key("pem格式的私钥"), "40006");
  assert.equal(await key(pem.replace(/\n.{20}/, "\n")), "40006");
  const { instanceId = "" } = await done("dkms/key/import", imported("ECDSA_K1", pem));
  assert.equal(await key(pem), "40903");
  assert.equal(await key(pkcs8, "right"), "40903");
  assert.equal(await refused("dkms/key/import", imported("SCHNORR_BIP340", pem)), "40903");
  assert.equal(await finishedKey(instanceId), openssl("ec", "-in", at("own.pem"), "-pubout"));
  assert.equal(JSON.stringify(faces.logged).includes(inner.slice(0, 40)), false);
});

test("what is no call at all", async () => {
  assert.equal(await refused("pod/createPod", undefined, { raw: "{", method: "POST" }), "40000");
  assert.equal(await refused("pod/createPod", undefined, { raw: "[]", method: "POST" }), "40000");
  const plain = { raw: "{}", headers: { "content-type": "text/plain" } };
  assert.equal(await refused("pod/createPod", undefined, plain), "41500");
  assert.equal(await refused("pod/createPod", { nodeTag: "x".repeat(2 ** 20) }), "41300");
  assert.equal(await refused("dkms/key/steal", {}), "40400");
  assert.equal(await refused("pod/createPod"), "40400");
});

test("without a token: programs of this machine, no web page and no name made to point here", async () => {
  const headers = (more: Record<string, string>) => refused("dkms/key/get?keyId=K", undefined, { headers: more });
  assert.equal(await headers({ origin: "https://evil.example" }), "40300");
  assert.equal(await headers({ origin: "null" }), "40300");
  assert.equal(await headers({ origin: "http://localhost:3000" }), "40401");
  const { stdout } = await promisify(execFile)("curl", [
    ...["--silent", "--header", "Host: evil.example:8889", `${faces.url}/api/mappic/dkms/key/get?keyId=K`],
  ]);
  assert.match(stdout, /"errorCode":"40300"/);
});

test("with a token: nobody without it; and nobody listens to others without one", async () => {
  const guarded = await openFaces({ token: "a secret word" });
  const status = async (headers: Record<string, string>) => {
    const response = await fetch(`${guarded.url}/api/mappic/dkms/key/get?keyId=K`, { headers });
    return [response.status, ((await response.json()) as { errorCode: string }).errorCode];
  };
  assert.deepEqual(await status({}), [401, "40100"]);
  assert.deepEqual(await status({ authorization: "Bearer another" }), [401, "40100"]);
  assert.deepEqual(await status({ authorization: "Basic a secret word" }), [401, "40100"]);
  await guarded.close();
  const own = await openFaces({ token: "T0ken" });
  const response = await fetch(`${own.url}/api/mappic/dkms/key/get?keyId=K`, {
    headers: { authorization: "bearer T0ken", origin: "https://anywhere.example" },
  });
  assert.equal(response.status, 404);
  await own.close();

  const open = createFaces({ ...own.given, token: "" });
  await assert.rejects(open.listen({ host: "0.0.0.0", port: 0 }), { code: "face.token-needed" });
  await open.close(0);
});
