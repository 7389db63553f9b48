/** The key service over real nodes as its callers see it: what is ready before anybody asks, large batches, bad input. */
import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { ethers } from "ethers";
import { type Hex, parseTransaction, recoverTransactionAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";

let platform: TestPlatform;
before(async () => {
  platform = await openPlatform({ settings: { "key-nodes": "3" } });
});
after(() => platform.stop());

const keysOf = () => platform.keyService ?? assert.fail("no key nodes");
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 240; i++) {
    if (await holds()) return;
    await sleep(125);
  }
  assert.fail("it did not come to that");
};
/** Presignatures in the memories of all nodes: of each, every signer has its part. */
const ready = async (): Promise<number> => {
  const all = await Promise.all(
    keysOf()
      .nodes.all()
      .map((node) => node.status()),
  );
  return all.reduce((sum, { presignatures }) => sum + presignatures, 0);
};
const made = async () => {
  const { service, house } = keysOf();
  const participants = ["node-1", "node-2", "node-3"];
  const { id } = await service.createKey(house, { scheme: "ECDSA_K1", threshold: 2, participants });
  const key = await service.settledKey(house, id, 60_000);
  assert.equal(key.status, "enabled", key.failure);
  return key;
};
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

test("a new key has presignatures ready before anybody asks for a signature, and after one again", async () => {
  const { service, house } = keysOf();
  assert.equal(await ready(), 0);
  const { id } = await made();
  await until(async () => (await ready()) === 2 * 4);
  const messages = [{ kind: "digest" as const, hex: digest("first") }];
  const asked = await service.requestSignature(house, { key: id, messages });
  assert.equal((await service.settledRequest(house, asked.id, 60_000)).status, "completed");
  const batch = ["second", "third"].map((text) => ({ kind: "digest" as const, hex: digest(text) }));
  const more = await service.requestSignature(house, { key: id, messages: batch });
  assert.equal((await service.settledRequest(house, more.id, 60_000)).status, "completed");
  await until(async () => (await ready()) >= 2 * 4);
});

test("a thousand digests in one call, each signed with a nonce of its own; one more is refused", async () => {
  const { service, house } = keysOf();
  const { id, publicKey = "" } = await made();
  const messages = Array.from({ length: 1_000 }, (_, i) => ({ kind: "digest" as const, hex: digest(`invoice ${i}`) }));
  const asked = await service.requestSignature(house, { key: id, messages });
  const { status, signatures, failure } = await service.settledRequest(house, asked.id, 300_000);
  assert.equal(status, "completed", failure);
  assert.equal(new Set(signatures.map((signature) => signature.slice(0, 64))).size, 1_000);
  const options = { prehash: false };
  for (const [i, { hex }] of messages.entries())
    assert.ok(secp256k1.verify(fromHex(signatures[i] ?? ""), fromHex(hex), fromHex(publicKey), options), `${i}`);
  const tooMany = [...messages, { kind: "digest" as const, hex: digest("one more") }];
  await assert.rejects(service.requestSignature(house, { key: id, messages: tooMany }));
});

const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/** The very same call again joins a request that the nodes are busy with. */
const rpc = async (method: string, ...params: unknown[]): Promise<unknown> => {
  for (;;) {
    const response = await fetch(`${keysOf().url}/ethereum`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as {
      result?: unknown;
      error?: { code: number; message: string };
    };
    if (error?.code === -32002) continue;
    assert.equal(error, undefined, error?.message);
    return result;
  }
};

test("the nodes sign Ethereum transactions of all five types, as ethers and viem read them", async () => {
  const { publicKey = "" } = await made();
  const from = ethers.computeAddress(`0x${publicKey}`);
  const delegator = privateKeyToAccount(`0x${"11".repeat(32)}`);
  const { r, s, yParity } = await delegator.signAuthorization({ contractAddress: OTHER, chainId: 31337, nonce: 0 });
  const list = [{ chainId: "0x7a69", address: OTHER, nonce: "0x0", yParity: `0x${yParity}`, r, s }];
  const accessList = [{ address: OTHER, storageKeys: [`0x${"01".repeat(32)}`] }];
  const dynamic = { maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1" };
  const base = { from, to: OTHER, value: "0x5", gas: "0x186a0", nonce: "0x0", chainId: "0x7a69", data: "0x1234" };
  for (const [name, type, more] of [
    ["legacy", 0, { gasPrice: "0x77359400" }],
    ["eip2930", 1, { gasPrice: "0x77359400", accessList }],
    ["eip1559", 2, { ...dynamic, accessList }],
    ["eip4844", 3, { ...dynamic, blobVersionedHashes: [`0x01${"ab".repeat(31)}`], maxFeePerBlobGas: "0x5" }],
    ["eip7702", 4, { ...dynamic, authorizationList: list }],
  ] as const) {
    const raw = (await rpc("eth_signTransaction", { ...base, ...more })) as Hex;
    assert.equal(parseTransaction(raw).type, name);
    assert.equal(await recoverTransactionAddress({ serializedTransaction: raw as never }), from, name);
    const read = ethers.Transaction.from(raw);
    assert.deepEqual([read.type, read.from, read.chainId, read.value], [type, from, 31337n, 5n]);
  }
});

const call = async (path: string, body?: unknown) => {
  const response = await fetch(`${keysOf().url}/api/mappic/${path}`, {
    method: body === undefined ? "GET" : "POST",
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  return { status: response.status, ...((await response.json()) as { errorCode: string; data: never }) };
};
/** Status, code, the seed's envelope and a sentence that says what to do. */
const refused = async (expected: string, path: string, body?: unknown): Promise<void> => {
  const answer = await call(path, body);
  assert.deepEqual(Object.keys(answer).sort(), ["data", "errorCode", "errorMessage", "status", "success"]);
  const { status, errorCode, errorMessage, data, success } = answer as unknown as Record<string, unknown>;
  assert.deepEqual([errorCode, String(status), data, success], [expected, expected.slice(0, 3), null, false]);
  assert.match(String(errorMessage), /\w{3,}.*\.$/);
};
const finished = async (path: string): Promise<Record<string, string>> => {
  for (;;) {
    const { data } = (await call(path)) as { data: Record<string, string> };
    if (data.status !== "PROCESSING") return data;
    await sleep(50);
  }
};

test("bad input at the open face, with the nodes behind it", async () => {
  const two = { serviceParticipants: ["node-1", "node-2"], threshold: 2, totalShares: 2 };
  const form = { keyParams: { type: "ECDSA_K1", length: 512 }, ...two };
  const gen = (code: string, change: object) => refused(code, "dkms/key/gen", { ...form, ...change });
  const { data } = (await call("dkms/key/gen", form)) as { data: { keyId: string } };
  const { keyId } = data;
  assert.equal((await finished(`dkms/key/get?keyId=${keyId}`)).status, "FINISHED");
  const sign = (code: string, digestHex: unknown, id: unknown = keyId) =>
    refused(code, "dkms/sign/req", { digestHex, keyId: id });
  for (const bad of ["ab", "ab".repeat(33), "zz".repeat(32), "a".repeat(63), ""]) await sign("40005", bad);
  await sign("40000", 7);
  await sign("40401", "ab".repeat(32), "b341fec1-3ec1-4fb0-9f11-5226091f0f4a");
  await refused("40401", "dkms/key/get?keyId=none");
  await refused("40401", "dkms/sign/get?instanceId=none");
  await refused("40901", "pod/createPod", { nodeTag: "node-1" });
  for (const nodeTag of ["a b", "../up", "x", "", "节点"]) await refused("40001", "pod/createPod", { nodeTag });
  await gen("40003", { threshold: 3 });
  await gen("40004", { totalShares: 3 });
  await gen("40004", { serviceParticipants: ["node-1", "node-1"] });
  await gen("40402", { serviceParticipants: ["node-1", "nobody"] });
  await gen("40002", { keyParams: { type: "ECDSA_K1", length: 1024 } });

  const pem = (curve: string, cipher = {}) =>
    generateKeyPairSync("ec", { namedCurve: curve }).privateKey.export({ type: "pkcs8", format: "pem", ...cipher });
  const locked = pem("secp256k1", { cipher: "aes-256-cbc", passphrase: "right" });
  const bring = (privateKey: unknown, password = "") => ({ ...form, privateKey, password });
  await refused("40008", "dkms/key/import", bring(locked, "wrong"));
  await refused("40008", "dkms/key/import", bring(locked));
  await refused("40007", "dkms/key/import", bring(pem("prime256v1")));
  await refused("40006", "dkms/key/import", bring("pem格式的私钥"));
  const brought = (await call("dkms/key/import", bring(locked, "right"))) as { data: { instanceId: string } };
  await refused("40903", "dkms/key/import", bring(locked, "right"));
  const { publicKey = "" } = await finished(`dkms/key/get?keyId=${brought.data.instanceId}`);
  const { data: asked } = (await call("dkms/sign/req", {
    digestHex: digest("imported"),
    keyId: brought.data.instanceId,
  })) as { data: { instanceId: string } };
  const { sign: signature = "" } = await finished(`dkms/sign/get?instanceId=${asked.instanceId}`);
  assert.ok(verify("sha256", Buffer.from("imported"), createPublicKey(publicKey), Buffer.from(signature, "hex")));

  const { service, house, nodes } = keysOf();
  const { id } = await service.key(house, keyId);
  await service.disableKey(house, id);
  await sign("40902", "ab".repeat(32));
  await service.enableKey(house, id);
  // A participant that is dead: two of two cannot do without it, and no key is made with it.
  await nodes
    .all()
    .find(({ tag }) => tag === "node-2")
    ?.stop();
  await until(async () => (await service.nodes()).some(({ tag, up }) => tag === "node-2" && !up));
  await sign("50301", toHex(new Uint8Array(32)));
  await gen("50301", {});
});
