/** The faces over keys that three real nodes hold: REST as in its manual, AWS KMS, and a wallet on a local chain. */
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateKeyCommand, GetPublicKeyCommand, KMSClient, SignCommand } from "@aws-sdk/client-kms";
import { ethers } from "ethers";
import { type Anvil, openAnvil } from "../support/anvil.ts";
import { openssl } from "../support/faces.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import { signUp } from "../support/members.ts";

let platform: TestPlatform;
let anvil: Anvil;
let url: string;
before(async () => {
  anvil = await openAnvil();
  platform = await openPlatform({ settings: { "key-nodes": "3", "ethereum-upstream": anvil.url } });
  url = platform.keys ?? "";
});
after(async () => {
  await platform.stop();
  await anvil.close();
});

const call = async (path: string, body?: object): Promise<Record<string, string>> => {
  const response = await fetch(`${url}/api/mappic/${path}`, {
    method: body ? "POST" : "GET",
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const { data, success, errorMessage } = (await response.json()) as Record<string, unknown>;
  assert.ok(success, String(errorMessage));
  return data as Record<string, string>;
};
const finished = async (path: string): Promise<Record<string, string>> => {
  for (;;) {
    const data = await call(path);
    if (data.status === "FINISHED") return data;
    assert.equal(data.status, "PROCESSING", data.errorMessage);
    await sleep(50);
  }
};
const SHARED = { serviceParticipants: ["node-1", "mappic234"], threshold: 2, totalShares: 2 };

test("REST: a node more, a key of it, a key imported, and openssl agrees with both", async () => {
  assert.equal(String(await call("pod/createPod", { nodeTag: "mappic234" })), "mappic234");
  const keyParams = { type: "ECDSA_K1", length: 512 };
  const privateKey = openssl("ecparam", "-genkey", "-name", "secp256k1", "-noout");
  const { keyId } = await call("dkms/key/gen", { keyParams, ...SHARED });
  const { instanceId } = await call("dkms/key/import", { privateKey, password: "", keyParams, ...SHARED });
  for (const id of [keyId, instanceId]) {
    const { publicKey = "" } = await finished(`dkms/key/get?keyId=${id}`);
    const digestHex = createHash("sha256").update(`pay ${id}`).digest("hex");
    const { instanceId: request } = await call("dkms/sign/req", { digestHex, keyId: id });
    const { sign = "" } = await finished(`dkms/sign/get?instanceId=${request}`);
    assert.ok(verify("sha256", Buffer.from(`pay ${id}`), createPublicKey(publicKey), Buffer.from(sign, "hex")));
  }
});

test("a wallet sends a transaction with a key that no machine has ever held", async () => {
  const rpc = new ethers.JsonRpcProvider(`${url}/ethereum`, undefined, { pollingInterval: 50, cacheTimeout: -1 });
  const signer = await rpc.getSigner();
  await anvil.rpc("anvil_setBalance", await signer.getAddress(), "0xde0b6b3a7640000");
  const to = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
  const before = await rpc.getBalance(to);
  const receipt = await (await signer.sendTransaction({ to, value: 12_345n })).wait();
  assert.equal(receipt?.status, 1);
  assert.equal((await rpc.getBalance(to)) - before, 12_345n);
  rpc.destroy();
});

test("AWS KMS's client makes a key with an organisation's access key, and signs", async () => {
  const treasury = await signUp(platform, "金库");
  await treasury.client.organisations.manage({});
  const { accessKeyId, accessKeySecret: secretAccessKey } = treasury.credentials;
  const kms = new KMSClient({
    ...{ region: "cn-hangzhou", endpoint: `${url}/kms`, credentials: { accessKeyId, secretAccessKey } },
  });
  const made = await kms.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
  const KeyId = made.KeyMetadata?.KeyId;
  assert.equal(made.KeyMetadata?.KeyState, "Enabled");
  const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  const Message = Buffer.from("message");
  const { Signature = new Uint8Array() } = await kms.send(
    new SignCommand({ KeyId, Message, MessageType: "RAW", SigningAlgorithm: "ECDSA_SHA_256" }),
  );
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
  assert.ok(verify("sha256", Message, key, Signature));
  kms.destroy();
});
